//! Passphrases and the key derived from them (PRIVACY 18): Argon2id, RFC 9106.

use crate::seal::Key;
use crate::{CryptoError, random};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize, Zeroizing};

/// Words for generated passphrases.
const WORDS: &str = include_str!("../../../standard/wordlists/english.txt");

/// Shortest passphrase, in characters (SEC-01). There are no composition rules.
pub const MIN_CHARS: usize = 12;

/// Passphrases long enough and yet among the first that anyone tries.
const COMMON: [&str; 12] = [
    "123456789012",
    "1234567890123",
    "password1234",
    "password12345",
    "passwordpassword",
    "qwertyuiopasdf",
    "qwertyuiop123",
    "administrator",
    "correct horse battery staple",
    "correcthorsebatterystaple",
    "letmeinletmein",
    "iloveyouiloveyou",
];

/// What a person types to open a vault. No `Display`, nothing in `Debug`, zeroised when dropped.
///
/// Kept in the form NFKC (Unicode Standard Annex 15): keyboards and systems compose the same letters from different
/// characters (é as one or as two, full-width digits), and the owner can't see which.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

impl Passphrase {
    /// Takes a passphrase for something new: long enough, and not one of the first that anyone tries.
    pub fn new(text: impl Into<String>) -> Result<Passphrase, CryptoError> {
        let text = normal(text.into());
        if text.chars().count() < MIN_CHARS {
            return Err(CryptoError::WeakPassphrase(
                "it needs at least 12 characters; three or more words are easiest",
            ));
        }
        let mut seen: Vec<char> = text.chars().collect();
        seen.sort_unstable();
        seen.dedup();
        let few = seen.len() < 5;
        seen.zeroize();
        if few || COMMON.iter().any(|c| c.eq_ignore_ascii_case(&text)) {
            return Err(CryptoError::WeakPassphrase("it is among the first that anyone would try"));
        }
        Ok(Passphrase(text))
    }

    /// Takes a passphrase as typed, to open something that exists: no rules, wrong ones fail later.
    pub fn typed(text: impl Into<String>) -> Passphrase {
        Passphrase(normal(text.into()))
    }

    /// Makes one of random words. Six words out of 1,979 carry 65.7 bits; behind Argon2id with 256 MiB that is out of
    /// reach of guessing.
    pub fn make(words: usize) -> Result<Passphrase, CryptoError> {
        let list = word_list();
        let mut text = Zeroizing::new(String::with_capacity(words * 9));
        for i in 0..words {
            if i > 0 {
                text.push(' ');
            }
            text.push_str(list[random::make_below(list.len() as u32)? as usize]);
        }
        Passphrase::new(text.as_str())
    }

    /// Bits of entropy of a generated passphrase of so many words.
    pub fn entropy_bits(words: usize) -> f64 {
        (word_list().len() as f64).log2() * words as f64
    }

    /// The text itself: only to show a new one to its owner, once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The text in the form NFKC. No character grows to more than eleven times its bytes, so the room is never moved and no
/// copy is left behind; what the normaliser holds of it on the stack is a few characters.
fn normal(text: String) -> Zeroizing<String> {
    let text = Zeroizing::new(text);
    let mut out = Zeroizing::new(String::with_capacity(text.len() * 11));
    for c in text.nfkc() {
        out.push(c);
    }
    out
}

/// The words, comments left out.
fn word_list() -> Vec<&'static str> {
    WORDS.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect()
}

/// Cost of guessing: memory in KiB, passes, lanes. There is no way to make one below [`KdfParams::floor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KdfParams {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Default for KdfParams {
    /// 256 MiB, three passes, four lanes.
    fn default() -> KdfParams {
        KdfParams { memory_kib: 256 * 1024, passes: 3, lanes: 4 }
    }
}

impl KdfParams {
    /// The least that is ever allowed: 64 MiB, three passes, four lanes.
    pub const fn floor() -> KdfParams {
        KdfParams { memory_kib: 64 * 1024, passes: 3, lanes: 4 }
    }

    /// Other parameters, between the floor and 4 GiB.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<KdfParams, CryptoError> {
        let params = KdfParams { memory_kib, passes, lanes };
        params.check()?;
        Ok(params)
    }

    /// Memory in KiB.
    pub const fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// Refuses parameters out of a file that are too weak, or so large that they would exhaust the machine.
    fn check(self) -> Result<(), CryptoError> {
        let floor = KdfParams::floor();
        if self.memory_kib < floor.memory_kib {
            return Err(CryptoError::KdfParams("memory below 64 MiB"));
        }
        if self.passes < floor.passes {
            return Err(CryptoError::KdfParams("fewer than three passes"));
        }
        if self.memory_kib > 4 * 1024 * 1024 || self.passes > 64 || !(1..=64).contains(&self.lanes) {
            return Err(CryptoError::KdfParams("more than 4 GiB, 64 passes or 64 lanes"));
        }
        Ok(())
    }
}

/// Key derivation as stored beside what it opens: parameters and salt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kdf {
    /// Cost.
    pub params: KdfParams,
    /// Random salt, in hex.
    salt: String,
}

