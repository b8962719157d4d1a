//! Signatures: Ed25519 (RFC 8032), always under a named context, so that a signature made for one purpose is worth
//! nothing for another.
//!
//! What is signed is `"accord/sign/1\0" | length of context | context | bytes`: plain Ed25519 over that, so that a
//! council's threshold signature verifies with the same code.

use crate::passphrase::{Kdf, KdfParams, Passphrase};
use crate::seal::{Key, Place};
use crate::{CryptoError, random};
use ed25519_dalek::Signer as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// A private signing key. No `Serialize`, nothing in `Debug`, zeroised when dropped.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

/// A public key: 32 bytes, written in hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VerifyingKey([u8; 32]);

/// A signature: 64 bytes, written in hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Signature([u8; 64]);

/// Short name of a public key: the first 16 bytes of its SHA-256, in hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId([u8; 16]);

/// A private key as kept on disk: its seed sealed under a passphrase. Serialises as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedKey {
    /// What the key is for, in one word; bound to the seal.
    pub purpose: String,
    /// The public half, to tell keys apart without opening them.
    pub public: VerifyingKey,
    kdf: Kdf,
    sealed: String,
}

/// The bytes that are signed for a context.
pub(crate) fn frame(context: &str, bytes: &[u8]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(bytes.len() + context.len() + 22);
    framed.extend_from_slice(b"accord/sign/1\0");
    framed.extend_from_slice(&(context.len() as u64).to_le_bytes());
    framed.extend_from_slice(context.as_bytes());
    framed.extend_from_slice(bytes);
    framed
}

impl SigningKey {
    /// A new random key.
    pub fn make() -> Result<SigningKey, CryptoError> {
        let seed = Zeroizing::new(random::make_bytes::<32>()?);
        Ok(SigningKey(ed25519_dalek::SigningKey::from_bytes(&seed)))
    }

    /// The key of a secret seed; for keys derived from another secret, and for the invented keys of the demo.
    pub fn from_seed(seed: &[u8; 32]) -> SigningKey {
        SigningKey(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Signs bytes for a purpose.
    pub fn sign(&self, context: &str, bytes: &[u8]) -> Signature {
        Signature(self.0.sign(&frame(context, bytes)).to_bytes())
    }

    /// The public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key().to_bytes())
    }

    /// Short name of the public half.
    pub fn id(&self) -> KeyId {
        self.verifying_key().id()
    }

    /// Seals the seed under a passphrase, for a file on disk.
    pub fn seal(&self, purpose: &str, passphrase: &Passphrase, params: KdfParams) -> Result<SealedKey, CryptoError> {
        let kdf = Kdf::make(params)?;
        let public = self.verifying_key();
        let sealed =
            kdf.derive_key(passphrase)?.seal(Place::new("signing-key", &public.0, purpose), self.0.as_bytes())?;
        Ok(SealedKey { purpose: purpose.to_owned(), public, kdf, sealed: hex::encode(sealed) })
    }
}

impl SealedKey {
    /// Opens the key. [`CryptoError::DoesNotOpen`] if the passphrase is wrong or the file was changed.
    pub fn open(&self, passphrase: &Passphrase) -> Result<SigningKey, CryptoError> {
        let sealed = hex::decode(&self.sealed).map_err(|_| CryptoError::Malformed("sealed key"))?;
        let key: Key = self.kdf.derive_key(passphrase)?;
        let seed = key.open(Place::new("signing-key", &self.public.0, &self.purpose), &sealed)?;
        let seed: &[u8; 32] = seed.as_slice().try_into().map_err(|_| CryptoError::Malformed("sealed key"))?;
        let key = SigningKey::from_seed(seed);
        if key.verifying_key() == self.public { Ok(key) } else { Err(CryptoError::DoesNotOpen) }
    }
}

impl VerifyingKey {
    /// From 32 bytes; refuses what is no point, or one of small order.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<VerifyingKey, CryptoError> {
        match ed25519_dalek::VerifyingKey::from_bytes(&bytes) {
            Ok(key) if !key.is_weak() => Ok(VerifyingKey(bytes)),
            _ => Err(CryptoError::Malformed("public key")),
        }
    }

    /// The bytes.
    pub const fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    /// Checks a signature made for that purpose, strictly (no malleable or small-order forms).
    pub fn verify(&self, context: &str, bytes: &[u8], signature: &Signature) -> Result<(), CryptoError> {
        ed25519_dalek::VerifyingKey::from_bytes(&self.0)
            .and_then(|key| {
                key.verify_strict(&frame(context, bytes), &ed25519_dalek::Signature::from_bytes(&signature.0))
            })
            .map_err(|_| CryptoError::BadSignature)
    }

