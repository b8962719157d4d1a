use super::*;
use accord_testnoise::seeded;
use num_bigint::BigUint;
use proptest::prelude::*;
use rand::TryRng;
use std::convert::Infallible;

/// Words in a given order; it panics where more are asked for than a test allows.
struct Script {
    words: Vec<u32>,
    used: usize,
}

impl Script {
    fn of(words: &[u32]) -> Script {
        Script { words: words.to_vec(), used: 0 }
    }
}

impl TryRng for Script {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.used += 1;
        Ok(self.words[self.used - 1])
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let (low, high) = (self.next_u32(), self.next_u32());
        Ok(u64::from(high) << 32 | u64::from(low))
    }

    fn try_fill_bytes(&mut self, _out: &mut [u8]) -> Result<(), Infallible> {
        unreachable!("the samplers ask for words")
    }
}

/// U with these leading words (and any after them) against n / d on big integers: whether it is below for certain, not
/// below for certain, or open.
fn compare(words: &[u32], n: u128, d: u128) -> Option<bool> {
    let digits = words.iter().fold(BigUint::ZERO, |sum, w| (sum << 32_u32) + *w);
    let whole = BigUint::from(n) << (32 * words.len());
    if &digits * d >= whole {
        Some(false)
    } else if (digits + 1_u32) * d <= whole {
        Some(true)
    } else {
        None
    }
}

/// What the coin says, and after how many words.
fn check(words: &[u32], n: u128, d: u128) {
    let certain = (0..=words.len()).find_map(|used| compare(&words[..used], n, d).map(|fell| (fell, used)));
    if let Some((fell, used)) = certain {
        let mut script = Script::of(words);
        assert_eq!((ratio(n, d, &mut script), script.used), (fell, used), "{n} / {d} with {words:?}");
    }
}

fn denominators() -> impl Strategy<Value = u128> {
    prop_oneof![1_u128..DENOMINATORS, 1_u128..1 << 33, 1_u128..5, DENOMINATORS - 5..DENOMINATORS]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Exactly: for the words on each side of the border, and any others, it falls as a comparison on big integers says
    /// and asks for no more words than decide.
    #[test]
    fn privacy_08_a_coin_falls_with_exactly_its_probability(
        d in denominators(), part in any::<u128>(), word in any::<u32>(), second in any::<u32>(), third in any::<u32>(),
    ) {
        let n = part % (d + 1);
        check(&[word, second, third], n, d);
        // The word that leaves it open, and its neighbours; then the same for the second word.
        let open = |n: u128| (((n << 32) / d).min(u128::from(u32::MAX))) as u32;
        let first = open(n);
        for near in [first.wrapping_sub(1), first, first.wrapping_add(1)] {
            check(&[near, second, third], n, d);
        }
        let rest = (n << 32) % d;
        let next = open(rest);
        for near in [next.wrapping_sub(1), next, next.wrapping_add(1)] {
            check(&[first, near, third], n, d);
        }
    }

    /// Each of the n results has floor(2^32 / n) words, the first one of its range being refused where there is one more.
    #[test]
    fn privacy_08_each_whole_number_below_a_bound_has_equally_many_words(n in 1_u64..=u64::from(u32::MAX), pick in any::<u64>()) {
        let result = pick % n;
        let first = |r: u64| (r << 32).div_ceil(n);
        let (start, end) = (first(result), first(result + 1));
        let mut script = Script::of(&[start as u32, 0, u32::MAX, u32::MAX]);
        let got = below(n, &mut script);
        let kept = script.used == 1;
        prop_assert!(!kept || got == result);
        prop_assert_eq!(end - start - u64::from(!kept), (1 << 32) / n);
        if end - start > 1 {
            prop_assert_eq!(below(n, &mut Script::of(&[start as u32 + 1])), result);
            prop_assert_eq!(below(n, &mut Script::of(&[(end - 1) as u32])), result);
        }
    }

    #[test]
    fn any_coin_falls_and_any_bound_is_kept(n in any::<u128>(), d in denominators(), bound in 1_u64.., seed in any::<u64>()) {
        let mut rng = seeded(seed);
        let _ = exp_minus(n, d, &mut rng);
        prop_assert!(below(bound, &mut rng) < bound);
    }
}

#[test]
fn a_certain_coin_asks_for_no_word() {
    for d in [1, 7, 1 << 40, DENOMINATORS - 1] {
        assert!(!ratio(0, d, &mut Script::of(&[])));
        assert!(ratio(d, d, &mut Script::of(&[])));
        assert!(exp_minus(0, d, &mut Script::of(&[])), "exp(0) is one");
    }
}

/// Falls of a coin, within 4.5 standard errors of its probability (7 in a million on either side by chance).
fn falls(name: &str, p: f64, mut coin: impl FnMut() -> bool) {
    let throws = 400_000;
    let seen = f64::from((0..throws).filter(|_| coin()).count() as u32) / f64::from(throws);
    let error = (p * (1.0 - p) / f64::from(throws)).sqrt();
    assert!((seen - p).abs() <= 4.5 * error, "{name}: {seen} against {p}");
}

#[test]
fn privacy_08_exponential_coins_fall_with_their_probability() {
    let mut rng = seeded(8);
    falls("exp(-1)", (-1.0_f64).exp(), || exp_minus_one(&mut rng));
    for (n, d) in
        [(1, 2), (1, 1), (999, 1000), (3, 2), (5, 1), (1, 50), (1 << 95, 3 << 94), (7 << 90, DENOMINATORS - 1)]
    {
        let p = (-(n as f64) / d as f64).exp();
        falls(&format!("exp(-{n} / {d})"), p, || exp_minus(n, d, &mut rng));
    }
}

/// The law of the coin's own steps, added up exactly: 1 - gamma + gamma²/2 - ... must come out, not something near it.
#[test]
fn the_steps_of_an_exponential_coin_sum_to_the_series_of_exp() {
    for (n, d) in [(1_u32, 1_u32), (1, 2), (9, 10)] {
        let gamma = f64::from(n) / f64::from(d);
        // P(k coins true, then one false) summed over odd k + 1, from the probabilities the code throws.
        let (mut alive, mut even) = (1.0, 0.0);
        for k in 1..40 {
            let p = gamma / f64::from(k);
            even += if k % 2 == 1 { alive * (1.0 - p) } else { 0.0 };
            alive *= p;
        }
        assert!((even - (-gamma).exp()).abs() < 1e-15);
    }
}

#[test]
fn large_bounds_are_uniform() {
    // A bound of 3 · 2^62: a quarter of the words is refused, and thirds are equal.
    let mut rng = seeded(3);
    let mut thirds = [0_u32; 3];
    for _ in 0..90_000 {
        thirds[(below(3 << 62, &mut rng) >> 62) as usize] += 1;
    }
    assert!(thirds.iter().all(|n| (29_400..30_600).contains(n)), "{thirds:?}");
}
