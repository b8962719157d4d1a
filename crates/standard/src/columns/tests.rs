use super::weights::Weights;
use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Columns {
    Columns::parse(text).unwrap_or_else(|e| panic!("{e}"))
}

fn refusal(text: &str) -> String {
    Columns::parse(text).unwrap_err().to_string()
}

const FILE: &str = r#"
[[column]]
name = "gender"
values = ["Female", " Male "]
other = "Other"

[[column]]
name = "year"
range = [2024, 2026]

[[column]]
name = "debtBondage"
values = [1]
absent = [0, "No", ""]

[[column]]
name = "citizenship"
codelist = "country"
other = "other"

[[column]]
name = "town"
values = ["Aville", "Beville", "Ceville"]
other = "elsewhere"
[column.groups]
South = ["Ceville"]
North = ["Aville", "Beville"]
"#;

#[test]
fn a_domain_file_says_what_each_column_may_hold() {
    let columns = parse(FILE).columns;
    assert_eq!(columns[0].values, ["Female", "Male", "Other"]);
    assert_eq!(columns[0].other.as_deref(), Some("Other"));
    assert_eq!(columns[1].values, ["2024", "2025", "2026"]);
    assert_eq!((&columns[2].values[..], &columns[2].absent[..]), (&["1".into()][..], &["0".into(), "No".into()][..]));
    assert_eq!(columns[4].groups, ["North", "South", "elsewhere"]);
    assert_eq!(columns[4].group_of, [0, 0, 1, 2]);
    assert_eq!(columns[4].codes(), 5);
}

#[test]
fn countries_come_from_the_codebook_and_fold_into_regions() {
    let columns = parse(FILE).columns;
    let country = &columns[3];
    let group = |value: &str| {
        let at = country.values.iter().position(|v| v == value).unwrap();
        country.groups[usize::from(country.group_of[at])].as_str()
    };
    assert_eq!((group("FRA"), group("KEN"), group("BRA")), ("europe", "africa", "americas"));
    // What is no country is by itself.
    assert_eq!((group("YUG"), group("other")), ("europe", "other"));
    let few = parse("[[column]]\nname = \"c\"\ncodelist = \"country\"\nvalues = [\"FRA\", \"KEN\"]");
    assert_eq!(few.columns[0].groups, ["africa", "europe"]);
    let yes = parse("[[column]]\nname = \"c\"\ncodelist = \"yes_no\"");
    assert_eq!((yes.columns[0].values.len(), yes.columns[0].groups.len()), (2, 0));
}

