//! What a workbook must pass before any parser sees it: size, number of entries, inflated size and ratio, names, no macros,
//! no external links, no document type definitions (SEC-11). Everything is inflated once, counted, and thrown away.

use super::{InputError, Limits};
use std::io::{Cursor, Read};

/// Inflated bytes looked at a time.
const CHUNK: usize = 64 << 10;
/// Longest marker that is looked for, less one: carried over from chunk to chunk.
const CARRY: usize = 9;

pub(super) fn check_workbook(bytes: &[u8], limits: &Limits) -> Result<(), InputError> {
    let damaged = |why: String| InputError::Damaged { kind: "XLSX", why };
    let refused = |why: String| Err(InputError::Refused(why));
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| damaged(e.to_string()))?;
    if archive.len() > limits.workbook_entries {
        return refused(format!("the workbook has {} parts, more than {}", archive.len(), limits.workbook_entries));
    }
    let mut total = 0u64;
    let mut buffer = vec![0u8; CARRY + CHUNK];
    let mut is_workbook = false;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|e| damaged(e.to_string()))?;
        let name = entry.name().map_err(|e| damaged(e.to_string()))?.to_ascii_lowercase();
        if name.contains("..")
            || name.starts_with('/')
            || name.contains('\\')
            || name.contains(':')
            || entry.is_symlink()
        {
            return refused("the workbook has a part whose name points outside of it".into());
        }
        if name.ends_with("vbaproject.bin") {
            return refused("the workbook holds macros; save it as .xlsx without macros".into());
        }
        if name.contains("externallinks/") {
            return refused("the workbook links to other files; break the links and save it again".into());
        }
        is_workbook |= name == "xl/workbook.xml";
        let xml = matches!(name.rsplit('.').next(), Some("xml" | "rels" | "vml"));
        let strings = name.ends_with("sharedstrings.xml");
        let stored = entry.compressed_size().max(1);
        let mut inflated = 0u64;
        let mut carry = 0usize;
        loop {
            let n = entry.read(&mut buffer[carry..]).map_err(|e| damaged(e.to_string()))?;
            if n == 0 {
                break;
            }
            inflated += n as u64;
            total += n as u64;
            if total > limits.workbook_inflated {
                return refused(format!("the workbook inflates to more than {} MiB", limits.workbook_inflated >> 20));
            }
            if strings && inflated > limits.workbook_strings {
                return refused(format!(
                    "the workbook's texts inflate to more than {} MiB",
                    limits.workbook_strings >> 20
                ));
            }
            if inflated > 1 << 20 && inflated / stored > limits.workbook_ratio {
                return refused(format!("a part of the workbook inflates more than {}-fold", limits.workbook_ratio));
            }
            let seen = carry + n;
            // A relation can point at a part of any name, so that every part is looked at.
            let text = &buffer[..seen];
            if memchr::memmem::find(text, b"<!DOCTYPE").is_some() || memchr::memmem::find(text, b"<!ENTITY").is_some() {
                return refused("the workbook holds a document type definition or entities".into());
            }
            if xml && memchr::memchr(0, text).is_some() {
                return refused("the workbook holds XML that is not UTF-8".into());
            }
            carry = seen.min(CARRY);
            buffer.copy_within(seen - carry..seen, 0);
        }
    }
    if is_workbook { Ok(()) } else { Err(InputError::NotATable("it is a zip file, but no XLSX workbook".into())) }
}
