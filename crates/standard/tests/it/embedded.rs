//! The embedded standard holds together.

use accord_standard::codebook::{Class, Codebook};
use accord_standard::crosswalk::{self, Crosswalk};
use accord_standard::dimension;
use accord_standard::figure::Symbol;
use accord_standard::workload;
use std::collections::BTreeSet;

#[test]
fn the_codebook_loads_without_a_problem() {
    let book = Codebook::embedded();
    assert!(book.fields.len() > 90, "{}", book.fields.len());
    assert!(book.problems().is_empty());
    for (i, field) in book.fields.iter().enumerate() {
        let id = accord_standard::codebook::FieldId(i as u16);
        assert_eq!(book.field(&book.path(id)), Some(id));
        assert_eq!(book.by_number(field.number), Some(id));
    }
}

#[test]
fn dimensions_workloads_and_crosswalks_load() {
    assert!(dimension::embedded().len() >= 10);
    for id in workload::ids() {
        assert!(workload::embedded(id).unwrap().problems().is_empty());
    }
    for id in Crosswalk::ids() {
        let crosswalk = Crosswalk::embedded(id).unwrap();
        assert_eq!(crosswalk::check(crosswalk, Codebook::embedded()), vec![]);
    }
}

#[test]
fn no_direct_identifier_and_no_narrative_can_be_cut_by() {
    let book = Codebook::embedded();
    for dimension in dimension::embedded() {
        let field = book.get(book.field(&dimension.field).unwrap());
        assert_ne!(field.class, Class::Direct, "{}", dimension.id);
    }
}

#[test]
fn every_code_of_a_cut_falls_into_a_category_except_protective_uses() {
    let book = Codebook::embedded();
    // Used by the person for herself, or known not to be: neither is a role of technology in trafficking.
    let aside = ["seek_help", "report_platform", "evidence_kept"];
    for dimension in dimension::embedded() {
        let Some(list) = book.list_of(book.field(&dimension.field).unwrap()) else { continue };
        let within = |c: &'static dimension::Category| {
            c.within.iter().filter(|clause| clause.field == dimension.field).flat_map(|clause| &clause.any)
        };
        let held: BTreeSet<&String> = dimension
            .categories
            .iter()
            .flat_map(|c| c.any.iter().chain(&c.every).chain(c.each.iter().flatten()).chain(within(c)))
            .collect();
        let left: Vec<&str> = list
            .codes
            .iter()
            .filter(|c| c.any_of.is_empty() && !held.contains(&c.id) && !aside.contains(&c.id.as_str()))
            .map(|c| c.id.as_str())
            .collect();
        assert!(left.is_empty(), "{}: {left:?} would be counted as unknown", dimension.id);
    }
}

#[test]
fn each_default_table_has_sex_first_and_the_shares_sum_to_one() {
    let workload = workload::embedded("default").unwrap();
    let shares: Vec<u32> = workload.tables.iter().map(|t| t.share).collect();
    assert_eq!(shares, [400, 300, 300]);
    assert!(workload.tables.iter().all(|t| t.dimensions[0].id == "sex"));
    let cells: Vec<usize> = workload.tables.iter().map(accord_standard::workload::TableSpec::cells).collect();
    assert_eq!(cells, [4 * 12, 4 * 12 * 6, 4 * 12 * 8]);
    let most: Vec<u32> =
        workload.tables.iter().map(accord_standard::workload::TableSpec::most_cells_per_person).collect();
    assert_eq!(most, [1, 1, 6]);
    assert_eq!(workload.tables[1].refines.as_deref(), Some("m1"));
}

#[test]
fn a_workload_never_speaks_of_prevalence_without_denying_it() {
    for id in workload::ids() {
        let workload = workload::embedded(id).unwrap();
        assert!(workload.population.contains("not all who exist"));
        assert!(workload.caveats.iter().any(|c| c.contains("not all who exist")));
        assert!(workload.title.contains("recorded"));
        for table in &workload.tables {
            assert!(table.title.contains("recorded"), "{}", table.title);
        }
    }
}

#[test]
fn privacy_14_every_table_has_its_unknown_rows_and_every_workload_its_definition_and_caveats() {
    for id in workload::ids() {
        let mut workload = workload::embedded(id).unwrap();
        for table in &workload.tables {
            assert!(table.dimensions.iter().all(|d| d.categories.last().unwrap().id == "unknown"));
        }
        workload.tables[0].dimensions[0].categories.pop();
        workload.caveats.clear();
        let problems: Vec<String> = workload.problems().iter().map(ToString::to_string).collect();
        assert!(problems.iter().any(|p| p.contains("always a row of its own")), "{problems:?}");
        assert!(problems.iter().any(|p| p.contains("at least one caveat")), "{problems:?}");
    }
}

#[test]
fn the_published_schemas_are_those_that_the_codebook_makes() {
    for (name, value) in accord_standard::schema::files(Codebook::embedded()) {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../standard/schemas").join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text == format!("{value:#}\n"),
            "standard/schemas/{name} is old: cargo run -p accord-standard --example schemas"
        );
    }
}

#[test]
fn a_number_that_was_given_once_never_changes() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../standard/schemas/numbers.txt");
    let given = std::fs::read_to_string(path).unwrap();
    let given: BTreeSet<&str> = given.lines().collect();
    let now = Codebook::embedded().numbers();
    let now: BTreeSet<&str> = now.iter().map(String::as_str).collect();
    let changed: Vec<_> = given.difference(&now).collect();
    assert!(changed.is_empty(), "sealed records hold these numbers: {changed:?}");
    let new: Vec<_> = now.difference(&given).collect();
    assert!(new.is_empty(), "write new numbers down: cargo run -p accord-standard --example schemas ({new:?})");
}

#[test]
fn every_symbol_has_a_mark_of_its_own() {
    use Symbol::{Hidden, Low, NotApplicable, NotCollected, Provisional, Unknown};
    let marks: BTreeSet<&str> =
        [Hidden, NotCollected, NotApplicable, Unknown, Low, Provisional].map(Symbol::mark).into_iter().collect();
    assert_eq!(marks, BTreeSet::from(["[c]", "[x]", "[z]", "[u]", "[low]", "[p]"]));
}
