//! Pages: up to 256 sealed records in one row, with their 256 keys in one row of the key file. It is what makes import,
//! reading and rotation fast; each record still has a key of its own, and losing that key loses that record alone.
//!
//! ```text
//! page = count (u16) | count × (token 16, length u32) | sealed records
//! keys = count × 32 bytes, sealed under the vault key; a key of zeros is a destroyed one
//! ```

use crate::keyring::{TOKEN, Token, page_key_place};
use crate::{Result, VaultError};
use accord_crypto::{Key, Place, random};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Most records in a page.
pub const SIZE: usize = 256;
const SLOT: usize = TOKEN + 4;
/// Length of the hash of one sealed record.
pub const HASH: usize = 16;

/// A page as bytes for `vault.db`, and its keys for `keys.db`.
pub struct SealedPage {
    /// Goes to `page.sealed`.
    pub page: Vec<u8>,
    /// Goes to `page_key.sealed`.
    pub keys: Vec<u8>,
}

/// A record's token and its encoded bytes.
pub type Plain = (Token, Zeroizing<Vec<u8>>);

/// Seals records, each under a new key.
pub fn seal(vault: &Key, page: i64, records: &[Plain]) -> Result<SealedPage> {
    let mut keys = Zeroizing::new(vec![0_u8; records.len() * 32]);
    random::fill(&mut keys)?;
    let mut nonces = vec![0_u8; records.len() * 24];
    random::fill(&mut nonces)?;
    let body: usize = records.iter().map(|r| r.1.len() + accord_crypto::seal::OVERHEAD).sum();
    let mut out = Vec::with_capacity(2 + records.len() * SLOT + body);
    out.extend_from_slice(&(records.len() as u16).to_le_bytes());
    for (token, plain) in records {
        out.extend_from_slice(token);
        out.extend_from_slice(&((plain.len() + accord_crypto::seal::OVERHEAD) as u32).to_le_bytes());
    }
    for (i, (token, plain)) in records.iter().enumerate() {
        let key = Key::from_slice(&keys[i * 32..i * 32 + 32])?;
        let mut nonce = [0; 24];
        nonce.copy_from_slice(&nonces[i * 24..i * 24 + 24]);
        key.seal_into(record_place(token), nonce, plain, &mut out)?;
    }
    Ok(SealedPage { page: out, keys: vault.seal(page_key_place(&page.to_le_bytes()), &keys)? })
}

fn record_place(token: &Token) -> Place<'_> {
    Place::new("page", token, "record")
}

/// A page read back: slots with their token and sealed bytes.
pub struct Slots<'a> {
    bytes: &'a [u8],
    count: usize,
}

impl<'a> Slots<'a> {
    /// Looks at a page's bytes.
    pub fn new(bytes: &'a [u8]) -> Result<Slots<'a>> {
        let bad = || VaultError::Damaged("a page of records is malformed".into());
        let count = bytes.get(..2).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]]))).ok_or_else(bad)?;
        if count > SIZE || bytes.len() < 2 + count * SLOT {
            return Err(bad());
        }
        let slots = Slots { bytes, count };
        let body: usize = (0..count).map(|i| slots.len_of(i)).sum();
        if bytes.len() == 2 + count * SLOT + body { Ok(slots) } else { Err(bad()) }
    }

    fn len_of(&self, slot: usize) -> usize {
        let at = 2 + slot * SLOT + TOKEN;
        let b = &self.bytes[at..at + 4];
        u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize
    }

    /// Number of slots, emptied ones included.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Token and sealed bytes of every slot, in order; emptied slots have no bytes.
    pub fn iter(&self) -> impl Iterator<Item = (Token, &'a [u8])> + '_ {
        let mut at = 2 + self.count * SLOT;
        (0..self.count).map(move |i| {
            let mut token = [0; TOKEN];
            token.copy_from_slice(&self.bytes[2 + i * SLOT..2 + i * SLOT + TOKEN]);
            let len = self.len_of(i);
            let sealed = &self.bytes[at..at + len];
            at += len;
            (token, sealed)
        })
    }

    /// A hash of every slot's sealed bytes, as the ledger of imports keeps it; none for emptied slots.
    pub fn hashes(&self) -> impl Iterator<Item = Option<[u8; HASH]>> + '_ {
        self.iter().map(|(token, sealed)| {
            (!sealed.is_empty()).then(|| {
                let full: [u8; 32] = Sha256::new().chain_update(token).chain_update(sealed).finalize().into();
                let mut hash = [0; HASH];
                hash.copy_from_slice(&full[..HASH]);
                hash
            })
        })
    }

    /// The same page with one slot emptied: its token and its bytes gone.
    pub fn without(&self, slot: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len());
        out.extend_from_slice(&(self.count as u16).to_le_bytes());
        for (i, (token, sealed)) in self.iter().enumerate() {
            let (token, len) = if i == slot { ([0; TOKEN], 0) } else { (token, sealed.len()) };
            out.extend_from_slice(&token);
            out.extend_from_slice(&(len as u32).to_le_bytes());
        }
        for (i, (_, sealed)) in self.iter().enumerate() {
            if i != slot {
                out.extend_from_slice(sealed);
            }
        }
        out
    }
}

