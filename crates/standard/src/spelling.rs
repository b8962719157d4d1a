//! Spellings: when two ways of writing a code are the same, and what a misspelt one may have meant.

/// Folds a spelling: lower case, letters and digits only. `ForcedLabour`, `forced labour` and `forced_labour` are one.
///
/// A word of up to three letters keeps its punctuation: `n/a` is not `NA`, and `NA` is Namibia.
pub fn fold(text: &str) -> String {
    let text = text.trim();
    let folded: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if folded.chars().count() <= 3 && text.chars().any(|c| !c.is_alphanumeric()) {
        return text.to_lowercase();
    }
    folded
}

/// The known word nearest to a misspelt one, if it is near enough to be worth suggesting (a third of its letters).
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = fold(word);
    let length = word.chars().count();
    if length > 64 {
        return None;
    }
    let allowed = (length / 3).max(1);
    known
        .into_iter()
        .filter(|k| k.len() <= 128)
        .map(|k| (distance(&word, &fold(k)), k))
        .filter(|(d, _)| *d <= allowed)
        .min_by_key(|(d, _)| *d)
        .map(|(_, k)| k)
}

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (corner + usize::from(x != *y)).min(above + 1).min(row[j] + 1);
            corner = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_code_fold_to_one() {
        for text in ["ForcedLabour", "forced labour", "forced_labour", " Forced-Labour "] {
            assert_eq!(fold(text), "forcedlabour");
        }
    }

    #[test]
    fn a_mark_for_nothing_is_never_a_short_code() {
        for text in ["n/a", "N.A.", "-na-", "n a", "--", "?"] {
            assert_ne!(fold(text), "na", "{text}");
        }
        assert_eq!(fold(" NA "), "na");
    }

    #[test]
    fn a_misspelt_field_finds_its_neighbour_and_a_stranger_finds_none() {
        let known = ["sex_registered", "gender", "age_at_exit"];
        assert_eq!(nearest("sex_registred", known), Some("sex_registered"));
        assert_eq!(nearest("telephone", known), None);
    }

    proptest! {
        #[test]
        fn the_distance_is_a_metric(a in "[a-d]{0,6}", b in "[a-d]{0,6}", c in "[a-d]{0,6}") {
            prop_assert_eq!(distance(&a, &a), 0);
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert!(distance(&a, &c) <= distance(&a, &b) + distance(&b, &c));
        }

        #[test]
        fn folding_twice_is_folding_once(text in ".{0,40}") {
            let once = fold(&text);
            let twice = fold(&once);
            prop_assert_eq!(once, twice);
        }
    }
}
