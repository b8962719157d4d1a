//! Names of invented people: common given and family names of many languages, combined at random, with the spellings
//! that different organisations would use. Data, in `standard/invent/names/*.toml`.

use crate::InventError;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The names of one language, and where the generator says that people with them come from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Culture {
    /// Script in which the first spelling stands.
    pub(crate) script: String,
    /// Family name first.
    pub(crate) family_first: bool,
    /// Countries (alpha-3) with weights.
    pub(crate) countries: BTreeMap<String, u32>,
    /// Given names: own script first, then spellings in Latin letters.
    pub(crate) female: Vec<Vec<String>>,
    /// Given names.
    pub(crate) male: Vec<Vec<String>>,
    /// Family names.
    pub(crate) family: Vec<Vec<String>>,
}

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        /// The name files, by name.
        pub(crate) const FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../standard/invent/names/", $name, ".toml")))),*];
    };
}

embedded!(
    "arabic",
    "bengali",
    "burmese",
    "cyrillic",
    "devanagari",
    "ethiopic",
    "georgian",
    "han",
    "hangul",
    "latin_english_west_africa",
    "latin_filipino_indonesian",
    "latin_french_central_africa",
    "latin_portuguese",
    "latin_romanian_albanian",
    "latin_spanish",
    "latin_vietnamese",
    "thai_lao",
);

/// Reads all name files.
pub(crate) fn load() -> Result<Vec<Culture>, InventError> {
    FILES
        .iter()
        .map(|(name, text)| {
            toml::from_str(text).map_err(|e| InventError::Data { file: (*name).into(), message: e.to_string() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_file_is_embedded_says_invented_and_has_spellings_in_latin_letters() {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../standard/invent/names");
        let mut on_disk: Vec<String> = std::fs::read_dir(dir)
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().replace(".toml", ""))
            .collect();
        on_disk.sort();
        assert_eq!(on_disk, FILES.iter().map(|(n, _)| (*n).to_string()).collect::<Vec<_>>());
        for ((name, text), culture) in FILES.iter().zip(load().unwrap()) {
            assert!(text.starts_with("# INVENTED"), "{name}");
            for spellings in culture.female.iter().chain(&culture.male).chain(&culture.family) {
                assert!(spellings.len() >= 2, "{name}: {spellings:?}");
                assert!(spellings[1..].iter().all(|s| s.is_ascii()), "{name}: {spellings:?}");
            }
        }
        let scripts: std::collections::BTreeSet<String> = load().unwrap().into_iter().map(|c| c.script).collect();
        assert!(scripts.len() >= 10, "{scripts:?}");
    }
}