impl Kdf {
    /// With a new salt.
    pub fn make(params: KdfParams) -> Result<Kdf, CryptoError> {
        params.check()?;
        Ok(Kdf { params, salt: hex::encode(random::make_bytes::<16>()?) })
    }

    /// The key of a passphrase. Takes a good part of a second and the memory it says: call it off the async runtime.
    pub fn derive_key(&self, passphrase: &Passphrase) -> Result<Key, CryptoError> {
        self.params.check()?;
        let salt = hex::decode(&self.salt).map_err(|_| CryptoError::Malformed("salt"))?;
        if !(16..=64).contains(&salt.len()) {
            return Err(CryptoError::Malformed("salt"));
        }
        let mut out = Zeroizing::new([0_u8; 32]);
        let p = self.params;
        let params = Params::new(p.memory_kib, p.passes, p.lanes, Some(32))
            .map_err(|_| CryptoError::KdfParams("not possible together"))?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.0.as_bytes(), &salt, out.as_mut())
            .map_err(|_| CryptoError::KdfParams("key derivation failed"))?;
        Ok(Key::from_bytes(*out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::{AssociatedData, ParamsBuilder};

    #[test]
    fn argon2id_agrees_with_rfc_9106_section_5_3() {
        let params = ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .data(AssociatedData::new(&[4; 12]).unwrap())
            .output_len(32)
            .build()
            .unwrap();
        let mut out = [0; 32];
        Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params)
            .unwrap()
            .hash_password_into(&[1; 32], &[2; 16], &mut out)
            .unwrap();
        assert_eq!(hex::encode(out), "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
    }

    // PRIVACY 18: six generated words.
    #[test]
    fn privacy_18_generated_passphrases_are_six_words_of_the_list_and_never_the_same() {
        let a = Passphrase::make(6).unwrap();
        let b = Passphrase::make(6).unwrap();
        assert_ne!(a.expose(), b.expose());
        let list = word_list();
        assert_eq!(a.expose().split(' ').count(), 6);
        assert!(a.expose().split(' ').all(|w| list.contains(&w)));
        assert!(list.len() > 1_900 && Passphrase::entropy_bits(6) > 65.0, "{}", list.len());
        let mut sorted = list.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), list.len());
    }

    #[test]
    fn short_and_common_passphrases_are_refused_and_nothing_is_asked_of_their_letters() {
        for weak in ["", "elevenchars", "aaaaaaaaaaaaaaaa", "1212121212121212", "Password1234"] {
            assert!(matches!(Passphrase::new(weak), Err(CryptoError::WeakPassphrase(_))), "{weak}");
        }
        for good in ["three plain words", "أهلا وسهلا بكم", "только слова здесь"] {
            assert!(Passphrase::new(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_passphrase_is_the_same_however_its_letters_are_composed() {
        for (a, b) in [
            ("caf\u{e9} au lait", "cafe\u{301} au lait"),
            ("\u{ff11}\u{ff12} full width digits", "12 full width digits"),
            (
                "\u{d55c}\u{ad6d}\u{c5b4} three words",
                "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}\u{110b}\u{1165} three words",
            ),
            (
                "\u{fdfa} is the longest",
                "\u{635}\u{644}\u{649} \u{627}\u{644}\u{644}\u{647} \u{639}\u{644}\u{64a}\u{647} \u{648}\u{633}\u{644}\u{645} is the longest",
            ),
        ] {
            assert_eq!(Passphrase::new(a).unwrap().expose(), Passphrase::typed(b).expose(), "{b}");
        }
        // Letters that are different stay different.
        assert_ne!(Passphrase::typed("caf\u{e9}").expose(), Passphrase::typed("cafe").expose());
        assert_ne!(Passphrase::typed("Cafe").expose(), Passphrase::typed("cafe").expose());
        // What is long only before it is composed is too short.
        assert!(Passphrase::new("e\u{301}a\u{301}i\u{301}o\u{301}u\u{301}x\u{301}").is_err());
    }

    // PRIVACY 18: never under 64 MiB.
    #[test]
    fn privacy_18_parameters_below_the_floor_are_refused_also_when_read_from_a_file() {
        assert!(KdfParams::new(1024, 3, 4).is_err());
        assert!(KdfParams::new(64 * 1024, 1, 4).is_err());
        assert!(KdfParams::new(u32::MAX, 3, 4).is_err());
        let kdf: Kdf = serde_json::from_str(
            r#"{"params":{"memory_kib":8,"passes":1,"lanes":1},"salt":"00112233445566778899aabbccddeeff"}"#,
        )
        .unwrap();
        assert!(matches!(kdf.derive_key(&Passphrase::typed("x")), Err(CryptoError::KdfParams(_))));
    }

    #[test]
    fn the_same_passphrase_gives_the_same_key_and_another_salt_another() {
        let kdf = Kdf::make(KdfParams::floor()).unwrap();
        let p = Passphrase::typed("three plain words");
        assert!(kdf.derive_key(&p).unwrap() == kdf.derive_key(&p).unwrap());
        let other = Kdf::make(KdfParams::floor()).unwrap();
        assert!(kdf.derive_key(&p).unwrap() != other.derive_key(&p).unwrap());
        assert_eq!(format!("{p:?}"), "Passphrase(..)");
    }
}
