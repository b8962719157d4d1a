//! The embedded standard holds together.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

use accord_standard::codebook::{Class, Codebook};
use accord_standard::crosswalk::{self, Crosswalk};
use accord_standard::workload;
use accord_standard::{dimension, value::Missing};

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
    assert_eq!(Missing::ALL.len(), 5);
}