    /// Short name of this key.
    pub fn id(&self) -> KeyId {
        let hash = Sha256::digest(self.0);
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        KeyId(id)
    }
}

impl Signature {
    /// From 64 bytes.
    pub const fn from_bytes(bytes: [u8; 64]) -> Signature {
        Signature(bytes)
    }

    /// The bytes.
    pub const fn to_bytes(&self) -> [u8; 64] {
        self.0
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// Text forms in lower-case hex for one of the public byte types.
macro_rules! hex_text {
    ($type:ident, $size:literal, $what:literal, $make:expr) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($type), "({})"), self)
            }
        }
        impl FromStr for $type {
            type Err = CryptoError;
            fn from_str(text: &str) -> Result<$type, CryptoError> {
                let mut bytes = [0_u8; $size];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| CryptoError::Malformed($what))?;
                let make: fn([u8; $size]) -> Result<$type, CryptoError> = $make;
                make(bytes)
            }
        }
        impl TryFrom<String> for $type {
            type Error = CryptoError;
            fn try_from(text: String) -> Result<$type, CryptoError> {
                text.parse()
            }
        }
        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.to_string()
            }
        }
    };
}

hex_text!(VerifyingKey, 32, "public key", VerifyingKey::from_bytes);
hex_text!(Signature, 64, "signature", |b| Ok(Signature(b)));
hex_text!(KeyId, 16, "key id", |b| Ok(KeyId(b)));

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 8032, 7.1: secret seed, public key, message, signature.
    const VECTORS: [(&str, &str, &str, &str); 3] = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ];

    #[test]
    fn ed25519_agrees_with_rfc_8032_section_7_1() {
        for (seed, public, message, signature) in VECTORS {
            let seed: [u8; 32] = hex::decode(seed).unwrap().try_into().unwrap();
            let key = SigningKey::from_seed(&seed);
            assert_eq!(key.verifying_key().to_string(), public);
            let made = key.0.sign(&hex::decode(message).unwrap());
            assert_eq!(hex::encode(made.to_bytes()), signature);
        }
    }

    #[test]
    fn a_signature_holds_for_its_key_its_bytes_and_its_purpose_only() {
        let key = SigningKey::make().unwrap();
        let signature = key.sign("release", b"bytes");
        let public = key.verifying_key();
        assert!(public.verify("release", b"bytes", &signature).is_ok());
        assert!(public.verify("decision", b"bytes", &signature).is_err());
        assert!(public.verify("release", b"byte", &signature).is_err());
        assert!(public.verify("releaseb", b"ytes", &signature).is_err());
        assert!(SigningKey::make().unwrap().verifying_key().verify("release", b"bytes", &signature).is_err());
    }

    #[test]
    fn public_keys_of_small_order_are_refused() {
        let mut one = [0_u8; 32];
        one[0] = 1;
        assert!(VerifyingKey::from_bytes(one).is_err());
        assert!(VerifyingKey::from_bytes([0; 32]).is_err());
        assert!("zz".parse::<VerifyingKey>().is_err());
    }

    #[test]
    fn a_key_on_disk_opens_with_its_passphrase_only() {
        let key = SigningKey::make().unwrap();
        let right = Passphrase::new("three plain words").unwrap();
        let json = serde_json::to_string(&key.seal("release", &right, KdfParams::floor()).unwrap()).unwrap();
        let mut sealed: SealedKey = serde_json::from_str(&json).unwrap();
        assert_eq!(sealed.open(&right).unwrap().verifying_key(), key.verifying_key());
        assert_eq!(sealed.open(&Passphrase::typed("other plain words")).unwrap_err(), CryptoError::DoesNotOpen);
        sealed.purpose = "council".to_owned();
        assert!(sealed.open(&right).is_err());
        assert!(!format!("{key:?}").contains(&hex::encode(key.0.to_bytes())));
    }

    proptest! {
        #[test]
        fn texts_that_are_no_keys_or_signatures_are_refused(text in "\\PC{0,140}") {
            prop_assume!(hex::decode(&text).is_err());
            prop_assert!(text.parse::<VerifyingKey>().is_err());
            prop_assert!(text.parse::<Signature>().is_err());
            prop_assert!(text.parse::<KeyId>().is_err());
        }
    }
}
