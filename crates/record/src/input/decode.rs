//! Text encodings: whatever the file is in, UTF-8 comes out, or an error that names the line. Nothing is replaced
//! silently: a name with a wrong letter is another person.

use super::InputError;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{CoderResult, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::io::Read;

/// Bytes read at a time.
const CHUNK: usize = 256 << 10;
/// Bytes that the encoding is guessed from.
const SAMPLE: usize = 1 << 20;

/// The encoding that a label such as `windows-1256` names.
pub fn encoding_for_label(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label(label.trim().as_bytes())
}

/// Decodes a source chunk by chunk.
pub(super) struct Decoder<'a> {
    source: &'a mut dyn Read,
    /// Stored bytes that are not decoded yet.
    raw: Vec<u8>,
    eof: bool,
    mode: Mode,
    /// Line that the next decoded byte is on, 1-based.
    line: u64,
    /// Line of the first text that is not ASCII, once seen.
    non_ascii: Option<u64>,
    forced: Option<&'static Encoding>,
    bom: bool,
    /// The decoder has seen the end.
    finished: bool,
    /// What can't be decoded becomes U+FFFD, and no byte decides the encoding of another.
    alone: bool,
    out: String,
}

enum Mode {
    /// ASCII so far or UTF-8: passed on as it is.
    Utf8,
    /// Through a decoder.
    Other(encoding_rs::Decoder),
}

