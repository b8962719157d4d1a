//! Draws from a seed: one stream for each person and each record, so that no draw depends on any other person, on order
//! or on threads. Whole numbers only: the same on every machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream is for; part of its key, so that streams of different use never meet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    /// A person's life.
    Person,
    /// What one organisation wrote down about her.
    Seen,
    /// Which people organisations share.
    Overlap,
    /// Mess in files.
    Mess,
}

/// A stream of draws.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    /// The stream of this seed, use, group (an organisation) and number (a person or record).
    pub(crate) fn new(seed: u64, stream: Stream, group: u32, number: u64) -> Draw {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8] = stream as u8;
        key[16..20].copy_from_slice(&group.to_le_bytes());
        key[24..].copy_from_slice(b"invented");
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(number);
        Draw(rng)
    }

    /// A whole number from 0 to `n` - 1; 0 if `n` is 0. Multiply and shift: the bias is below n in 2^32.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(n)) >> 32) as u32
    }

    /// True with this share per thousand.
    pub(crate) fn share(&mut self, per_thousand: u32) -> bool {
        self.below(1000) < per_thousand
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below((high - low + 1).max(1) as u32) as i32
    }

    /// One of these.
    pub(crate) fn one<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len() as u32) as usize)
    }
}

/// Weighted choices.
#[derive(Clone, Debug)]
pub(crate) struct Pick<T> {
    upto: Vec<(u32, T)>,
    total: u32,
}

impl<T: Copy> Pick<T> {
    /// From choices and weights; choices without weight are left out.
    pub(crate) fn new(choices: impl IntoIterator<Item = (T, u32)>) -> Pick<T> {
        let mut total = 0u32;
        let mut upto = Vec::new();
        for (choice, weight) in choices {
            if weight > 0 {
                total = total.saturating_add(weight);
                upto.push((total, choice));
            }
        }
        Pick { upto, total }
    }

    /// One choice; none if there are none.
    pub(crate) fn draw(&self, draw: &mut Draw) -> Option<T> {
        let at = draw.below(self.total);
        self.upto.iter().find(|(upto, _)| at < *upto).map(|(_, choice)| *choice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_of_a_number_does_not_depend_on_the_streams_before_it() {
        let mut late = Draw::new(1, Stream::Person, 0, 77);
        let alone: Vec<u32> = (0..4).map(|_| late.below(1_000_000)).collect();
        for number in 0..77 {
            Draw::new(1, Stream::Person, 0, number).below(9);
        }
        let mut again = Draw::new(1, Stream::Person, 0, 77);
        assert_eq!(alone, (0..4).map(|_| again.below(1_000_000)).collect::<Vec<_>>());
        let mut other = Draw::new(1, Stream::Seen, 0, 77);
        assert_ne!(alone, (0..4).map(|_| other.below(1_000_000)).collect::<Vec<_>>());
    }

    #[test]
    fn the_first_draws_are_the_same_on_every_machine() {
        let mut draw = Draw::new(2019, Stream::Person, 0, 0);
        let first: Vec<u32> = (0..4).map(|_| draw.below(1000)).collect();
        assert_eq!(first, FIRST);
    }

    const FIRST: [u32; 4] = [523, 322, 519, 370];

    #[test]
    fn weighted_choices_come_in_their_shares() {
        let pick = Pick::new([('a', 700), ('b', 300), ('c', 0)]);
        let a = (0..10_000).filter(|n| pick.draw(&mut Draw::new(5, Stream::Mess, 0, *n)) == Some('a')).count();
        assert!((6_800..7_200).contains(&a), "{a}");
        assert_eq!(Pick::<u8>::new([]).draw(&mut Draw::new(5, Stream::Mess, 0, 0)), None);
    }
}
