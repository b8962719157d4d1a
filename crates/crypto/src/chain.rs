//! Hash chains for append-only ledgers: each head binds the ledger's name, the number of entries and every entry before.
//!
//! Entries are hashed as they stand in the store (sealed), never in the clear: a head gives no low-entropy content to
//! guess (PRIVACY 22), and an entry's bytes can be erased later while its hash keeps the chain whole.

use crate::CryptoError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The newest state of a ledger: how many entries, and the hash over all of them. Written `count:hex`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Head {
    /// Number of entries.
    pub count: u64,
    /// Hash over the ledger's name and all entries.
    pub hash: [u8; 32],
}

/// The hash of one entry's bytes.
pub fn derive_entry_hash(entry: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(b"accord/entry/1\0").chain_update(entry).finalize().into()
}

impl Head {
    /// The head of a ledger without entries.
    pub fn start(ledger: &str) -> Head {
        let hash = Sha256::new()
            .chain_update(b"accord/ledger/1\0")
            .chain_update((ledger.len() as u64).to_le_bytes())
            .chain_update(ledger.as_bytes())
            .finalize()
            .into();
        Head { count: 0, hash }
    }

    /// The head after one more entry.
    #[must_use]
    pub fn append(&self, entry: &[u8]) -> Head {
        self.append_hash(&derive_entry_hash(entry))
    }

    /// The head after one more entry of which only the hash is known.
    #[must_use]
    pub fn append_hash(&self, entry_hash: &[u8; 32]) -> Head {
        let count = self.count + 1;
        let hash = Sha256::new()
            .chain_update(b"accord/head/1\0")
            .chain_update(count.to_le_bytes())
            .chain_update(self.hash)
            .chain_update(entry_hash)
            .finalize()
            .into();
        Head { count, hash }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.count, hex::encode(self.hash))
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Head({self})")
    }
}

impl FromStr for Head {
    type Err = CryptoError;

    fn from_str(text: &str) -> Result<Head, CryptoError> {
        let bad = CryptoError::Malformed("ledger head (it looks like 12:9f86d0…)");
        let (count, hash) = text.trim().split_once(':').ok_or_else(|| bad.clone())?;
        let mut head = Head { count: count.parse().map_err(|_| bad.clone())?, hash: [0; 32] };
        hex::decode_to_slice(hash, &mut head.hash).map_err(|_| bad)?;
        Ok(head)
    }
}

impl TryFrom<String> for Head {
    type Error = CryptoError;
    fn try_from(text: String) -> Result<Head, CryptoError> {
        text.parse()
    }
}

impl From<Head> for String {
    fn from(head: Head) -> String {
        head.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fold(ledger: &str, entries: &[Vec<u8>]) -> Head {
        entries.iter().fold(Head::start(ledger), |h, e| h.append(e))
    }

    #[test]
    fn two_ledgers_with_the_same_entries_have_different_heads() {
        assert_ne!(fold("consent", &[vec![1]]), fold("erasure", &[vec![1]]));
    }

    proptest! {
        #[test]
        fn an_edited_dropped_added_or_moved_entry_changes_the_head(
            entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..8), 2..12),
            at in any::<prop::sample::Index>(),
        ) {
            let head = fold("l", &entries);
            let i = at.index(entries.len() - 1);
            let mut edited = entries.clone();
            edited[i].push(0);
            prop_assert_ne!(head, fold("l", &edited));
            let mut dropped = entries.clone();
            dropped.remove(i);
            prop_assert_ne!(head, fold("l", &dropped));
            let mut moved = entries.clone();
            moved.swap(i, i + 1);
            prop_assert_eq!(head == fold("l", &moved), entries[i] == entries[i + 1]);
            prop_assert_ne!(head, head.append(b""));
        }

        #[test]
        fn heads_survive_being_written_down(count in any::<u64>(), hash in any::<[u8; 32]>()) {
            let head = Head { count, hash };
            prop_assert_eq!(head.to_string().parse::<Head>().unwrap(), head);
        }

        #[test]
        fn other_text_is_no_head(text in "\\PC{0,80}") {
            if let Ok(head) = text.parse::<Head>() {
                prop_assert!(text.trim().ends_with(&hex::encode(head.hash)) || text.to_lowercase().contains(&hex::encode(head.hash)));
            }
        }
    }
}
