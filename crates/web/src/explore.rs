//! The explorer's questions: what an address asks for ([`Ask`]), the selection that it means
//! ([`find`]), and what of that is published ([`choice`]).
//!
//! Only numbers that are published are found: a selection names one category of every dimension of a published table but
//! one, and is shown by that one. Nothing is added up here: a sum of cells has an interval of its own, which is not the sum
//! of theirs, and sums that readers need are published as groups of the release.

pub mod choice;
pub mod find;

/// The longest query that is read, in bytes.
const LONGEST: usize = 2000;
/// The most further choices beside sex and age.
const MOST_FURTHER: usize = 6;

/// What an address asks for, as text that nobody has checked against a release yet. Empty values count as not given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// Release id.
    pub release: Option<String>,
    /// `dimension.category` of sex or gender; the category alone will do.
    pub sex: Option<String>,
    /// `dimension.category` of an age.
    pub age: Option<String>,
    /// `dimension.category` of anything else.
    pub also: Vec<String>,
    /// Dimension to show it by, or `headlines`.
    pub by: Option<String>,
    /// Table, where several would do.
    pub table: Option<String>,
    /// Whether nothing at all was asked, so that an example may be shown.
    pub is_blank: bool,
}

/// Why an address can't be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadAsk {
    /// Longer than any choice that can be made here.
    TooLong,
    /// Not text.
    NotText,
    /// One thing is asked for twice, and the answers differ.
    Twice,
}

impl Ask {
    /// Reads the part of an address after `?`. Names that mean nothing here are left out of account.
    ///
    /// # Errors
    /// If it is no text, too long, or asks for one thing twice.
    pub fn parse(query: Option<&str>) -> Result<Ask, BadAsk> {
        let query = query.unwrap_or_default();
        if query.len() > LONGEST {
            return Err(BadAsk::TooLong);
        }
        let mut ask = Ask { is_blank: true, ..Ask::default() };
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            let slot = match name.as_str() {
                "release" => &mut ask.release,
                "sex" => &mut ask.sex,
                "age" => &mut ask.age,
                "by" => &mut ask.by,
                "table" => &mut ask.table,
                "also" => {
                    ask.is_blank = false;
                    if !value.is_empty() && !ask.also.contains(&value) {
                        if ask.also.len() == MOST_FURTHER {
                            return Err(BadAsk::TooLong);
                        }
                        ask.also.push(value);
                    }
                    continue;
                }
                _ => continue,
            };
            ask.is_blank = false;
            if value.is_empty() {
                continue;
            }
            match slot {
                Some(before) if *before != value => return Err(BadAsk::Twice),
                _ => *slot = Some(value),
            }
        }
        Ok(ask)
    }
}

/// Text of a form's field: `+` is a space, `%XX` a byte.
fn decode(text: &str) -> Result<String, BadAsk> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit =
                    || bytes.next().and_then(|b| char::from(b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
                let (high, low) = (digit().ok_or(BadAsk::NotText)?, digit().ok_or(BadAsk::NotText)?);
                high * 16 + low
            }
            byte => byte,
        });
    }
    String::from_utf8(out).map_err(|_| BadAsk::NotText)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_question_is_read_from_a_form() {
        let ask = Ask::parse(Some("release=a-1&sex=sex.female&age=&also=x%2ey&also=&by=z&utm=1")).unwrap();
        assert_eq!((ask.release.as_deref(), ask.sex.as_deref(), ask.age), (Some("a-1"), Some("sex.female"), None));
        assert_eq!((ask.also, ask.by.as_deref(), ask.is_blank), (vec!["x.y".to_owned()], Some("z"), false));
        assert!(Ask::parse(None).unwrap().is_blank && Ask::parse(Some("lang=ar")).unwrap().is_blank);
    }

    #[test]
    fn what_no_form_would_send_is_refused() {
        assert_eq!(Ask::parse(Some("by=a&by=b")), Err(BadAsk::Twice));
        assert_eq!(Ask::parse(Some("by=%")), Err(BadAsk::NotText));
        assert_eq!(Ask::parse(Some("by=%f")), Err(BadAsk::NotText));
        assert_eq!(Ask::parse(Some("by=%ff")), Err(BadAsk::NotText));
        assert_eq!(Ask::parse(Some(&"a".repeat(3000))), Err(BadAsk::TooLong));
        let many: Vec<String> = (0..40).map(|n| format!("also=a.b{n}")).collect();
        assert_eq!(Ask::parse(Some(&many.join("&"))), Err(BadAsk::TooLong));
    }

    proptest! {
        #[test]
        fn any_query_is_a_question_or_refused_and_never_a_panic(query in ".{0,80}|([a-z]{2,7}=[%+.0-9a-f]{0,9}&){0,9}") {
            if let Ok(ask) = Ask::parse(Some(&query)) {
                prop_assert!(ask.also.len() <= MOST_FURTHER);
            }
        }

        #[test]
        fn what_a_browser_encodes_is_read_back(value in "\\PC{1,20}") {
            let encoded = value.bytes().map(|b| format!("%{b:02X}")).collect::<Vec<_>>().concat();
            let ask = Ask::parse(Some(&format!("by={encoded}"))).unwrap();
            prop_assert_eq!(ask.by, Some(value));
        }
    }
}
