//! Whom to believe (PRIVACY 21): a root of k-of-n keys, and the list that the root signs of release keys, council keys
//! and revocations.
//!
//! Days are `YYYY-MM-DD` and compare as text. A signature by a revoked key counts only if it was *logged* (seen in a
//! public log or by somebody else) before the day of the compromise: the date that a thief writes into his own bundle
//! proves nothing, so [`TrustList::release_key`] takes the day of logging, not the day of signing.

use crate::{CryptoError, KeyId, Signature, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Context under which root keys sign lists.
const CONTEXT: &str = "trust-list";

/// The anchor that a verifier holds beforehand. Serialises as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustRoot {
    /// Name in words, for people.
    pub name: String,
    /// Signatures needed.
    pub threshold: usize,
    /// The root keys.
    pub keys: Vec<VerifyingKey>,
}

/// What the root says. Serialises as JSON; sign it with [`TrustList::sign`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustList {
    /// Counts up with each list; a verifier never goes back to a lower one.
    pub serial: u64,
    /// Day of issue.
    pub issued: String,
    /// Keys that may sign releases.
    pub release_keys: Vec<TrustedKey>,
    /// Group keys of councils, which sign decisions.
    pub council_keys: Vec<TrustedKey>,
    /// Keys no longer believed.
    #[serde(default)]
    pub revocations: Vec<Revocation>,
    /// Signatures by root keys over everything above.
    #[serde(default)]
    pub signatures: Vec<RootSignature>,
}

/// A key and when it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedKey {
    /// The public key.
    pub key: VerifyingKey,
    /// Whose it is, in words.
    pub holder: String,
    /// First day.
    pub not_before: String,
    /// Last day, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
}

/// A key that is no longer believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// The key.
    pub key: VerifyingKey,
    /// Signatures not logged before this day don't count.
    pub since: String,
    /// Why, in one word: `compromised`, `retired`.
    pub reason: String,
}

/// One root key's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootSignature {
    /// Which root key.
    pub key: KeyId,
    /// Over the list without signatures, under the context `trust-list`.
    pub signature: Signature,
}

/// `YYYY-MM-DD` with digits in their places; enough for comparing as text.
fn is_day(day: &str) -> bool {
    let b = day.as_bytes();
    b.len() == 10
        && b.iter().enumerate().all(|(i, c)| if i == 4 || i == 7 { *c == b'-' } else { c.is_ascii_digit() })
        && ("01"..="12").contains(&&day[5..7])
        && ("01"..="31").contains(&&day[8..10])
}

fn refuse<T>(why: impl Into<String>) -> Result<T, CryptoError> {
    Err(CryptoError::Trust(why.into()))
}

impl TrustRoot {
    /// A root; refuses a threshold of none, one that can't be met, and keys given twice.
    pub fn new(name: &str, threshold: usize, keys: Vec<VerifyingKey>) -> Result<TrustRoot, CryptoError> {
        let root = TrustRoot { name: name.to_owned(), threshold, keys };
        root.sound()?;
        Ok(root)
    }

    fn sound(&self) -> Result<(), CryptoError> {
        let distinct: BTreeSet<_> = self.keys.iter().collect();
        if distinct.len() != self.keys.len() {
            return refuse("the root names a key twice");
        }
        if self.threshold == 0 || self.threshold > self.keys.len() {
            return refuse("the root's threshold can't be met");
        }
        Ok(())
    }

    /// Checks that at least `threshold` different root keys signed this list, and that its days are days.
    pub fn check(&self, list: &TrustList) -> Result<(), CryptoError> {
        self.sound()?;
        list.sound()?;
        let bytes = list.signed_bytes();
        let mut signed: BTreeSet<VerifyingKey> = BTreeSet::new();
        for s in &list.signatures {
            if let Some(key) = self.keys.iter().find(|k| k.id() == s.key) {
                if key.verify(CONTEXT, &bytes, &s.signature).is_err() {
                    return refuse(format!("the signature of root key {} does not verify", s.key));
                }
                signed.insert(*key);
            }
        }
        if signed.len() < self.threshold {
            return refuse(format!("{} of {} root signatures needed are there", signed.len(), self.threshold));
        }
        Ok(())
    }
}

