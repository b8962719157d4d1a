//! What is sealed for one record: the year of its first import, and the record in the codec of `accord-record`, without
//! consent (that belongs to the ledger).

use crate::{Result, VaultError};
use accord_record::codec;
use accord_record::model::{ConsentClaim, Date, Incoming};
use accord_standard::consent::Purpose;
use zeroize::Zeroizing;

/// Appends a record whose consent was taken out.
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

/// The consent that a file gives for the records of one page: per slot a count, then purposes with dates.
pub fn encode_consent(slots: &[Vec<ConsentClaim>]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(slots.len() * 8));
    for claims in slots {
        out.push(claims.len().min(usize::from(u8::MAX)) as u8);
        for c in claims.iter().take(usize::from(u8::MAX)) {
            let purpose = Purpose::ALL.iter().position(|p| *p == c.purpose).unwrap_or(0) as u8;
            out.push(purpose | u8::from(c.given) << 4 | u8::from(c.date.is_some()) << 5);
            if let Some(d) = c.date {
                out.extend_from_slice(&d.year.to_le_bytes());
                out.extend_from_slice(&[d.month, d.day]);
            }
        }
    }
    out
}

/// Reads it back.
pub fn decode_consent(mut bytes: &[u8]) -> Result<Vec<Vec<ConsentClaim>>> {
    let bad = || VaultError::Damaged("a consent entry is malformed".into());
    let mut slots = Vec::with_capacity(crate::page::SIZE.min(bytes.len()));
    while let Some((&count, rest)) = bytes.split_first() {
        bytes = rest;
        let mut claims = Vec::with_capacity(usize::from(count).min(8));
        for _ in 0..count {
            let (&flags, rest) = bytes.split_first().ok_or_else(bad)?;
            bytes = rest;
            let purpose = *Purpose::ALL.get(usize::from(flags & 0x0f)).ok_or_else(bad)?;
            let date = if flags & 0x20 == 0 {
                None
            } else {
                let (d, rest) = bytes.split_first_chunk::<4>().ok_or_else(bad)?;
                bytes = rest;
                Some(Date { year: i16::from_le_bytes([d[0], d[1]]), month: d[2], day: d[3] })
            };
            claims.push(ConsentClaim { purpose, given: flags & 0x10 != 0, date });
        }
        slots.push(claims);
    }
    Ok(slots)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claim() -> impl Strategy<Value = ConsentClaim> {
        let date = (1900_i16..2100, 0_u8..13, 0_u8..32).prop_map(|(year, month, day)| Date { year, month, day });
        (0_usize..7, any::<bool>(), prop::option::of(date)).prop_map(|(p, given, date)| ConsentClaim {
            purpose: Purpose::ALL[p],
            given,
            date,
        })
    }

    proptest! {
        #[test]
        fn consent_of_a_page_survives_encoding(slots in prop::collection::vec(prop::collection::vec(claim(), 0..8), 0..20)) {
            let bytes = encode_consent(&slots);
            prop_assert!(decode_consent(&bytes).unwrap() == slots);
        }

        #[test]
        fn any_bytes_at_all_are_consent_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode_consent(&bytes);
        }
    }
}