#[test]
fn what_is_wrong_with_a_domain_is_said_by_column() {
    let column = |rest: &str| refusal(&format!("[[column]]\nname = \"a\"\n{rest}"));
    for (said, word) in [
        (refusal(""), "there is none"),
        (refusal("[[column]]\nvalues = [\"x\"]"), "name"),
        (refusal("[[colum]]\nname = \"a\""), "colum"),
        (column(""), "says nothing of its values"),
        (column("values = [\"x\", \"x\"]"), "twice"),
        (column("values = [\"x\", \" \"]"), "empty value"),
        (column("values = [1.5]"), "whole number"),
        (column("values = [\"x\"]\nabsent = [\"x\"]"), "means blank too"),
        (column("range = [3, 1]"), "upwards"),
        (column("range = [0, 60000]"), "at most 50000"),
        (column("range = [-9223372036854775808, 9223372036854775807]"), "at most 50000"),
        (column("range = [1, 3]\nvalues = [\"x\"]"), "beside"),
        (column("codelist = \"countri\""), "was `country` meant?"),
        (column("codelist = \"country\"\nvalues = [\"FRA\", \"Atlantis\"]"), "Atlantis"),
        (column("values = [\"x\", \"y\"]\ngroups = { G = [\"x\", \"z\"] }"), "`z`, which is no value"),
        (column("values = [\"x\", \"y\"]\ngroups = { G = [\"x\"] }"), "`y` is in no group"),
        (column("values = [\"x\"]\ngroups = { G = [\"x\"], H = [\"x\"] }"), "more groups than values"),
        (column("values = [\"x\", \"y\"]\ngroups = { G = [\"x\"], H = [\"x\", \"y\"] }"), "in two groups"),
        (column("values = [\"x\", \"y\"]\ngroups = { x = [\"x\", \"y\"] }"), "a value and a group"),
        (column("values = [\"x\"]\n[[column]]\nname = \"a\"\nvalues = [\"x\"]"), "two columns"),
        (column(&format!("values = [\"{}\"]", "x".repeat(600))), "longer than 500"),
        (column(&format!("values = [{}]", "\"x\",".repeat(60_000))), "more than 50000 values"),
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let many: Vec<String> = (0..1001).map(|i| format!("[[column]]\nname = \"c{i}\"\nvalues = [\"x\"]\n")).collect();
    assert!(refusal(&many.concat()).contains("more than 1000"));
    let wide: Vec<String> = (0..30).map(|i| format!("[[column]]\nname = \"c{i}\"\nrange = [1, 50000]\n")).collect();
    assert!(refusal(&wide.concat()).contains("more than 1000000 values together"));
}

#[test]
fn a_column_without_values_or_with_one_is_fine_where_it_is_declared_so() {
    let columns = parse("[[column]]\nname = \"a\"\nvalues = []\n[[column]]\nname = \"b\"\nvalues = [\"x\"]");
    assert_eq!((columns.columns[0].codes(), columns.columns[1].codes()), (1, 2));
}

#[test]
fn chosen_columns_come_in_the_order_asked_for_and_unknown_ones_are_named() {
    let columns = parse(FILE);
    let chosen = columns.choose(&["year", "gender"]).unwrap();
    assert_eq!(chosen.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["year", "gender"]);
    let said = columns.choose(&["gendre"]).unwrap_err().to_string();
    assert!(said.contains("was `gender` meant?") && said.contains("citizenship"), "{said}");
    assert!(columns.choose(&["year", "year"]).unwrap_err().to_string().contains("twice"));
    assert!(columns.choose::<&str>(&[]).is_err());
}

#[test]
fn a_domain_is_written_as_it_is_read() {
    let columns = parse(FILE);
    assert_eq!(parse(&columns.to_toml()), columns);
    let odd = Columns { columns: vec![Column::new("a \"b\" =", vec!["\\".into(), "x\u{a0}y".into(), "é,;|".into()])] };
    assert_eq!(parse(&odd.to_toml()), odd);
}

#[test]
fn a_name_or_value_with_a_character_that_can_not_be_seen_is_refused_and_shown_with_it_written_out() {
    for hidden in
        ['\u{1b}', '\u{7}', '\0', '\n', '\t', '\u{7f}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{200f}', '\u{61c}']
    {
        let text = format!("a{hidden}b");
        let columns = [
            Column::new(&text, vec!["x".into()]),
            Column::new("c", vec!["x".into(), text.clone()]),
            Column { absent: vec![text.clone()], ..Column::new("c", vec!["x".into()]) },
            Column { groups: vec![text.clone()], group_of: vec![0], ..Column::new("c", vec!["x".into()]) },
        ];
        for column in columns {
            let said = Columns { columns: vec![column] }.check().unwrap_err().to_string();
            let shown = format!("a{}b", hidden.escape_unicode());
            assert!(said.contains(&shown) && said.contains("can't be seen"), "{said}");
            assert!(!said.contains(hidden) || hidden == '\n', "{said}");
        }
    }
    // Scripts from right to left, and letters that are joined or kept apart, need none of them.
    let scripts = ["جنس", "أنثى", "می\u{200c}خواهم", "נקבה", "क्\u{200d}ष", "はい", "Łódź", "👩\u{200d}👧"];
    let columns = scripts.map(|s| Column::new(s, vec![s.to_owned(), format!("{s} 2")]));
    Columns { columns: columns.to_vec() }.check().unwrap();
}

#[test]
fn weights_are_read_from_toml_and_csv() {
    let columns = parse(FILE);
    for text in [
        "gender = 3\nyear = 0.5",
        "[weights]\ngender = 3\nyear = 0.5",
        "column,weight\ngender,3\nyear,0.5\n",
        "\u{feff}# mine\nColumn;Weight\n\"gender\"; 3\n year ;0.5",
        "gender\t3\nyear\t0.5",
    ] {
        let weights = Weights::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(weights.of(&columns).unwrap(), [3.0, 0.5, 1.0, 1.0, 1.0], "{text}");
    }
}

#[test]
fn a_name_with_a_delimiter_in_it_stands_in_quotation_marks() {
    let weights = Weights::parse("column,weight\n\"a, \"\"b\"\"\",2\n").unwrap();
    assert_eq!(weights.weights, [("a, \"b\"".to_owned(), 2.0)]);
}

#[test]
fn weights_out_of_bounds_or_for_no_column_are_refused() {
    for (text, word) in [
        ("", "none is named"),
        ("column,weight\n", "none is named"),
        ("gender = 0", "above 0"),
        ("gender = 101", "at most 100"),
        ("gender = nan", "above 0"),
        ("gender,inf", "at most 100"),
        ("gender,-1", "above 0"),
        ("gender,two", "no number"),
        ("gender = \"two\"", "no number"),
        ("gender,1,2", "column and its weight"),
        ("gender", "column and its weight"),
        ("\"gender,1", "column and its weight"),
        ("gender,1\ngender,2", "two weights"),
        ("gender = ", "TOML"),
    ] {
        let said = Weights::parse(text).unwrap_err().to_string();
        assert!(said.contains(word), "{text}: {said}");
    }
    let said = Weights::parse("gendre = 2").unwrap().of(&parse(FILE)).unwrap_err().to_string();
    assert!(said.contains("was `gender` meant?") && said.contains("debtBondage"), "{said}");
}

proptest! {
    #[test]
    fn no_text_makes_the_parsers_panic(text in ".{0,200}", piece in "[\\[\\]=\"a-c0-9,;\n{}. ]{0,120}") {
        let _ = Columns::parse(&text);
        let _ = Columns::parse(&format!("[[column]]\nname = \"a\"\n{piece}"));
        let _ = Weights::parse(&text);
        let _ = Weights::parse(&piece);
    }

    #[test]
    fn every_sound_domain_is_written_as_it_is_read(
        columns in prop::collection::btree_map(
            "\\PC{1,8}",
            (prop::collection::btree_set("\\PC{1,12}", 0..12), any::<bool>(), prop::collection::vec(0..3_usize, 12)),
            1..6,
        )
    ) {
        let build = |(name, (values, other, groups)): (String, (std::collections::BTreeSet<String>, bool, Vec<usize>))| {
            let values: Vec<String> = values.into_iter().collect();
            let mut column = Column::new(name, values);
            column.other = column.values.first().filter(|_| other).cloned();
            column.absent = if other { vec!["(none)".into()] } else { Vec::new() };
            // Groups that have members, numbered without a gap.
            let used: std::collections::BTreeSet<usize> = groups.iter().take(column.values.len()).copied().collect();
            let used: Vec<usize> = used.into_iter().collect();
            column.groups = used.iter().map(|g| format!("(group {g})")).collect();
            column.group_of = groups.iter().take(column.values.len())
                .map(|g| used.iter().position(|u| u == g).unwrap() as u16).collect();
            column
        };
        let columns = Columns { columns: columns.into_iter().map(build).collect() };
        prop_assume!(columns.check().is_ok());
        prop_assert_eq!(Columns::parse(&columns.to_toml()).map_err(|e| e.to_string()), Ok(columns));
    }
}
