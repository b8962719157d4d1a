//! Recovery: a random 256-bit secret, split two of three (PRIVACY 18). Each share is printed, given to another person,
//! and typed in again on the day when the passphrase is lost.
//!
//! The printed form is Crockford's base 32 in groups of four: no letters that look alike, any case, blanks and hyphens
//! don't matter. Each share carries the number of its set, its own number and a check.

use crate::{CryptoError, Key, random};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Shares needed.
pub const NEEDED: u8 = 2;
/// Shares made.
pub const MADE: u8 = 3;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Version, set, number, 32 bytes of share, check.
const BYTES: usize = 1 + 4 + 1 + 32 + 4;
const VERSION: u8 = 1;

/// The secret that opens a vault without its passphrase.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RecoverySecret([u8; 32]);

/// One of three shares. Nothing in `Debug`; [`Share::print`] is for paper.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Share {
    set: [u8; 4],
    number: u8,
    bytes: [u8; 32],
}

impl RecoverySecret {
    /// A new random secret.
    pub fn make() -> Result<RecoverySecret, CryptoError> {
        Ok(RecoverySecret(random::make_bytes()?))
    }

    /// The key that this secret opens with. The secret is random, so no slow derivation is needed.
    pub fn derive_key(&self) -> Key {
        Key::from_bytes(self.0).derive("recovery")
    }

    /// Splits into three shares, any two of which give the secret back; one alone says nothing of it.
    pub fn split(&self) -> Result<Vec<Share>, CryptoError> {
        let set: [u8; 4] = random::make_bytes()?;
        // A first draw shows that the generator answers; the dealer's trait can't return an error.
        let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
        blahaj::Sharks(NEEDED)
            .dealer_rng(&self.0, &mut rng)
            .take(usize::from(MADE))
            .map(|s| {
                let raw = Zeroizing::new(Vec::from(&s));
                let (number, bytes) = raw.split_first().ok_or(CryptoError::Malformed("share"))?;
                let bytes = bytes.try_into().map_err(|_| CryptoError::Malformed("share"))?;
                Ok(Share { set, number: *number, bytes })
            })
            .collect()
    }

