//! Sealing: XChaCha20-Poly1305 under a 256-bit key, bound to the place (table, row, column) where the bytes stand, so
//! that nothing sealed can be moved to another row unnoticed.
//!
//! Sealed bytes are `nonce (24) | ciphertext | tag (16)`. Nonces are random: with 192 bits they don't repeat.

use crate::{CryptoError, random};
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, Tag, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Bytes that sealing adds.
pub const OVERHEAD: usize = 24 + 16;

/// A 256-bit secret key: of a vault, of a record, of a passphrase, of a purpose. Nothing in `Debug`, no `Serialize`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl PartialEq for Key {
    /// In constant time.
    fn eq(&self, other: &Key) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Key {}

/// Where sealed bytes stand; they open nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Table, or kind of file.
    pub table: &'a str,
    /// Row: its key, as bytes.
    pub row: &'a [u8],
    /// Column.
    pub column: &'a str,
}

impl<'a> Place<'a> {
    /// Names a place.
    pub const fn new(table: &'a str, row: &'a [u8], column: &'a str) -> Place<'a> {
        Place { table, row, column }
    }

    /// Unambiguous bytes: each part behind its length.
    fn bind<R>(&self, use_it: impl FnOnce(&[u8]) -> R) -> R {
        let parts: [&[u8]; 3] = [self.table.as_bytes(), self.row, self.column.as_bytes()];
        let len: usize = parts.iter().map(|p| p.len() + 4).sum();
        let mut small = [0_u8; 96];
        if len <= small.len() {
            let mut at = 0;
            for p in parts {
                small[at..at + 4].copy_from_slice(&(p.len() as u32).to_le_bytes());
                small[at + 4..at + 4 + p.len()].copy_from_slice(p);
                at += 4 + p.len();
            }
            use_it(&small[..at])
        } else {
            let mut large = Vec::with_capacity(len);
            for p in parts {
                large.extend_from_slice(&(p.len() as u32).to_le_bytes());
                large.extend_from_slice(p);
            }
            use_it(&large)
        }
    }
}

impl Key {
    /// A new random key.
    pub fn make() -> Result<Key, CryptoError> {
        Ok(Key(random::make_bytes()?))
    }

    /// From bytes that are already secret.
    pub const fn from_bytes(bytes: [u8; 32]) -> Key {
        Key(bytes)
    }

    /// From a slice of 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Key, CryptoError> {
        bytes.try_into().map(Key).map_err(|_| CryptoError::Malformed("key"))
    }

