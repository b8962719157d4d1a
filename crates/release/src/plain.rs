//! Text of a file that somebody gives: plain or compressed with gzip, and never longer than it may be.

use std::io::Read as _;

/// Longest text, unpacked.
pub(crate) const MOST_TEXT: u64 = 256 << 20;

/// Why there is no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Too long, perhaps on purpose.
    #[error("it is longer than {} MiB when unpacked", MOST_TEXT >> 20)]
    TooLong,
    /// Damaged compression.
    #[error("it looks compressed (gzip), but can't be unpacked")]
    Damaged,
    /// No UTF-8.
    #[error("it is not UTF-8 text")]
    NotText,
}

/// The text that bytes hold.
pub(crate) fn text(bytes: &[u8]) -> Result<String, TextError> {
    let mut out = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let unpacked = flate2::read::MultiGzDecoder::new(bytes);
        unpacked.take(MOST_TEXT + 1).read_to_end(&mut out).map_err(|_| TextError::Damaged)?;
    } else {
        out.extend_from_slice(&bytes[..bytes.len().min(MOST_TEXT as usize + 1)]);
    }
    if out.len() as u64 > MOST_TEXT {
        return Err(TextError::TooLong);
    }
    String::from_utf8(out).map_err(|_| TextError::NotText)
}
