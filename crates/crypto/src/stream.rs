//! Sealing a stream of any length in bounded memory: chunks of 64 KiB, each sealed to its number and to whether it is
//! the last (the STREAM construction, Hoang, Reyhanitabar, Rogaway, Vizár 2015), so that a cut, swapped or repeated
//! chunk is noticed.

use crate::seal::{Key, OVERHEAD, Place};
use crate::{CryptoError, random};
use std::io::{self, Read, Write};
use zeroize::Zeroizing;

/// Plain bytes in a chunk.
pub const CHUNK: usize = 64 * 1024;

/// What can go wrong with a sealed stream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The first chunk does not open: most likely the wrong key.
    #[error("it does not open with this key")]
    WrongKey,
    /// A later chunk does not open, or the end is missing.
    #[error("it is damaged or cut short (chunk {chunk})")]
    Damaged {
        /// Number of the chunk, from 0.
        chunk: u64,
    },
    /// Sealing failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// The key of one stream: derived from the key given and a random salt that stands in front.
fn stream_key(key: &Key, salt: &[u8; 32], label: &str) -> Key {
    Key::from_bytes(key.derive(label).blind("stream", salt))
}

fn row(number: u64, last: bool) -> [u8; 9] {
    let mut row = [0; 9];
    row[..8].copy_from_slice(&number.to_le_bytes());
    row[8] = u8::from(last);
    row
}

/// Reads until the buffer is full or the input ends; returns how much.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut at = 0;
    while at < buffer.len() {
        match input.read(&mut buffer[at..]) {
            Ok(0) => break,
            Ok(n) => at += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(at)
}

/// Seals all of `input` into `output`; returns the number of plain bytes. `label` says what the stream is.
pub fn seal(key: &Key, label: &str, mut input: impl Read, mut output: impl Write) -> Result<u64, StreamError> {
    let salt: [u8; 32] = random::make_bytes()?;
    output.write_all(&salt)?;
    let key = stream_key(key, &salt, label);
    let (mut now, mut next) = (Zeroizing::new(vec![0; CHUNK]), Zeroizing::new(vec![0; CHUNK]));
    let mut sealed = Vec::with_capacity(CHUNK + OVERHEAD);
    let mut len = fill(&mut input, &mut now)?;
    let (mut number, mut total) = (0_u64, 0_u64);
    loop {
        let next_len = if len == CHUNK { fill(&mut input, &mut next)? } else { 0 };
        let last = next_len == 0;
        sealed.clear();
        let row = row(number, last);
        key.seal_into(Place::new(label, &row, "chunk"), random::make_bytes()?, &now[..len], &mut sealed)?;
        output.write_all(&sealed)?;
        total += len as u64;
        if last {
            output.flush()?;
            return Ok(total);
        }
        std::mem::swap(&mut now, &mut next);
        len = next_len;
        number += 1;
    }
}

/// Opens what [`seal`] made, writing to `output`; returns the number of plain bytes. What was written is good only if
/// this returns `Ok`: a cut end is noticed at the end.
pub fn open(key: &Key, label: &str, mut input: impl Read, mut output: impl Write) -> Result<u64, StreamError> {
    let mut salt = [0; 32];
    if fill(&mut input, &mut salt)? != salt.len() {
        return Err(StreamError::Damaged { chunk: 0 });
    }
    let key = stream_key(key, &salt, label);
    let size = CHUNK + OVERHEAD;
    let (mut now, mut next) = (vec![0; size], vec![0; size]);
    let mut plain = Zeroizing::new(Vec::with_capacity(CHUNK));
    let mut len = fill(&mut input, &mut now)?;
    let (mut number, mut total) = (0_u64, 0_u64);
    loop {
        let next_len = if len == size { fill(&mut input, &mut next)? } else { 0 };
        let last = next_len == 0;
        let here = row(number, last);
        if key.open_into(Place::new(label, &here, "chunk"), &now[..len], &mut plain).is_err() {
            // The first chunk may open as "not the last": then the key is right and the stream was cut.
            let other = row(number, !last);
            let cut = key.open_into(Place::new(label, &other, "chunk"), &now[..len], &mut plain).is_ok();
            return Err(if number == 0 && !cut {
                StreamError::WrongKey
            } else {
                StreamError::Damaged { chunk: number }
            });
        }
        output.write_all(&plain)?;
        total += plain.len() as u64;
        if last {
            output.flush()?;
            return Ok(total);
        }
        std::mem::swap(&mut now, &mut next);
        len = next_len;
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sealed(key: &Key, plain: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        assert_eq!(seal(key, "backup", plain, &mut out).unwrap(), plain.len() as u64);
        out
    }

    #[test]
    fn streams_of_every_awkward_length_open_again() {
        let key = Key::make().unwrap();
        for len in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17] {
            let plain: Vec<u8> = (0..len).map(|i| i as u8).collect();
            let mut back = Vec::new();
            open(&key, "backup", &sealed(&key, &plain)[..], &mut back).unwrap();
            assert_eq!(back, plain, "{len}");
        }
    }

    #[test]
    fn a_cut_swapped_or_repeated_chunk_and_a_wrong_key_are_noticed() {
        let key = Key::make().unwrap();
        let plain = vec![7; 3 * CHUNK];
        let whole = sealed(&key, &plain);
        let size = CHUNK + OVERHEAD;
        let chunk = |i: usize| whole[32 + i * size..32 + (i + 1) * size].to_vec();
        let build = |order: &[usize]| {
            [whole[..32].to_vec()].into_iter().chain(order.iter().map(|&i| chunk(i))).flatten().collect::<Vec<u8>>()
        };
        let check = |bytes: &[u8]| open(&key, "backup", bytes, io::sink());
        assert!(check(&build(&[0, 1, 2])).is_ok());
        for order in [&[0, 1][..], &[0], &[1, 0, 2], &[0, 1, 1, 2], &[0, 2], &[]] {
            assert!(check(&build(order)).is_err(), "{order:?}");
        }
        assert!(matches!(check(&build(&[0])), Err(StreamError::Damaged { chunk: 0 })));
        assert!(matches!(open(&Key::make().unwrap(), "backup", &whole[..], io::sink()), Err(StreamError::WrongKey)));
        assert!(open(&key, "other", &whole[..], io::sink()).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn one_flipped_bit_or_any_cut_is_noticed(at in any::<prop::sample::Index>(), bit in 0_u8..8, cut in any::<prop::sample::Index>()) {
            let key = Key::from_bytes([9; 32]);
            let mut bytes = sealed(&key, &vec![3; CHUNK + 100]);
            let cut = cut.index(bytes.len());
            prop_assert!(open(&key, "backup", &bytes[..cut], io::sink()).is_err());
            let i = at.index(bytes.len());
            bytes[i] ^= 1 << bit;
            prop_assert!(open(&key, "backup", &bytes[..], io::sink()).is_err());
        }
    }
}
