//! The files of `standard/`, embedded as text. The list is made by `build.rs`; it must never hold anything but text.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Text of the file with this stem.
pub(crate) fn text(files: &'static [(&'static str, &'static str)], id: &str) -> Option<&'static str> {
    files.iter().find(|(stem, _)| *stem == id).map(|(_, text)| *text)
}
