//! Where the program speaks: every word on standard output and standard error goes through here.
//!
//! Names and texts from files that somebody else wrote may hold sequences that command a terminal, or marks that turn the
//! direction of text. None of them reaches the terminal: see [`printable`]. Writing can fail. A reader that is gone
//! (`| head`) wants no more, and that is fine; anything else (a full disk) is an error. Whatever is shown only once goes
//! through [`say_surely`], before what it belongs to takes effect.

use anyhow::Context as _;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write};

/// Stands in for a character that is not printed.
const HIDDEN: char = '\u{fffd}';

/// Whether a character commands a terminal, turns the direction of text or breaks lines where nothing is seen.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One value from outside (a name, a path, a reason) as it may be shown: controls, line ends among them, and marks of
/// direction become U+FFFD.
pub fn printable(text: &str) -> Cow<'_, str> {
    clean(text, is_unsafe)
}

fn clean(text: &str, hide: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.contains(&hide) {
        Cow::Owned(text.chars().map(|c| if hide(c) { HIDDEN } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Text of several lines: as [`printable`], but line ends stay.
fn lines(text: &str) -> Cow<'_, str> {
    clean(text, |c| c != '\n' && is_unsafe(c))
}

/// Says a text, and a line end, on standard output.
pub fn say(text: &str) -> anyhow::Result<()> {
    unless_gone(put(&mut std::io::stdout().lock(), &lines(text)))
}

/// Says a value as one line of JSON on standard output. Characters that are not printed are escaped, so that the value
/// stays what it is.
pub fn say_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    unless_gone(put(&mut std::io::stdout().lock(), &json_line(value)?))
}

/// As [`say`], for what is shown only once: that nobody reads it is an error too. Call it before what the secret opens
/// takes effect.
pub fn say_surely(text: &str) -> anyhow::Result<()> {
    put(&mut std::io::stdout().lock(), &lines(text)).context("nothing was done, because it cannot be shown")
}

/// As [`say_json`], for what is shown only once: that nobody reads it is an error too.
pub fn say_json_surely(value: &impl serde::Serialize) -> anyhow::Result<()> {
    put(&mut std::io::stdout().lock(), &json_line(value)?).context("nothing was done, because it cannot be shown")
}

/// Says a text on standard error. There is nobody to tell if that fails.
pub fn warn(text: &str) {
    let _ = put(&mut std::io::stderr().lock(), &lines(text));
}

fn put(out: &mut dyn Write, text: &str) -> std::io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

fn unless_gone(written: std::io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("what was done cannot be shown"),
    }
}

/// A value as JSON on one line; what is not printed can only stand inside strings, and is escaped there.
fn json_line(value: &impl serde::Serialize) -> anyhow::Result<String> {
    let json = serde_json::to_string(value)?;
    if !json.contains(is_unsafe) {
        return Ok(json);
    }
    let mut out = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if is_unsafe(c) {
            // All of them are below U+10000.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nothing_that_commands_a_terminal_is_printed() {
        assert_eq!(printable("a\u{1b}]0;x\u{7}b\u{9b}2J\nok\r\u{7f}"), "a�]0;x�b�2J�ok��");
        assert_eq!(printable("exe.\u{202e}fdp\u{2069}\u{200f}\u{61c}\u{2028}"), "exe.�fdp����");
        assert_eq!(lines("one\ntwo\u{1b}[2K"), "one\ntwo�[2K");
    }

    #[test]
    fn every_script_is_printed_as_it_is() {
        for text in ["ឈ្មោះ", "نام", "नाम", "Ñandú", "名前", "a\u{301}"] {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn json_is_the_same_value_without_a_raw_control() {
        let value = serde_json::json!({ "name\u{9b}": "\u{1b}\u{202e}\u{7f}\n\"\\" });
        let line = json_line(&value).unwrap();
        assert!(line.chars().all(|c| !is_unsafe(c)), "{line:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), value);
    }

    #[test]
    fn a_reader_that_is_gone_is_no_error_and_a_full_disk_is() {
        assert!(unless_gone(Err(ErrorKind::BrokenPipe.into())).is_ok());
        assert!(unless_gone(Err(ErrorKind::StorageFull.into())).is_err());
    }
}
