//! Random bytes from the operating system's generator; there is no other source.

use crate::CryptoError;

/// Fills a buffer.
pub fn fill(buffer: &mut [u8]) -> Result<(), CryptoError> {
    getrandom::fill(buffer).map_err(|_| CryptoError::NoRandomness)
}

/// An array of random bytes.
pub fn make_bytes<const N: usize>() -> Result<[u8; N], CryptoError> {
    let mut bytes = [0_u8; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// A uniform number below `bound`, by rejection. `bound` 0 gives 0.
pub(crate) fn make_below(bound: u32) -> Result<u32, CryptoError> {
    if bound == 0 {
        return Ok(0);
    }
    let zone = u32::MAX - (u32::MAX - bound + 1) % bound;
    loop {
        let n = u32::from_le_bytes(make_bytes()?);
        if n <= zone {
            return Ok(n % bound);
        }
    }
}

/// The generator in the shape that `frost-ed25519` takes. Its trait can't return an error.
pub(crate) struct Frost;

impl frost_ed25519::rand_core::RngCore for Frost {
    fn next_u32(&mut self) -> u32 {
        let mut b = [0; 4];
        self.fill_bytes(&mut b);
        u32::from_le_bytes(b)
    }

    fn next_u64(&mut self) -> u64 {
        let mut b = [0; 8];
        self.fill_bytes(&mut b);
        u64::from_le_bytes(b)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        // A zero-filled nonce would give the key away: stopping is the only safe answer.
        getrandom::fill(dest).expect("the generator answered a moment ago, and must never be replaced by zeros");
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), frost_ed25519::rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl frost_ed25519::rand_core::CryptoRng for Frost {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_below_a_bound_reach_every_value_and_no_other() {
        let mut seen = [0_u32; 7];
        for _ in 0..7_000 {
            seen[make_below(7).unwrap() as usize] += 1;
        }
        assert!(seen.iter().all(|&n| n > 700 && n < 1_300), "{seen:?}");
        assert_eq!(make_below(0).unwrap(), 0);
        assert_eq!(make_below(1).unwrap(), 0);
    }
}
