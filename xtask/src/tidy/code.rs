//! Just enough Rust to see what is code: comments and literals blanked, the inline test module cut off.

/// The code of a file with comments, strings and characters replaced by spaces; line breaks stay.
pub fn without_comments_and_strings(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = bytes.to_vec();
    let mut i = 0;
    while i < bytes.len() {
        let end = match bytes[i] {
            b'/' if bytes.get(i + 1) == Some(&b'/') => line_end(bytes, i),
            b'/' if bytes.get(i + 1) == Some(&b'*') => block_comment_end(bytes, i),
            b'"' => string_end(bytes, i),
            b'r' if !follows_a_word(bytes, i) => match raw_string_end(bytes, i) {
                Some(end) => end,
                None => i,
            },
            b'\'' => char_end(bytes, i),
            _ => i,
        };
        if end == i {
            i += 1;
            continue;
        }
        for byte in &mut out[i..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        i = end;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The part before the inline test module.
pub fn before_tests(source: &str) -> &str {
    source.find("#[cfg(test)]\nmod ").map_or(source, |at| &source[..at])
}

/// The words (identifiers and numbers) of blanked code, each with its 1-based line.
pub fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.lines().enumerate().flat_map(|(n, line)| {
        line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).map(move |w| (n + 1, w))
    })
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| from + n)
}

fn block_comment_end(bytes: &[u8], from: usize) -> usize {
    let (mut depth, mut i) = (0_usize, from);
    while i < bytes.len() {
        if bytes[i..].starts_with(b"/*") {
            depth += 1;
            i += 2;
        } else if bytes[i..].starts_with(b"*/") {
            depth -= 1;
            i += 2;
            if depth == 0 {
                return i;
            }
        } else {
            i += 1;
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut i = from + 1;
    while i < bytes.len() {
        match bytes[i] {
            b'\\' => i += 2,
            b'"' => return i + 1,
            _ => i += 1,
        }
    }
    bytes.len()
}

fn raw_string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let hashes = bytes[from + 1..].iter().take_while(|b| **b == b'#').count();
    if bytes.get(from + 1 + hashes) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let start = from + 2 + hashes;
    let rest = bytes.get(start..)?;
    Some(rest.windows(close.len()).position(|w| w == close).map_or(bytes.len(), |n| start + n + close.len()))
}

/// A character literal's end; a lifetime is left alone.
fn char_end(bytes: &[u8], from: usize) -> usize {
    let rest = &bytes[from + 1..];
    let close = if rest.first() == Some(&b'\\') {
        rest.iter().skip(2).position(|b| *b == b'\'').map(|n| n + 2)
    } else {
        rest.iter().take(5).position(|b| *b == b'\'').filter(|n| *n > 0)
    };
    match close {
        // One character only: 'a' or 'é', never the text between two lifetimes.
        Some(n)
            if rest.first() == Some(&b'\\')
                || std::str::from_utf8(&rest[..n]).is_ok_and(|s| s.chars().count() == 1) =>
        {
            from + 1 + n + 1
        }
        _ => from,
    }
}

fn follows_a_word(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn comments_and_literals_are_blanked_and_code_stays() {
        let source = "let a = 1; // f64\n/* f64 /* deep */ f64 */ let b: &'a str = \"f64 \\\" f64\"; let c = 'f';\nlet d = r#\"f64 \" \"#;";
        let code = without_comments_and_strings(source);
        assert!(!code.contains("f64"), "{code}");
        assert!(code.contains("let a = 1;"));
        assert!(code.contains("let b: &'a str ="));
        assert!(code.contains("let d ="));
        assert_eq!(code.lines().count(), source.lines().count());
    }

    #[test]
    fn tests_are_cut_off() {
        assert_eq!(before_tests("fn a() {}\n#[cfg(test)]\nmod tests { f64 }"), "fn a() {}\n");
    }

    proptest! {
        #[test]
        fn any_text_keeps_its_length_and_lines(source in ".{0,200}") {
            let code = without_comments_and_strings(&source);
            prop_assert_eq!(code.matches('\n').count(), source.matches('\n').count());
        }
    }
}
