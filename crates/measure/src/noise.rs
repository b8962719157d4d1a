//! Noise: exact integer draws, out of the operating system's generator.
//!
//! Its seed or state is never stored, printed or reproducible (PRIVACY 8). There is no floating point on this path: the
//! samplers are those of Canonne, Kamath and Steinke 2020 (arXiv 2004.00010, algorithms 1 to 3) on integers, in [`crate::coin`],
//! [`crate::laplace`] and [`crate::gaussian`]; choices are [`crate::selection`].

pub use crate::gaussian::draw_with;

use crate::laplace::draw_laplace_with;
use crate::selection::{self, SelectionError, range_of};
use getrandom::SysRng;
use rand::Rng;
use rand_core::{TryRng, UnwrapErr};
use std::convert::Infallible;
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// A source of discrete Gaussian draws. The shipped binary has one implementor, [`OsNoise`]; tests bring their own from a
/// crate that the binary does not contain.
pub trait NoiseSource {
    /// One draw with parameter `sigma_milli / 1000` and mean nought.
    fn draw(&mut self, sigma_milli: u64) -> i64;
}

/// A source of all exact mechanisms' randomness.
pub trait ExactNoise: NoiseSource {
    /// One discrete Laplace draw of scale `scale_milli / 1000` and mean nought. [`crate::laplace::draw_laplace_with`].
    fn draw_laplace(&mut self, scale_milli: u64) -> i64;

    /// A choice by the exponential mechanism. [`crate::selection::select_by_range_with`].
    fn select_by_range(&mut self, utilities: &[i64], range: u64, epsilon_milli: u64) -> Result<usize, SelectionError>;

    /// A choice by the exponential mechanism. [`crate::selection::select_with`].
    fn select(&mut self, utilities: &[i64], sensitivity: u64, epsilon_milli: u64) -> Result<usize, SelectionError> {
        self.select_by_range(utilities, range_of(sensitivity)?, epsilon_milli)
    }
}

/// Noise from the operating system's generator. Its bytes are read a block ahead, each wiped as it is used; there is no
/// generator in the process whose state could be stored or guessed. Not [`Clone`]: no byte may be used twice. (Nor may a
/// process that holds one fork and go on in both: nothing here does.)
#[derive(Default)]
pub struct OsNoise(SystemBytes);

impl fmt::Debug for OsNoise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OsNoise(..)")
    }
}

impl NoiseSource for OsNoise {
    fn draw(&mut self, sigma_milli: u64) -> i64 {
        draw_with(sigma_milli, &mut self.0)
    }
}

impl ExactNoise for OsNoise {
    fn draw_laplace(&mut self, scale_milli: u64) -> i64 {
        draw_laplace_with(scale_milli, &mut self.0)
    }

    fn select_by_range(&mut self, utilities: &[i64], range: u64, epsilon_milli: u64) -> Result<usize, SelectionError> {
        selection::select_by_range_with(utilities, range, epsilon_milli, &mut self.0)
    }
}

/// Bytes read at a time: a call to the system costs little beside them, and no more than a page of secrets is held.
const BLOCK: usize = 4096;

/// Bytes of the operating system's generator, a block ahead. Those before `used` are nought; the rest are wiped on drop.
#[derive(Default)]
struct SystemBytes {
    block: Zeroizing<Vec<u8>>,
    used: usize,
}

impl SystemBytes {
    /// The next bytes, which are wiped where they stood.
    #[inline]
    fn take<const N: usize>(&mut self) -> [u8; N] {
        if self.block.len() - self.used < N {
            self.refill();
        }
        let place = &mut self.block[self.used..self.used + N];
        let mut bytes = [0; N];
        bytes.copy_from_slice(place);
        place.zeroize();
        self.used += N;
        bytes
    }

    #[cold]
    fn refill(&mut self) {
        self.block.resize(BLOCK, 0);
        // A machine whose generator fails must stop, not draw weak noise: `UnwrapErr` panics, which ends the command
        // after the debit and before any output.
        UnwrapErr(SysRng).fill_bytes(&mut self.block);
        self.used = 0;
    }
}

impl TryRng for SystemBytes {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.take()))
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.take()))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for byte in out {
            [*byte] = self.take();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn privacy_08_a_byte_is_used_once_and_wiped() {
        let mut bytes = SystemBytes::default();
        let _ = bytes.next_u64();
        let ahead = bytes.block[8..12].to_vec();
        assert_eq!(bytes.next_u32().to_le_bytes().to_vec(), ahead);
        assert!(bytes.block[..12].iter().all(|b| *b == 0), "what was used is still there");
        assert!(bytes.block[12..].iter().any(|b| *b != 0));
        // To the end of the block and over it: a fresh one, wholly.
        while bytes.used < BLOCK {
            let _ = bytes.next_u32();
        }
        assert!(bytes.block.iter().all(|b| *b == 0));
        let mut filled = [0; 3 * BLOCK];
        bytes.fill_bytes(&mut filled);
        for part in filled.chunks(64) {
            assert!(part.iter().any(|b| *b != 0));
        }
    }

    #[test]
    fn privacy_08_the_source_prints_nothing_of_its_bytes() {
        let mut noise = OsNoise::default();
        let _ = noise.draw(20_000);
        assert_eq!(format!("{noise:?}"), "OsNoise(..)");
    }
}
