//! Words shown to people. They live in `standard/locales/<language>/*.ftl` alone; this module finds them by key.
//!
//! A language is shipped when its folder is complete. To add one: translate every file of `en`, list it in [`shipped`],
//! and the tests say what is missing.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::fmt;
use unic_langid::LanguageIdentifier;

/// Files of English, the language that everything falls back to.
pub const ENGLISH: &[(&str, &str)] = &[
    ("site", include_str!("../../../standard/locales/en/site.ftl")),
    ("home", include_str!("../../../standard/locales/en/home.ftl")),
    ("figure", include_str!("../../../standard/locales/en/figure.ftl")),
    ("release", include_str!("../../../standard/locales/en/release.ftl")),
    ("flat", include_str!("../../../standard/locales/en/flat.ftl")),
    ("study", include_str!("../../../standard/locales/en/study.ftl")),
    ("explore", include_str!("../../../standard/locales/en/explore.ftl")),
    ("table", include_str!("../../../standard/locales/en/table.ftl")),
    ("call", include_str!("../../../standard/locales/en/call.ftl")),
    ("help", include_str!("../../../standard/locales/en/help.ftl")),
    ("about", include_str!("../../../standard/locales/en/about.ftl")),
    ("privacy", include_str!("../../../standard/locales/en/privacy.ftl")),
    ("method", include_str!("../../../standard/locales/en/method.ftl")),
];

/// The six languages of the United Nations, each with its own name and whether it runs from right to left. Only those
/// that are translated are offered.
pub const LANGUAGES: [(&str, &str, bool); 6] = [
    ("en", "English", false),
    ("fr", "Français", false),
    ("es", "Español", false),
    ("ru", "Русский", false),
    ("ar", "العربية", true),
    ("zh", "中文", false),
];

/// The languages whose words are shipped, English first.
pub fn shipped() -> Vec<Words> {
    vec![Words::new("en", ENGLISH)]
}

/// Value of a placeable in a message.
#[derive(Clone, Copy, Debug)]
pub enum Arg<'a> {
    /// Text, or a number already written out.
    Text(&'a str),
    /// A number that chooses between plural forms.
    Number(u64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Arg::Text(text)
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Self {
        Arg::Text(text)
    }
}

impl From<u64> for Arg<'_> {
    fn from(number: u64) -> Self {
        Arg::Number(number)
    }
}

/// The words of one language.
pub struct Words {
    /// Language tag.
    pub tag: &'static str,
    /// The language's name in its own script.
    pub name: &'static str,
    /// Whether it runs from right to left.
    pub rtl: bool,
    bundle: FluentBundle<FluentResource>,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Words").field("tag", &self.tag).finish_non_exhaustive()
    }
}

impl Words {
    /// The words of the language `tag` (one of [`LANGUAGES`]) from its files. What doesn't parse is left out, and the
    /// tests find it.
    pub fn new(tag: &str, files: &[(&str, &str)]) -> Words {
        let (tag, name, rtl) = LANGUAGES.into_iter().find(|l| l.0 == tag).unwrap_or(LANGUAGES[0]);
        let id: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        bundle.set_use_isolating(rtl);
        for (_, text) in files {
            let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(parsed, _)| parsed);
            bundle.add_resource_overriding(resource);
        }
        Words { tag, name, rtl, bundle }
    }

    /// The message with this key. A missing one shows its key between white brackets, which tests look for.
    pub fn t(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// The message with this key and its placeables.
    pub fn with(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.find(key, args).unwrap_or_else(|| format!("⟦{key}⟧"))
    }

    /// The label of something that the standard names in English: its translation if there is one, else that label.
    pub fn label(&self, key: &str, english: &str) -> String {
        self.find(&key.replace('_', "-"), &[]).unwrap_or_else(|| crate::text::clean(english))
    }

    fn find(&self, key: &str, args: &[(&str, Arg<'_>)]) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut fluent = FluentArgs::with_capacity(args.len());
        for (name, value) in args {
            match value {
                Arg::Text(text) => fluent.set((*name).to_owned(), FluentValue::from(crate::text::clean(text))),
                Arg::Number(number) => fluent.set((*name).to_owned(), FluentValue::from(*number as f64)),
            }
        }
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(&fluent), &mut errors).into_owned();
        errors.is_empty().then_some(text)
    }

    /// A whole number with the language's mark between thousands.
    pub fn number(&self, number: u64) -> String {
        let digits = number.to_string();
        let mark = self.t("number-group");
        let mut out = String::with_capacity(digits.len() + digits.len() / 3);
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push_str(&mark);
            }
            out.push(digit);
        }
        out
    }
}

#[cfg(test)]
mod tests;