    /// The bytes themselves: only to seal them under another key.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key for one purpose, by HKDF-SHA-256 with the purpose as info.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Key {
        let mut out = [0_u8; 32];
        Hkdf::<Sha256>::new(Some(b"accord/key/1"), &self.0)
            .expand(purpose.as_bytes(), &mut out)
            .expect("32 bytes is within HKDF-SHA-256's 8,160");
        Key(out)
    }

    /// Keyed hash for look-ups (blind index): HMAC-SHA-256 over the domain, its length and the text. Without the key
    /// nobody can tell which text it stands for, nor try texts.
    pub fn blind(&self, domain: &str, text: &[u8]) -> [u8; 32] {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(&(domain.len() as u64).to_le_bytes());
        mac.update(domain.as_bytes());
        mac.update(text);
        mac.finalize().into_bytes().into()
    }

    /// Seals bytes to a place.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut out = Vec::with_capacity(plain.len() + OVERHEAD);
        self.seal_into(place, random::make_bytes()?, plain, &mut out)?;
        Ok(out)
    }

    /// Seals bytes to a place, appending to `out`, with a nonce from [`random`] that must never be used again with this
    /// key. For loops that draw their random bytes many at a time.
    pub fn seal_into(
        &self,
        place: Place<'_>,
        nonce: [u8; 24],
        plain: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), CryptoError> {
        out.extend_from_slice(&nonce);
        let start = out.len();
        out.extend_from_slice(plain);
        let tag = place
            .bind(|aad| self.cipher().encrypt_inout_detached(&XNonce::from(nonce), aad, (&mut out[start..]).into()))
            .map_err(|_| CryptoError::Malformed("message (too long to seal)"))?;
        out.extend_from_slice(&tag);
        Ok(())
    }

    /// Opens what was sealed to that place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let mut out = Zeroizing::new(Vec::new());
        self.open_into(place, sealed, &mut out)?;
        Ok(out)
    }

    /// Opens what was sealed to that place into `out`, replacing what it holds; on failure `out` is empty.
    pub fn open_into(&self, place: Place<'_>, sealed: &[u8], out: &mut Vec<u8>) -> Result<(), CryptoError> {
        out.clear();
        if sealed.len() < OVERHEAD {
            return Err(CryptoError::DoesNotOpen);
        }
        let (nonce, rest) = sealed.split_at(24);
        let (body, tag) = rest.split_at(rest.len() - 16);
        let nonce: [u8; 24] = nonce.try_into().map_err(|_| CryptoError::DoesNotOpen)?;
        let tag: [u8; 16] = tag.try_into().map_err(|_| CryptoError::DoesNotOpen)?;
        out.extend_from_slice(body);
        let opened = place.bind(|aad| {
            self.cipher().decrypt_inout_detached(&XNonce::from(nonce), aad, out.as_mut_slice().into(), &Tag::from(tag))
        });
        opened.map_err(|_| {
            out.zeroize();
            CryptoError::DoesNotOpen
        })
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLACE: Place<'static> = Place::new("page", b"row", "record");

    #[test]
    fn xchacha20_poly1305_agrees_with_the_draft_appendix_a_3_1() {
        // draft-irtf-cfrg-xchacha-03, A.3.1; associated data as published, so below the level of places.
        let key: [u8; 32] = std::array::from_fn(|i| 0x80 + i as u8);
        let nonce: [u8; 24] = std::array::from_fn(|i| 0x40 + i as u8);
        let aad = hex::decode("50515253c0c1c2c3c4c5c6c7").unwrap();
        let mut text = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
            sunscreen would be it."
            .to_vec();
        let tag =
            Key(key).cipher().encrypt_inout_detached(&XNonce::from(nonce), &aad, text.as_mut_slice().into()).unwrap();
        assert_eq!(
            hex::encode(&text),
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c670\
             8c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9\
             768812f615c68b13b52e"
        );
        assert_eq!(hex::encode(tag), "c0875924c1c7987947deafd8780acf49");
    }

    #[test]
    fn hkdf_agrees_with_rfc_5869_case_1_and_hmac_with_rfc_4231_case_2() {
        let ikm = [0x0b; 22];
        let salt = hex::decode("000102030405060708090a0b0c").unwrap();
        let info = hex::decode("f0f1f2f3f4f5f6f7f8f9").unwrap();
        let mut okm = [0; 42];
        Hkdf::<Sha256>::new(Some(&salt), &ikm).expand(&info, &mut okm).unwrap();
        assert_eq!(
            hex::encode(okm),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        );
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(b"Jefe").unwrap();
        mac.update(b"what do ya want for nothing?");
        assert_eq!(
            hex::encode(mac.finalize().into_bytes()),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn sealed_bytes_open_only_under_their_key_and_at_their_place() {
        let key = Key::make().unwrap();
        let sealed = key.seal(PLACE, b"codes").unwrap();
        assert_eq!(&**key.open(PLACE, &sealed).unwrap(), b"codes");
        assert_eq!(Key::make().unwrap().open(PLACE, &sealed).unwrap_err(), CryptoError::DoesNotOpen);
        for other in [
            Place::new("page", b"row2", "record"),
            Place::new("pag", b"erow", "record"),
            Place::new("page", b"row", "key"),
        ] {
            assert!(key.open(other, &sealed).is_err(), "{other:?}");
        }
        assert_eq!(format!("{key:?}"), "Key(..)");
    }

    #[test]
    fn a_key_for_one_purpose_says_nothing_of_another() {
        let key = Key::make().unwrap();
        assert!(key.derive("a") != key.derive("b"));
        assert!(key.derive("a") == key.derive("a"));
        assert_ne!(key.blind("a", b"x"), key.blind("b", b"x"));
        assert_ne!(key.blind("a", b"bx"), key.blind("ab", b"x"));
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_opens_and_any_changed_bit_is_noticed(
            plain in prop::collection::vec(any::<u8>(), 0..300),
            row in prop::collection::vec(any::<u8>(), 0..120),
            flip in any::<prop::sample::Index>(),
            bit in 0_u8..8,
        ) {
            let key = Key::make().unwrap();
            let place = Place::new("t", &row, "c");
            let mut sealed = key.seal(place, &plain).unwrap();
            prop_assert_eq!(&**key.open(place, &sealed).unwrap(), &plain[..]);
            let i = flip.index(sealed.len());
            sealed[i] ^= 1 << bit;
            prop_assert!(key.open(place, &sealed).is_err());
        }

        #[test]
        fn any_bytes_at_all_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Key::from_bytes([7; 32]).open(PLACE, &bytes).is_err());
        }
    }
}
