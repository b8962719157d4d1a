//! What is sealed for one record: the year of its first import, and the record in the codec of `accord-record`, with
//! the consent that the file gave: it goes when the record's key goes.

use crate::{Result, VaultError};
use accord_record::codec;
use accord_record::model::Incoming;
use zeroize::Zeroizing;

/// Encodes a record with its cohort.
pub fn encode(cohort: i16, incoming: &Incoming) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(512));
    out.extend_from_slice(&cohort.to_le_bytes());
    codec::encode(incoming, &mut out);
    out
}

/// Reads it back.
pub fn decode(bytes: &[u8]) -> Result<(i16, Incoming)> {
    let (year, rest) = bytes.split_first_chunk::<2>().ok_or_else(damaged)?;
    let incoming = codec::decode(rest).map_err(|e| VaultError::Damaged(format!("a record does not decode: {e}")))?;
    Ok((i16::from_le_bytes(*year), incoming))
}

fn damaged() -> VaultError {
    VaultError::Damaged("a record is too short".into())
}