/// The keys of one page, opened.
pub struct PageKeys(Zeroizing<Vec<u8>>);

impl PageKeys {
    /// Opens the keys of a page.
    pub fn open(vault: &Key, page: i64, sealed: &[u8]) -> Result<PageKeys> {
        vault
            .open(page_key_place(&page.to_le_bytes()), sealed)
            .map(PageKeys)
            .map_err(|_| VaultError::Damaged(format!("keys of page {page} do not open")))
    }

    /// Whether the key of a slot is there.
    pub fn has(&self, slot: usize) -> bool {
        self.0.get(slot * 32..slot * 32 + 32).is_some_and(|key| key.iter().any(|b| *b != 0))
    }

    /// Opens one record into `out`; `false` if its key was destroyed.
    pub fn open_record(&self, slot: usize, token: &Token, sealed: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        let Some(key) = self.0.get(slot * 32..slot * 32 + 32) else {
            return Err(VaultError::Damaged("a page has more records than keys".into()));
        };
        if sealed.is_empty() || !self.has(slot) {
            out.clear();
            return Ok(false);
        }
        Key::from_slice(key)?
            .open_into(record_place(token), sealed, out)
            .map_err(|_| VaultError::Damaged("a record does not open under its key".into()))?;
        Ok(true)
    }

    /// Destroys the key of one slot and seals the rest again.
    pub fn without(mut self, vault: &Key, page: i64, slot: usize) -> Result<Vec<u8>> {
        if let Some(key) = self.0.get_mut(slot * 32..slot * 32 + 32) {
            key.fill(0);
        }
        Ok(vault.seal(page_key_place(&page.to_le_bytes()), &self.0)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sealed(n: usize) -> (Key, SealedPage, Vec<Plain>) {
        let key = Key::make().unwrap();
        let records: Vec<_> = (0..n).map(|i| ([i as u8 + 1; TOKEN], Zeroizing::new(vec![i as u8; i]))).collect();
        let page = seal(&key, 7, &records).unwrap();
        (key, page, records)
    }

    #[test]
    fn what_is_sealed_in_a_page_opens_again_and_an_emptied_slot_stays_empty() {
        let (key, page, records) = sealed(5);
        let slots = Slots::new(&page.page).unwrap();
        let keys = PageKeys::open(&key, 7, &page.keys).unwrap();
        let mut out = Vec::new();
        for (i, (token, bytes)) in slots.iter().enumerate() {
            assert!(keys.open_record(i, &token, bytes, &mut out).unwrap());
            assert_eq!(out, *records[i].1);
        }
        let fewer = slots.without(2);
        let fewer = Slots::new(&fewer).unwrap();
        let keys = PageKeys::open(&key, 7, &keys.without(&key, 7, 2).unwrap()).unwrap();
        for (i, (token, bytes)) in fewer.iter().enumerate() {
            assert_eq!(keys.open_record(i, &token, bytes, &mut out).unwrap(), i != 2);
        }
        // Also when the old page comes back: without its key it stays shut.
        let (token, bytes) = slots.iter().nth(2).unwrap();
        assert!(!keys.open_record(2, &token, bytes, &mut out).unwrap());
    }

    #[test]
    fn keys_of_one_page_do_not_open_as_those_of_another() {
        let (key, page, _) = sealed(2);
        assert!(PageKeys::open(&key, 8, &page.keys).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_at_all_are_a_page_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(slots) = Slots::new(&bytes) {
                prop_assert_eq!(slots.iter().count(), slots.count());
            }
        }
    }
}