impl TrustList {
    /// Adds a root key's signature, in place of an older one by the same key.
    pub fn sign(&mut self, key: &SigningKey) {
        let signature = key.sign(CONTEXT, &self.signed_bytes());
        self.signatures.retain(|s| s.key != key.id());
        self.signatures.push(RootSignature { key: key.id(), signature });
    }

    /// The listed release key, if it held on the day that the signature was *logged* and was not revoked by then.
    /// A signature that nobody logged counts as logged today.
    pub fn release_key(&self, key: &VerifyingKey, logged: &str) -> Result<&TrustedKey, CryptoError> {
        self.key("release", &self.release_keys, key, logged)
    }

    /// The listed council key, as for [`TrustList::release_key`].
    pub fn council_key(&self, key: &VerifyingKey, logged: &str) -> Result<&TrustedKey, CryptoError> {
        self.key("council", &self.council_keys, key, logged)
    }

    fn key<'a>(
        &self,
        what: &str,
        keys: &'a [TrustedKey],
        key: &VerifyingKey,
        logged: &str,
    ) -> Result<&'a TrustedKey, CryptoError> {
        if !is_day(logged) {
            return refuse("the day is not of the form YYYY-MM-DD");
        }
        if let Some(r) = self.revocations.iter().find(|r| r.key == *key && logged >= r.since.as_str()) {
            return refuse(format!("{what} key {} is revoked since {} ({})", key.id(), r.since, r.reason));
        }
        let mut known = false;
        for k in keys.iter().filter(|k| k.key == *key) {
            known = true;
            if logged >= k.not_before.as_str() && k.not_after.as_ref().is_none_or(|end| logged <= end.as_str()) {
                return Ok(k);
            }
        }
        if known {
            refuse(format!("{what} key {} does not hold on {logged}", key.id()))
        } else {
            refuse(format!("{what} key {} is not on the list", key.id()))
        }
    }

    fn sound(&self) -> Result<(), CryptoError> {
        let keys = self.release_keys.iter().chain(&self.council_keys);
        let days = keys.flat_map(|k| [Some(&k.not_before), k.not_after.as_ref()]).flatten();
        if days.chain(self.revocations.iter().map(|r| &r.since)).chain([&self.issued]).all(|d| is_day(d)) {
            Ok(())
        } else {
            refuse("a day on the list is not of the form YYYY-MM-DD")
        }
    }

    /// Every part behind its length, in a fixed order: nothing depends on how JSON was written.
    fn signed_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut put = |part: &[u8]| {
            out.extend_from_slice(&(part.len() as u64).to_le_bytes());
            out.extend_from_slice(part);
        };
        put(&self.serial.to_le_bytes());
        put(self.issued.as_bytes());
        for (name, keys) in [("release", &self.release_keys), ("council", &self.council_keys)] {
            put(name.as_bytes());
            put(&(keys.len() as u64).to_le_bytes());
            for k in keys {
                put(&k.key.to_bytes());
                put(k.holder.as_bytes());
                put(k.not_before.as_bytes());
                put(&[u8::from(k.not_after.is_some())]);
                put(k.not_after.as_deref().unwrap_or_default().as_bytes());
            }
        }
        put(&(self.revocations.len() as u64).to_le_bytes());
        for r in &self.revocations {
            put(&r.key.to_bytes());
            put(r.since.as_bytes());
            put(r.reason.as_bytes());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct World {
        roots: Vec<SigningKey>,
        root: TrustRoot,
        release: SigningKey,
        list: TrustList,
    }

    fn world() -> World {
        let roots: Vec<SigningKey> = (0..3).map(|_| SigningKey::make().unwrap()).collect();
        let root = TrustRoot::new("invented", 2, roots.iter().map(SigningKey::verifying_key).collect()).unwrap();
        let release = SigningKey::make().unwrap();
        let list = TrustList {
            serial: 1,
            issued: "2026-01-01".into(),
            release_keys: vec![TrustedKey {
                key: release.verifying_key(),
                holder: "an invented desk".into(),
                not_before: "2026-01-01".into(),
                not_after: Some("2027-12-31".into()),
            }],
            ..TrustList::default()
        };
        World { roots, root, release, list }
    }

    #[test]
    fn privacy_21_a_list_signed_by_two_of_three_root_keys_is_believed_also_after_json() {
        let mut w = world();
        w.list.sign(&w.roots[0]);
        assert!(w.root.check(&w.list).is_err(), "one is not enough");
        w.list.sign(&w.roots[0]);
        assert!(w.root.check(&w.list).is_err(), "one twice is still one");
        w.list.sign(&w.roots[2]);
        let list: TrustList = serde_json::from_str(&serde_json::to_string(&w.list).unwrap()).unwrap();
        let root: TrustRoot = serde_json::from_str(&serde_json::to_string(&w.root).unwrap()).unwrap();
        root.check(&list).unwrap();
        list.release_key(&w.release.verifying_key(), "2026-06-01").unwrap();
    }

    #[test]
    fn the_same_signature_copied_under_two_entries_counts_once() {
        let mut w = world();
        w.list.sign(&w.roots[0]);
        let again = w.list.signatures[0].clone();
        w.list.signatures.push(again);
        assert!(w.root.check(&w.list).is_err());
    }

    #[test]
    fn strangers_signatures_do_not_count_and_a_changed_list_is_refused() {
        let mut w = world();
        w.list.sign(&SigningKey::make().unwrap());
        w.list.sign(&w.roots[0]);
        assert!(w.root.check(&w.list).is_err());
        w.list.sign(&w.roots[1]);
        w.root.check(&w.list).unwrap();
        for change in [
            |l: &mut TrustList| l.serial = 2,
            |l: &mut TrustList| l.issued = "2026-01-02".into(),
            |l: &mut TrustList| l.release_keys[0].not_after = None,
            |l: &mut TrustList| l.release_keys[0].holder = "someone else".into(),
            |l: &mut TrustList| l.council_keys = std::mem::take(&mut l.release_keys),
        ] {
            let mut list = w.list.clone();
            change(&mut list);
            assert!(w.root.check(&list).is_err());
        }
    }

    #[test]
    fn privacy_21_signatures_after_a_compromise_fail_unless_logged_before_it() {
        let mut w = world();
        let key = w.release.verifying_key();
        w.list.revocations.push(Revocation { key, since: "2026-05-01".into(), reason: "compromised".into() });
        assert!(w.list.release_key(&key, "2026-04-30").is_ok());
        assert!(w.list.release_key(&key, "2026-05-01").is_err());
        assert!(w.list.release_key(&key, "2025-12-31").is_err(), "before it held");
        assert!(w.list.release_key(&key, "soon").is_err());
        assert!(w.list.council_key(&key, "2026-04-30").is_err(), "a release key is no council key");
    }

    #[test]
    fn roots_that_cannot_be_met_are_refused() {
        let key = SigningKey::make().unwrap().verifying_key();
        assert!(TrustRoot::new("r", 0, vec![key]).is_err());
        assert!(TrustRoot::new("r", 2, vec![key]).is_err());
        assert!(TrustRoot::new("r", 2, vec![key, key]).is_err());
    }

    #[test]
    fn days_are_days() {
        assert!(is_day("2026-12-31"));
        for bad in ["2026-13-01", "2026-00-10", "2026-1-1", "20260101", "2026-01-32", "", "２０２６"] {
            assert!(!is_day(bad), "{bad}");
        }
    }
}
