//! Cryptography: passphrases, sealing, signatures, the council's threshold key, trust in release keys, recovery shares
//! and hash chains. Bytes in, bytes out.
//!
//! **It must never know** what a case is, nor files, databases, HTTP or the time.
//!
//! Nothing here is our own construction where a published one exists: Argon2id (RFC 9106), XChaCha20-Poly1305
//! (draft-irtf-cfrg-xchacha-03), HKDF and HMAC with SHA-256 (RFC 5869, RFC 2104), Ed25519 (RFC 8032), FROST-Ed25519
//! (RFC 9591), Shamir's sharing over GF(256). Each is tested against its published vectors.
//!
//! House words: `make_*` is random, `derive_*` is deterministic. Secrets have no `Display`, a `Debug` that prints
//! nothing, and are zeroised when dropped.
//!
//! Start reading at [`seal`], then [`sign`], then [`trust`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod chain;
pub mod council;
pub mod passphrase;
pub mod random;
pub mod seal;
pub mod shares;
pub mod sign;
pub mod stream;
pub mod trust;

pub use chain::Head;
pub use passphrase::{Kdf, KdfParams, Passphrase};
pub use seal::{Key, Place};
pub use shares::{RecoverySecret, Share};
pub use sign::{KeyId, Signature, SigningKey, VerifyingKey};

use thiserror::Error;

/// What can go wrong; each variant is something a caller can act on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
    /// A passphrase that is too short or too common.
    #[error("passphrase refused: {0}")]
    WeakPassphrase(&'static str),
    /// Key derivation parameters outside the allowed range.
    #[error("key derivation parameters are out of range: {0}")]
    KdfParams(&'static str),
    /// Sealed bytes that do not open: wrong key, wrong place, or changed.
    #[error("sealed bytes do not open: wrong key, or they were changed")]
    DoesNotOpen,
    /// Bytes or text of the wrong shape.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// A signature that does not verify.
    #[error("the signature does not verify")]
    BadSignature,
    /// Fewer parts than needed.
    #[error("{have} of {need} needed {what} given")]
    NotEnough {
        /// What is missing, in the plural.
        what: &'static str,
        /// How many were given.
        have: usize,
        /// How many are needed.
        need: usize,
    },
    /// Parts of different wholes, or the same part twice.
    #[error("the shares do not belong together: {0}")]
    Mixed(&'static str),
    /// A share with a slip of the pen.
    #[error("share is damaged: its check does not fit; compare it letter by letter with the printed sheet")]
    DamagedShare,
    /// The threshold scheme refused.
    #[error("council key: {0}")]
    Council(String),
    /// A trust list that must not be believed.
    #[error("trust list refused: {0}")]
    Trust(String),
}