    /// The secret of two shares of one set.
    pub fn combine(shares: &[Share]) -> Result<RecoverySecret, CryptoError> {
        let need = usize::from(NEEDED);
        let Some(first) = shares.first() else {
            return Err(CryptoError::NotEnough { what: "recovery shares", have: 0, need });
        };
        if shares.iter().any(|s| s.set != first.set) {
            return Err(CryptoError::Mixed("they are of different sets; an older set no longer opens anything"));
        }
        for (i, a) in shares.iter().enumerate() {
            if shares[..i].iter().any(|b| b.number == a.number && b.bytes != a.bytes) {
                return Err(CryptoError::Mixed("two different shares carry the same number"));
            }
        }
        let mut numbers: Vec<u8> = shares.iter().map(|s| s.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.len() < need {
            return Err(CryptoError::NotEnough { what: "different recovery shares", have: numbers.len(), need });
        }
        let parts = shares
            .iter()
            .map(|s| {
                let mut raw = Zeroizing::new(vec![s.number]);
                raw.extend_from_slice(&s.bytes);
                blahaj::Share::try_from(raw.as_slice()).map_err(|_| CryptoError::Malformed("share"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let secret = |of: &[blahaj::Share]| -> Result<Zeroizing<Vec<u8>>, CryptoError> {
            blahaj::Sharks(NEEDED).recover(of).map(Zeroizing::new).map_err(|_| CryptoError::Malformed("share"))
        };
        let whole = secret(&parts)?;
        // With a third share at hand, it must lie on the same line.
        if numbers.len() > need {
            for i in 1..parts.len() {
                let pair = [parts[0].clone(), parts[i].clone()];
                if pair[0].x != pair[1].x && !bool::from(secret(&pair)?.ct_eq(&whole)) {
                    return Err(CryptoError::Mixed("one of them does not fit the others"));
                }
            }
        }
        let bytes: [u8; 32] = whole.as_slice().try_into().map_err(|_| CryptoError::Malformed("share"))?;
        Ok(RecoverySecret(bytes))
    }
}

impl Share {
    /// Its own number, 1 to 3.
    pub const fn number(&self) -> u8 {
        self.number
    }

    /// Number of its set, in hex: shares of different sets don't fit together. Not secret.
    pub fn set(&self) -> String {
        hex::encode(self.set)
    }

    /// Number of its set, as bytes. Not secret.
    pub const fn set_bytes(&self) -> [u8; 4] {
        self.set
    }

    /// The printed form: groups of four, four groups a line.
    pub fn print(&self) -> Zeroizing<String> {
        let raw = self.raw();
        let mut text = Zeroizing::new(String::with_capacity(100));
        let mut bits = 0_u32;
        let mut held = 0_u32;
        let mut written = 0;
        let mut put = |value: u32| {
            if written > 0 && written % 4 == 0 {
                text.push(if written % 16 == 0 { '\n' } else { ' ' });
            }
            text.push(char::from(ALPHABET[(value & 31) as usize]));
            written += 1;
        };
        for byte in raw.iter() {
            bits = (bits << 8) | u32::from(*byte);
            held += 8;
            while held >= 5 {
                held -= 5;
                put(bits >> held);
                bits &= (1 << held) - 1;
            }
        }
        if held > 0 {
            put(bits << (5 - held));
        }
        text
    }

    fn raw(&self) -> Zeroizing<[u8; BYTES]> {
        let mut raw = Zeroizing::new([0_u8; BYTES]);
        raw[0] = VERSION;
        raw[1..5].copy_from_slice(&self.set);
        raw[5] = self.number;
        raw[6..38].copy_from_slice(&self.bytes);
        let check = check(&raw[..38]);
        raw[38..].copy_from_slice(&check);
        raw
    }
}

/// First four bytes of a hash over the rest.
fn check(bytes: &[u8]) -> [u8; 4] {
    let hash = Sha256::new().chain_update(b"accord/share/1\0").chain_update(bytes).finalize();
    [hash[0], hash[1], hash[2], hash[3]]
}

impl FromStr for Share {
    type Err = CryptoError;

    fn from_str(text: &str) -> Result<Share, CryptoError> {
        let mut raw = Zeroizing::new([0_u8; BYTES]);
        let (mut bits, mut held, mut at) = (0_u32, 0_u32, 0_usize);
        for c in text.chars() {
            let value = match c.to_ascii_uppercase() {
                ' ' | '\t' | '\r' | '\n' | '-' | '\u{a0}' => continue,
                'O' => 0,
                'I' | 'L' => 1,
                c => u8::try_from(c)
                    .ok()
                    .and_then(|c| ALPHABET.iter().position(|a| *a == c))
                    .ok_or(CryptoError::Malformed("recovery share: it holds letters that no share has"))?
                    as u32,
            };
            bits = (bits << 5) | value;
            held += 5;
            if held >= 8 {
                held -= 8;
                if at == BYTES {
                    return Err(CryptoError::Malformed("recovery share: it is too long"));
                }
                raw[at] = (bits >> held) as u8;
                at += 1;
                bits &= (1 << held) - 1;
            }
        }
        if at != BYTES || held >= 5 {
            return Err(CryptoError::Malformed("recovery share: it has 68 letters and digits in 17 groups of four"));
        }
        if bits != 0 || !bool::from(check(&raw[..38]).ct_eq(&raw[38..])) {
            return Err(CryptoError::DamagedShare);
        }
        if raw[0] != VERSION || !(1..=MADE).contains(&raw[5]) {
            return Err(CryptoError::Malformed("recovery share: made by a newer version"));
        }
        let mut share = Share { set: [0; 4], number: raw[5], bytes: [0; 32] };
        share.set.copy_from_slice(&raw[1..5]);
        share.bytes.copy_from_slice(&raw[6..38]);
        Ok(share)
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Share({} of {MADE}, ..)", self.number)
    }
}

impl fmt::Debug for RecoverySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoverySecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn privacy_18_any_two_or_all_three_shares_give_the_secret_back() {
        let secret = RecoverySecret::make().unwrap();
        let s = secret.split().unwrap();
        assert_eq!(s.iter().map(Share::number).collect::<Vec<_>>(), [1, 2, 3]);
        for chosen in [vec![0, 1], vec![0, 2], vec![2, 1], vec![2, 0, 1]] {
            let shares: Vec<Share> = chosen.iter().map(|&i| s[i].clone()).collect();
            assert_eq!(RecoverySecret::combine(&shares).unwrap().0, secret.0);
        }
    }

    #[test]
    fn one_share_twice_and_shares_of_two_sets_are_noticed() {
        let secret = RecoverySecret::make().unwrap();
        let (old, new) = (secret.split().unwrap(), secret.split().unwrap());
        assert!(matches!(
            RecoverySecret::combine(&[old[0].clone(), old[0].clone()]),
            Err(CryptoError::NotEnough { have: 1, need: 2, .. })
        ));
        assert!(matches!(RecoverySecret::combine(&[old[0].clone(), new[1].clone()]), Err(CryptoError::Mixed(_))));
        assert!(RecoverySecret::combine(&[]).is_err());
        let mut wrong = old[2].clone();
        wrong.bytes[4] ^= 1;
        let three = [old[0].clone(), old[1].clone(), wrong.clone()];
        assert!(matches!(RecoverySecret::combine(&three), Err(CryptoError::Mixed(_))));
        wrong.number = 1;
        assert!(matches!(RecoverySecret::combine(&[old[0].clone(), wrong]), Err(CryptoError::Mixed(_))));
    }

    #[test]
    fn the_printed_form_is_seventeen_groups_of_four_and_forgives_what_looks_alike() {
        let share = &RecoverySecret::make().unwrap().split().unwrap()[1];
        let printed = share.print();
        assert_eq!(printed.split_whitespace().count(), 17);
        assert!(printed.split_whitespace().all(|g| g.len() == 4));
        let sloppy = printed.to_lowercase().replace('0', "o").replace('1', "l").replace(' ', "-");
        assert!(sloppy.parse::<Share>().unwrap() == *share);
    }

    proptest! {
        #[test]
        fn one_wrong_letter_or_two_swapped_ones_are_noticed(at in 0_usize..67, other in 0_usize..32) {
            let share = RecoverySecret::make().unwrap().split().unwrap().remove(0);
            let letters: Vec<char> = share.print().chars().filter(|c| !c.is_whitespace()).collect();
            let mut wrong = letters.clone();
            wrong[at] = char::from(ALPHABET[other]);
            if wrong != letters {
                prop_assert!(wrong.iter().collect::<String>().parse::<Share>().is_err());
            }
            let mut swapped = letters.clone();
            swapped.swap(at, at + 1);
            if swapped != letters {
                prop_assert!(swapped.iter().collect::<String>().parse::<Share>().is_err());
            }
            let short: String = letters[..at].iter().collect();
            prop_assert!(short.parse::<Share>().is_err());
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in "\\PC{0,120}") {
            prop_assert!(text.parse::<Share>().is_err());
        }
    }
}