impl<'a> Decoder<'a> {
    /// Looks at the beginning of the text: byte order mark, UTF-16 without one, and what is no text at all.
    pub(super) fn new(
        first: &[u8],
        source: &'a mut dyn Read,
        forced: Option<&'static Encoding>,
        alone: bool,
    ) -> Result<Decoder<'a>, InputError> {
        let mut d = Decoder {
            source,
            raw: first.to_vec(),
            eof: false,
            mode: Mode::Utf8,
            line: 1,
            non_ascii: None,
            forced,
            bom: false,
            finished: false,
            alone,
            out: String::new(),
        };
        d.fill(CHUNK)?;
        let encoding = if let Some((encoding, length)) = Encoding::for_bom(&d.raw) {
            d.raw.drain(..length);
            d.bom = true;
            encoding
        } else if let Some(forced) = forced {
            forced
        } else if let Some(encoding) = utf16_without_mark(&d.raw) {
            encoding
        } else {
            UTF_8
        };
        if encoding != UTF_8 {
            d.mode = Mode::Other(encoding.new_decoder_without_bom_handling());
        } else if memchr::memchr(0, &d.raw).is_some() {
            return Err(InputError::NotATable("it holds bytes that no text has".into()));
        }
        Ok(d)
    }

    /// Name of the encoding, as far as it is known.
    pub(super) fn encoding(&self) -> &'static str {
        match &self.mode {
            Mode::Utf8 => "UTF-8",
            Mode::Other(decoder) => decoder.encoding().name(),
        }
    }

    /// Appends the next piece of decoded text; `false` at the end.
    pub(super) fn next(&mut self, out: &mut Vec<u8>) -> Result<bool, InputError> {
        self.fill(CHUNK)?;
        if self.raw.is_empty() && (self.finished || matches!(self.mode, Mode::Utf8)) {
            return Ok(false);
        }
        if matches!(self.mode, Mode::Utf8) {
            let (valid, bad) = match std::str::from_utf8(&self.raw) {
                Ok(_) => (self.raw.len(), false),
                Err(e) => (e.valid_up_to(), e.error_len().is_some() || self.eof),
            };
            if !bad {
                if !self.alone && memchr::memchr(0, &self.raw[..valid]).is_some() {
                    return Err(InputError::NotATable("it holds bytes that no text has".into()));
                }
                self.pass_on(valid, out);
                return Ok(true);
            }
            self.leave_utf8(valid)?;
        }
        self.decode(out)?;
        Ok(true)
    }

    fn pass_on(&mut self, n: usize, out: &mut Vec<u8>) {
        let text = &self.raw[..n];
        if self.non_ascii.is_none()
            && let Some(at) = text.iter().position(|b| !b.is_ascii())
        {
            self.non_ascii = Some(self.line + newlines(&text[..at]));
        }
        self.line += newlines(text);
        out.extend_from_slice(text);
        self.raw.drain(..n);
    }

    /// The text turned out not to be UTF-8 behind `valid` bytes: find out what it is, or that it is two things.
    fn leave_utf8(&mut self, valid: usize) -> Result<(), InputError> {
        if self.alone {
            self.mode = Mode::Other(UTF_8.new_decoder_without_bom_handling());
            return Ok(());
        }
        let bad_line = self.line + newlines(&self.raw[..valid]);
        if self.bom || self.forced == Some(UTF_8) {
            return Err(InputError::Encoding {
                line: bad_line,
                why: "bytes that are not UTF-8 in a file that says it is UTF-8".into(),
            });
        }
        if let Some(first) = self.non_ascii {
            return Err(mixed(bad_line, first));
        }
        self.fill(SAMPLE)?;
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(&self.raw, self.eof);
        let encoding = detector.guess(None, Utf8Detection::Deny);
        check_mixed(&self.raw, self.line, encoding)?;
        self.mode = Mode::Other(encoding.new_decoder_without_bom_handling());
        Ok(())
    }

    fn decode(&mut self, out: &mut Vec<u8>) -> Result<(), InputError> {
        let Mode::Other(decoder) = &mut self.mode else { return Ok(()) };
        self.out.clear();
        if self.alone {
            self.out.reserve(decoder.max_utf8_buffer_length(self.raw.len()).unwrap_or(CHUNK * 3));
            let (result, read, _) = decoder.decode_to_string(&self.raw, &mut self.out, self.eof);
            self.raw.drain(..read);
            out.extend_from_slice(self.out.as_bytes());
            self.finished = self.eof && result == CoderResult::InputEmpty;
            return Ok(());
        }
        self.out.reserve(decoder.max_utf8_buffer_length_without_replacement(self.raw.len()).unwrap_or(CHUNK * 3));
        let (result, read) = decoder.decode_to_string_without_replacement(&self.raw, &mut self.out, self.eof);
        self.raw.drain(..read);
        if let DecoderResult::Malformed(..) = result {
            return Err(InputError::Encoding {
                line: self.line + newlines(self.out.as_bytes()),
                why: format!(
                    "bytes that are not {}, which the rest of the file is in; save the file again as UTF-8",
                    decoder.encoding().name()
                ),
            });
        }
        if self.out.contains('\0') {
            return Err(InputError::NotATable("it holds bytes that no text has".into()));
        }
        self.line += newlines(self.out.as_bytes());
        out.extend_from_slice(self.out.as_bytes());
        self.finished = self.eof && result == DecoderResult::InputEmpty;
        Ok(())
    }

    /// Reads until `want` raw bytes are there or the source ends.
    fn fill(&mut self, want: usize) -> Result<(), InputError> {
        if !self.eof && self.raw.len() < want {
            let missing = (want - self.raw.len()) as u64;
            let before = self.raw.len();
            (&mut *self.source).take(missing).read_to_end(&mut self.raw)?;
            self.eof = ((self.raw.len() - before) as u64) < missing;
        }
        Ok(())
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

fn mixed(line: u64, first: u64) -> InputError {
    InputError::Encoding {
        line,
        why: format!(
            "two text encodings in one file: line {first} is in one and this line in another; open the parts one by one \
             and save them as UTF-8"
        ),
    }
}

/// Lines in UTF-8 among lines in a legacy encoding. Short sequences of the East Asian encodings can look like UTF-8 by
/// chance, so that there a line counts as UTF-8 only from six such bytes on.
fn check_mixed(sample: &[u8], first_line: u64, guess: &'static Encoding) -> Result<(), InputError> {
    let wide = !guess.is_single_byte();
    let (mut utf8, mut legacy) = (None, None);
    for (i, line) in sample.split(|b| *b == b'\n').enumerate() {
        let high = line.iter().filter(|b| !b.is_ascii()).count();
        if high == 0 {
            continue;
        }
        let number = first_line + i as u64;
        match std::str::from_utf8(line) {
            Ok(_) if !wide || high >= 6 => utf8 = utf8.or(Some(number)),
            // The last line of the sample may be cut off within a character.
            Err(e) if e.error_len().is_some() => legacy = legacy.or(Some(number)),
            _ => {}
        }
        if let (Some(u), Some(l)) = (utf8, legacy) {
            return Err(mixed(u.max(l), u.min(l)));
        }
    }
    Ok(())
}

/// UTF-16 without a byte order mark: nearly every second byte of a table's beginning is zero, all on one side.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(1024) & !1];
    if head.len() < 8 {
        return None;
    }
    let even = head.iter().step_by(2).filter(|b| **b == 0).count();
    let odd = head.iter().skip(1).step_by(2).filter(|b| **b == 0).count();
    let pairs = head.len() / 2;
    // A table's delimiters, digits and line ends are ASCII in every language.
    if odd >= 4 && odd * 4 >= pairs && even == 0 {
        Some(UTF_16LE)
    } else if even >= 4 && even * 4 >= pairs && odd == 0 {
        Some(UTF_16BE)
    } else {
        None
    }
}
