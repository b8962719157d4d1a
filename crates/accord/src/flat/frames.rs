//! What the child says of a flat table, believed in nothing: sizes are bounded, codes are checked against the domain.

use super::Progress;
use crate::sandbox::flat::{BLOCK, DONE, HEADER, INFERRED};
use crate::sandbox::{ERROR, PROGRESS, ReadError, frame, garbled};
use accord_measure::grid::Grid;
use accord_record::flat::{Header, Inferred, Noticed};
use accord_standard::columns::Columns;
use anyhow::Context as _;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Read;

/// Most bytes of an inferred domain.
const MOST: usize = 128 << 20;

/// The header.
pub(super) fn header(pipe: &mut dyn Read) -> anyhow::Result<Option<Header>> {
    let mut payload = Vec::new();
    loop {
        match frame(pipe, &mut payload)? {
            None => return Ok(None),
            Some(HEADER) => return Ok(Some(serde_json::from_slice(&payload).map_err(|_| garbled())?)),
            Some(tag) => others(tag, &payload, 0, &mut |_, _| ())?,
        }
    }
}

/// The values of a file's columns.
pub(super) fn inferred(pipe: &mut dyn Read, length: u64, progress: Progress<'_>) -> anyhow::Result<Option<Inferred>> {
    let (mut payload, mut json) = (Vec::new(), Vec::new());
    loop {
        match frame(pipe, &mut payload)? {
            None => return Ok(None),
            Some(INFERRED) if payload.is_empty() => {
                let inferred: Inferred = serde_json::from_slice(&json).map_err(|_| garbled())?;
                inferred.columns.check().context("the columns of the file and their values can't be a domain")?;
                return Ok(Some(inferred));
            }
            Some(INFERRED) if json.len() + payload.len() <= MOST => json.extend_from_slice(&payload),
            Some(tag) => others(tag, &payload, length, progress)?,
        }
    }
}

/// The rows. `most` is how many of one person are kept, where rows belong to people.
pub(super) fn rows(
    pipe: &mut dyn Read,
    length: u64,
    columns: &Columns,
    most: Option<u32>,
    progress: Progress<'_>,
) -> anyhow::Result<Option<(Grid, Noticed)>> {
    let mut grid = Grid::new(columns);
    let mut bound = most.map(RowBound::new);
    let mut payload = Vec::new();
    loop {
        match frame(pipe, &mut payload)? {
            None => return Ok(None),
            Some(BLOCK) => block(&payload, columns.columns.len(), bound.as_mut(), &mut grid).ok_or_else(garbled)?,
            Some(DONE) => {
                let noticed = serde_json::from_slice(&payload).map_err(|_| garbled())?;
                return Ok(Some((grid, noticed)));
            }
            Some(tag) => others(tag, &payload, length, progress)?,
        }
    }
}

/// Frames of every task.
fn others(tag: u8, payload: &[u8], length: u64, progress: Progress<'_>) -> anyhow::Result<()> {
    match tag {
        PROGRESS => {
            let read = <[u8; 8]>::try_from(payload).map_err(|_| garbled())?;
            progress(u64::from_le_bytes(read).min(length), length);
            Ok(())
        }
        ERROR => Err(serde_json::from_slice::<ReadError>(payload).unwrap_or_else(|_| garbled()).into()),
        _ => Err(garbled().into()),
    }
}

/// Adds a block's rows to the grid; `None` if it is none.
fn block(payload: &[u8], columns: usize, bound: Option<&mut RowBound>, grid: &mut Grid) -> Option<()> {
    let (rows, rest) = payload.split_first_chunk::<4>()?;
    let rows = u32::from_le_bytes(*rows) as usize;
    let (codes, people) = rest.split_at_checked(rows.checked_mul(columns)?.checked_mul(2)?)?;
    let Some(bound) = bound else {
        return if people.is_empty() { grid.push_block(rows, codes, None).ok() } else { None };
    };
    let (ends, text) = people.split_at_checked(rows.checked_mul(4)?)?;
    bound.keep.clear();
    let mut start = 0;
    for end in ends.as_chunks::<4>().0 {
        let end = u32::from_le_bytes(*end) as usize;
        let keeps = bound.keeps(text.get(start..end)?);
        bound.keep.push(keeps);
        start = end;
    }
    if start != text.len() {
        return None;
    }
    grid.push_block(rows, codes, Some(&bound.keep)).ok()
}

/// Keeps at most `most` rows of each person: the first in the file, a rule that reads that person's rows alone.
pub(super) struct RowBound {
    most: u32,
    /// Rows that were kept, by a keyed hash of whom they belong to.
    kept: HashMap<u64, u32>,
    hasher: RandomState,
    /// Which rows of the block at hand are kept.
    keep: Vec<bool>,
}

impl RowBound {
    pub(super) fn new(most: u32) -> RowBound {
        RowBound { most, kept: HashMap::new(), hasher: RandomState::new(), keep: Vec::new() }
    }

    pub(super) fn keeps(&mut self, person: &[u8]) -> bool {
        let kept = self.kept.entry(self.hasher.hash_one(person)).or_insert(0);
        let keeps = *kept < self.most;
        *kept += u32::from(keeps);
        keeps
    }
}
