//! A flat table of categories as Parquet: one optional text column a column, dictionary-encoded, blank as null.
//!
//! Values stand as the domain has them: Parquet is typed, so nothing in it can be taken for a formula. The file is a function
//! of columns and rows alone: no time, no host, a fixed writer's name.

use accord_standard::columns::Columns;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::io::Write;
use std::sync::Arc;

/// Rows of a row group: what a reader takes at once.
const GROUP: usize = 1 << 20;
/// Rows encoded at once.
const BATCH: usize = 1 << 13;
/// Bytes of a column's values that are still kept as a dictionary.
const DICTIONARY: usize = 64 << 20;

/// Why a flat table can't be written as Parquet.
#[derive(Debug, thiserror::Error)]
pub enum FlatParquetError {
    /// The rows don't fit the columns.
    #[error("column {0}: its rows don't fit it")]
    Rows(usize),
    /// The writer refuses.
    #[error("Parquet can't be written: {0}")]
    Parquet(#[from] ParquetError),
}

/// Writes rows of codes, one vector a column: nought for blank, otherwise the position of the value counted from one.
///
/// # Errors
/// [`FlatParquetError::Rows`] if a column is missing, shorter than the first, or holds a code that its domain doesn't have;
/// nothing is written then. [`FlatParquetError::Parquet`] if the medium refuses.
pub fn flat_parquet(columns: &Columns, rows: &[Vec<u16>], out: impl Write + Send) -> Result<(), FlatParquetError> {
    let count = rows.first().map_or(0, Vec::len);
    for (at, column) in columns.columns.iter().enumerate() {
        let fits = |codes: &Vec<u16>| {
            codes.len() == count && codes.iter().max().is_none_or(|code| usize::from(*code) < column.codes())
        };
        if !rows.get(at).is_some_and(fits) {
            return Err(FlatParquetError::Rows(at + 1));
        }
    }
    if rows.len() != columns.columns.len() {
        return Err(FlatParquetError::Rows(columns.columns.len() + 1));
    }
    let mut writer = SerializedFileWriter::new(out, Arc::new(schema(columns)?), Arc::new(properties()?))?;
    let (mut values, mut levels) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
    for start in (0..count).step_by(GROUP) {
        let mut group = writer.next_row_group()?;
        for (column, codes) in columns.columns.iter().zip(rows) {
            // Shared: cloning one costs a counter.
            let texts: Vec<ByteArray> = column.values.iter().map(|v| ByteArray::from(v.as_str())).collect();
            let Some(mut chunk) = group.next_column()? else { break };
            for batch in codes[start..count.min(start + GROUP)].chunks(BATCH) {
                values.clear();
                values.extend(batch.iter().filter(|c| **c > 0).map(|c| texts[usize::from(*c) - 1].clone()));
                levels.clear();
                levels.extend(batch.iter().map(|c| i16::from(*c > 0)));
                chunk.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)?;
            }
            chunk.close()?;
        }
        group.close()?;
    }
    writer.close()?;
    Ok(())
}

fn schema(columns: &Columns) -> Result<Type, ParquetError> {
    let field = |name: &str| {
        Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(Some(LogicalType::String))
            .build()
            .map(Arc::new)
    };
    let fields = columns.columns.iter().map(|c| field(&c.name)).collect::<Result<Vec<_>, _>>()?;
    Type::group_type_builder("synthetic").with_fields(fields).build()
}

