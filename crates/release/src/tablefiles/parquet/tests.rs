//! The `parquet` crate reads what is written here.

use super::*;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::Field;
use bytes::Bytes;
use proptest::prelude::*;

fn written(columns: &[(&str, &[&str])], codes: &[Vec<u32>], words: &[(&str, &str)]) -> Vec<u8> {
    let columns: Vec<TextColumn<'_>> = columns
        .iter()
        .zip(codes)
        .map(|((name, texts), codes)| TextColumn { name, texts: texts.to_vec(), code: Box::new(|row| codes[row]) })
        .collect();
    let mut out = Vec::new();
    write_parquet(&columns, codes.first().map_or(0, Vec::len), words, &mut out).unwrap();
    out
}

type Cells = Vec<Vec<Option<String>>>;

/// Names, and cells by row, `None` for null.
fn read(bytes: Vec<u8>) -> (Vec<String>, Cells) {
    let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
    let schema = reader.metadata().file_metadata().schema();
    let names = schema.get_fields().iter().map(|f| f.name().to_owned()).collect();
    let cell = |field: &Field| match field {
        Field::Null => None,
        Field::Str(text) => Some(text.clone()),
        other => panic!("{other:?} is no text"),
    };
    let row = |row: ::parquet::record::Row| row.get_column_iter().map(|(_, f)| cell(f)).collect();
    let rows = reader.get_row_iter(None).unwrap().map(|r| row(r.unwrap())).collect();
    (names, rows)
}

fn meant(columns: &[(&str, &[&str])], codes: &[Vec<u32>]) -> Cells {
    let cell = |((_, texts), codes): (&(&str, &[&str]), &Vec<u32>), row: usize| match codes[row] {
        0 => None,
        code => texts.get(code as usize - 1).map(|t| (*t).to_owned()),
    };
    let rows = codes.first().map_or(0, Vec::len);
    (0..rows).map(|row| columns.iter().zip(codes).map(|c| cell(c, row)).collect()).collect()
}

#[test]
fn another_reader_finds_names_nulls_and_texts_of_every_script() {
    let columns: [(&str, &[&str]); 4] =
        [("gender", &["woman", "=cmd"]), ("جنس", &["ضحية, \"x\""]), ("empty", &[]), ("", &["a", "b", "c", "d", "e"])];
    let codes = [vec![1, 2, 0], vec![0, 1, 1], vec![0, 0, 0], vec![5, 1, 3]];
    let bytes = written(&columns, &codes, &[]);
    assert_eq!(bytes, written(&columns, &codes, &[]), "the same rows, other bytes");
    let (names, found) = read(bytes);
    assert_eq!(names, ["gender", "جنس", "empty", ""]);
    assert_eq!(found, meant(&columns, &codes));
}

#[test]
fn the_words_of_a_file_stand_in_its_metadata() {
    let bytes = written(&[("a", &["x"])], &[vec![1]], &[("invented", "INVENTED DATA"), ("caveats", "تحذير")]);
    let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
    let words = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let words: Vec<(&str, Option<&str>)> = words.iter().map(|w| (w.key.as_str(), w.value.as_deref())).collect();
    assert_eq!(words, [("invented", Some("INVENTED DATA")), ("caveats", Some("تحذير"))]);
    assert_eq!(reader.metadata().file_metadata().created_by(), Some("accord"));
}

#[test]
fn a_long_column_is_several_row_groups_and_small() {
    let codes = [(0..1_200_000_u32).map(|row| row / 5 % 3).collect::<Vec<_>>()];
    let columns: [(&str, &[&str]); 1] = [("country", &["Invented land", "Another invented land"])];
    let bytes = written(&columns, &codes, &[]);
    assert!(bytes.len() < 400_000, "{} bytes", bytes.len());
    let reader = SerializedFileReader::new(Bytes::from(bytes.clone())).unwrap();
    assert_eq!(reader.num_row_groups(), 2);
    assert_eq!(reader.metadata().file_metadata().num_rows(), 1_200_000);
    assert_eq!(read(bytes).1, meant(&columns, &codes));
}

#[test]
fn no_rows_are_a_table_all_the_same() {
    assert_eq!(read(written(&[("a", &["x"])], &[vec![]], &[])), (vec!["a".to_owned()], vec![]));
}

proptest! {
    #[test]
    fn whatever_a_row_says_another_reader_finds_it(
        texts in proptest::collection::vec(any::<String>(), 0..300),
        runs in proptest::collection::vec((any::<u32>(), 1_usize..30), 0..60),
        name in any::<String>(),
    ) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let code = |c: u32| c % (texts.len() as u32 + 1);
        let codes = [runs.iter().flat_map(|(c, run)| vec![code(*c); *run]).collect::<Vec<_>>()];
        let columns: [(&str, &[&str]); 1] = [(name.as_str(), &texts)];
        let (names, found) = read(written(&columns, &codes, &[]));
        prop_assert_eq!(&names[0], &name);
        prop_assert_eq!(found, meant(&columns, &codes));
    }

    #[test]
    fn codes_of_every_width_read_back(size in 1_u32..70_000, codes in proptest::collection::vec(any::<u32>(), 1..200)) {
        let texts: Vec<String> = (0..size).map(|i| i.to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let codes = [codes.into_iter().map(|c| c % (size + 1)).collect::<Vec<_>>()];
        let columns: [(&str, &[&str]); 1] = [("a", &texts)];
        prop_assert_eq!(read(written(&columns, &codes, &[])).1, meant(&columns, &codes));
    }
}
