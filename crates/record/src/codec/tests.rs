use super::*;
use accord_standard::codebook::{Class, Field, Kind, Level, Role};
use proptest::prelude::*;

/// A codebook of `n` fields whose numbers run against their order.
fn book(n: u16) -> Codebook {
    let fields = (0..n)
        .map(|i| Field {
            id: format!("f{i}"),
            number: 3 * (n - i),
            level: Level::Record,
            kind: Kind::Integer,
            list: None,
            class: Class::Quasi,
            role: Role::None,
            label: String::new(),
            definition: String::new(),
            why: String::new(),
            source: String::new(),
            example: String::new(),
            range: None,
        })
        .collect();
    Codebook { version: "test".into(), fields, lists: std::collections::BTreeMap::default() }
}

const FIELDS: u16 = 60;

fn cell() -> impl Strategy<Value = Cell> {
    let codes = prop::collection::vec(any::<u16>().prop_map(Code), 0..6);
    prop_oneof![
        (0usize..5).prop_map(|i| Cell::Missing(Missing::ALL[i])),
        any::<u16>().prop_map(|c| Cell::Code(Code(c))),
        codes.clone().prop_map(Cell::Codes),
        codes.prop_map(Cell::OneOf),
        any::<i32>().prop_map(Cell::Integer),
        (any::<u8>(), any::<u8>(), 0usize..4).prop_map(|(low, high, p)| Cell::Age(Age {
            low,
            high,
            precision: [AgePrecision::Exact, AgePrecision::About, AgePrecision::Range, AgePrecision::Disputed][p],
        })),
        date().prop_map(Cell::Date),
        ".{0,12}".prop_map(|s| Cell::Text(Secret::new(s))),
    ]
}

fn date() -> impl Strategy<Value = Date> {
    (any::<i16>(), any::<u8>(), any::<u8>()).prop_map(|(year, month, day)| Date { year, month, day })
}

fn part() -> impl Strategy<Value = Part> {
    prop::collection::btree_map((0..FIELDS).prop_map(FieldId), cell(), 0..12).prop_map(|m| m.into_iter().collect())
}

fn record() -> impl Strategy<Value = Record> {
    let parts = || prop::collection::vec(part(), 0..4);
    (".{0,20}", part(), parts(), parts(), parts()).prop_map(|(id, cells, events, perpetrators, platform_actions)| {
        Record { id: Secret::new(id), cells, events, perpetrators, platform_actions }
    })
}

fn incoming() -> impl Strategy<Value = Incoming> {
    let claim = (0usize..7, any::<bool>(), prop::option::of(date())).prop_map(|(p, given, date)| ConsentClaim {
        purpose: Purpose::ALL[p],
        given,
        date,
    });
    (record(), prop::collection::vec(claim, 0..9), prop::option::of(any::<u16>().prop_map(Code)))
        .prop_map(|(record, consent, legal_basis)| Incoming { record, consent, legal_basis })
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_to_the_same(incoming in incoming()) {
        let numbers = Numbers::of(&book(FIELDS));
        let mut bytes = Vec::new();
        encode_with(&numbers, &incoming, &mut bytes);
        prop_assert!(decode_with(&numbers, &bytes) == Ok(incoming.clone()));
        bytes.clear();
        encode_record_with(&numbers, &incoming.record, &mut bytes);
        prop_assert!(decode_record_with(&numbers, &bytes) == Ok(incoming.record));
    }

    #[test]
    fn every_truncation_and_every_extra_byte_is_refused(incoming in incoming(), extra in any::<u8>()) {
        let numbers = Numbers::of(&book(FIELDS));
        let mut bytes = Vec::new();
        encode_with(&numbers, &incoming, &mut bytes);
        for n in 0..bytes.len() {
            prop_assert!(decode_with(&numbers, &bytes[..n]).is_err());
        }
        bytes.push(extra);
        prop_assert!(decode_with(&numbers, &bytes).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..400), as_incoming in any::<bool>()) {
        let numbers = Numbers::of(&book(FIELDS));
        let _ = decode_with(&numbers, &bytes);
        if let Some(first) = bytes.first_mut() {
            *first = if as_incoming { INCOMING } else { RECORD };
        }
        let _ = decode_with(&numbers, &bytes);
        let _ = decode_record_with(&numbers, &bytes);
    }
}

#[test]
fn a_record_written_under_another_order_of_fields_is_sorted_again() {
    let old = Numbers::of(&book(FIELDS));
    let mut turned = book(FIELDS);
    turned.fields.reverse();
    let new = Numbers::of(&turned);
    let record =
        Record { cells: vec![(FieldId(1), Cell::Integer(1)), (FieldId(2), Cell::Integer(2))], ..Record::default() };
    let mut bytes = Vec::new();
    encode_record_with(&old, &record, &mut bytes);
    let read = decode_record_with(&new, &bytes).unwrap();
    assert!(read.cells == vec![(FieldId(FIELDS - 3), Cell::Integer(2)), (FieldId(FIELDS - 2), Cell::Integer(1))]);
}

#[test]
fn a_count_beyond_the_bytes_left_is_refused_before_anything_is_allocated() {
    let numbers = Numbers::of(&book(FIELDS));
    // Format, empty id, then 2^56 - 1 cells.
    let bytes = [RECORD, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0];
    assert_eq!(decode_record_with(&numbers, &bytes).err(), Some(CodecError::Count));
}

#[test]
fn a_field_of_a_newer_codebook_is_named_and_not_dropped() {
    let numbers = Numbers::of(&book(FIELDS));
    let mut bytes = vec![RECORD, 0, 1];
    put(&mut bytes, 1000 << 3);
    bytes.extend_from_slice(&[4, 0, 0, 0]);
    assert_eq!(decode_record_with(&numbers, &bytes).err(), Some(CodecError::UnknownField(1000)));
}