fn properties() -> Result<WriterProperties, ParquetError> {
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_created_by("accord".to_owned())
        .set_dictionary_enabled(true)
        .set_dictionary_page_size_limit(DICTIONARY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use accord_standard::columns::Column;
    use bytes::Bytes;
    use parquet::basic::Encoding;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;
    use proptest::prelude::*;

    fn columns(domain: &[(&str, &[&str])]) -> Columns {
        let column =
            |(name, values): &(&str, &[&str])| Column::new(*name, values.iter().map(|v| (*v).into()).collect());
        Columns { columns: domain.iter().map(column).collect() }
    }

    fn written(columns: &Columns, rows: &[Vec<u16>]) -> Vec<u8> {
        let mut out = Vec::new();
        flat_parquet(columns, rows, &mut out).unwrap();
        out
    }

    /// What the `parquet` crate's own reader makes of it: names, and cells by row, `None` for null.
    fn read(bytes: Vec<u8>) -> (Vec<String>, Vec<Vec<Option<String>>>) {
        let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
        let names =
            reader.metadata().file_metadata().schema().get_fields().iter().map(|f| f.name().to_owned()).collect();
        let cell = |field: &Field| match field {
            Field::Null => None,
            Field::Str(text) => Some(text.clone()),
            other => panic!("{other:?} is no text"),
        };
        let row = |row: parquet::record::Row| row.get_column_iter().map(|(_, f)| cell(f)).collect();
        let rows = reader.get_row_iter(None).unwrap().map(|r| row(r.unwrap())).collect();
        (names, rows)
    }

    /// What was meant, cell by cell.
    fn meant(columns: &Columns, rows: &[Vec<u16>]) -> Vec<Vec<Option<String>>> {
        let cell = |(column, codes): (&Column, &Vec<u16>), row: usize| match codes[row] {
            0 => None,
            code => Some(column.values[usize::from(code) - 1].clone()),
        };
        let count = rows.first().map_or(0, Vec::len);
        (0..count).map(|row| columns.columns.iter().zip(rows).map(|c| cell(c, row)).collect()).collect()
    }

    #[test]
    fn a_blank_is_null_and_a_value_stands_as_the_domain_has_it() {
        let columns = columns(&[("gender", &["woman", "=cmd"]), ("جنس", &["ضحية, \"x\""]), ("empty", &[])]);
        let rows = vec![vec![1, 2, 0], vec![0, 1, 1], vec![0, 0, 0]];
        let bytes = written(&columns, &rows);
        assert_eq!(bytes, written(&columns, &rows), "the same rows, other bytes");
        let (names, found) = read(bytes);
        assert_eq!(names, ["gender", "جنس", "empty"]);
        assert_eq!(found, meant(&columns, &rows));
        assert_eq!(found[1][0].as_deref(), Some("=cmd"));
    }

    #[test]
    fn a_long_column_is_a_dictionary_and_small() {
        let columns = columns(&[("country", &["Invented land", "Another invented land"])]);
        let rows = vec![(0..1_200_000_u32).map(|r| (r % 3) as u16).collect::<Vec<_>>()];
        let bytes = written(&columns, &rows);
        assert!(bytes.len() < 200_000, "{} bytes", bytes.len());
        let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
        assert_eq!(reader.num_row_groups(), 2);
        let chunk = reader.metadata().row_group(0).column(0).clone();
        assert!(chunk.dictionary_page_offset().is_some());
        assert!(chunk.encodings().any(|e| e == Encoding::RLE_DICTIONARY));
        assert_eq!(reader.metadata().file_metadata().num_rows(), 1_200_000);
        let rows_read = reader.get_row_iter(None).unwrap().skip(1_199_998).map(|r| r.unwrap().to_string());
        assert_eq!(rows_read.collect::<Vec<_>>().len(), 2);
    }

    #[test]
    fn no_rows_are_a_table_all_the_same() {
        let columns = columns(&[("a", &["x"])]);
        assert_eq!(read(written(&columns, &[vec![]])), (vec!["a".to_owned()], vec![]));
    }

    #[test]
    fn rows_that_do_not_fit_are_refused_before_anything_is_written() {
        let columns = columns(&[("a", &["x"]), ("b", &["y"])]);
        for rows in [vec![vec![1]], vec![vec![1], vec![]], vec![vec![1], vec![2]], vec![vec![1], vec![1], vec![1]]] {
            let mut out = Vec::new();
            assert!(matches!(flat_parquet(&columns, &rows, &mut out), Err(FlatParquetError::Rows(_))), "{rows:?}");
            assert!(out.is_empty());
        }
    }

    proptest! {
        #[test]
        fn whatever_a_value_says_it_reads_back(
            values in proptest::collection::btree_set(any::<String>().prop_filter("empty", |s| !s.is_empty()), 1..6),
            name in any::<String>(),
            codes in proptest::collection::vec(any::<u16>(), 0..40),
        ) {
            let columns = Columns { columns: vec![Column::new(name, values.into_iter().collect())] };
            let most = columns.columns[0].codes() as u16;
            let rows = vec![codes.into_iter().map(|c| c % most).collect::<Vec<_>>()];
            let (names, found) = read(written(&columns, &rows));
            prop_assert_eq!(&names[0], &columns.columns[0].name);
            prop_assert_eq!(found, meant(&columns, &rows));
        }
    }
}
