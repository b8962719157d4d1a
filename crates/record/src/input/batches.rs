//! Flat Parquet, column by column in batches of rows: texts, which are nearly all of a flat table, are not copied into values
//! of their own. The cells are those of [`super::columnar`], save that text that is not UTF-8 spoils its own cell alone.

use super::columnar::plain;
use super::{Body, Cells, Flow, Hints, InputError, Row, Sink};
use bytes::Bytes;
use parquet::basic::ConvertedType;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::ColumnDescPtr;

/// Rows of a batch.
const ROWS: usize = 1024;

/// Cells of one column in a batch.
#[derive(Default)]
struct Batch {
    text: Vec<u8>,
    /// Offset behind each cell.
    ends: Vec<usize>,
    levels: Vec<i16>,
}

fn damaged() -> InputError {
    InputError::Damaged { kind: "Parquet", why: "it cannot be parsed".into() }
}

pub(super) fn read(
    reader: &SerializedFileReader<Bytes>,
    width: usize,
    hints: &Hints,
    sink: &mut dyn Sink,
) -> Result<(), InputError> {
    let mut batches: Vec<Batch> = (0..width).map(|_| Batch::default()).collect();
    let (mut text, mut ends) = (Vec::new(), Vec::new());
    let mut number = 0_u64;
    for at in 0..reader.num_row_groups() {
        let group = reader.get_row_group(at).map_err(|_| damaged())?;
        let mut left = usize::try_from(group.metadata().num_rows()).map_err(|_| damaged())?;
        let mut columns = Vec::with_capacity(width);
        for column in 0..width {
            let descr = group.metadata().schema_descr().column(column);
            columns.push((group.get_column_reader(column).map_err(|_| damaged())?, descr));
        }
        while left > 0 {
            let rows = left.min(ROWS);
            left -= rows;
            for ((column, descr), batch) in columns.iter_mut().zip(&mut batches) {
                batch.fill(column, descr, rows)?;
            }
            for row in 0..rows {
                number += 1;
                text.clear();
                ends.clear();
                for batch in &batches {
                    let start = if row == 0 { 0 } else { batch.ends[row - 1] };
                    text.extend_from_slice(&batch.text[start..batch.ends[row]]);
                    ends.push(text.len() as u32);
                    text.push(0);
                }
                if text.len() > hints.limits.record_bytes {
                    return Err(InputError::RecordTooLong { line: number, limit: hints.limits.record_bytes });
                }
                if sink.row(&Row { number, body: Body::Cells(Cells::new(&text, &ends, &[])) }) == Flow::Stop {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

impl Batch {
    /// Reads the next rows of a column.
    fn fill(&mut self, column: &mut ColumnReader, descr: &ColumnDescPtr, rows: usize) -> Result<(), InputError> {
        self.text.clear();
        self.ends.clear();
        self.levels.clear();
        let is_text = matches!(
            descr.converted_type(),
            ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON | ConvertedType::BSON | ConvertedType::NONE
        );
        let most = descr.max_def_level();
        let put = |field: Field, text: &mut Vec<u8>| {
            if let Some(cell) = plain(&field) {
                text.extend_from_slice(cell.as_bytes());
            }
            Ok(())
        };
        match column {
            ColumnReader::BoolColumnReader(r) => {
                self.take(r, most, rows, |v, text| put(Field::convert_bool(descr, v), text))
            }
            ColumnReader::Int32ColumnReader(r) => {
                self.take(r, most, rows, |v, text| put(Field::convert_int32(descr, v), text))
            }
            ColumnReader::Int64ColumnReader(r) => {
                self.take(r, most, rows, |v, text| put(Field::convert_int64(descr, v), text))
            }
            ColumnReader::Int96ColumnReader(r) => {
                self.take(r, most, rows, |v, text| put(Field::convert_int96(descr, v), text))
            }
            ColumnReader::FloatColumnReader(r) => {
                self.take(r, most, rows, |v, text| put(Field::convert_float(descr, v), text))
            }
            ColumnReader::DoubleColumnReader(r) => {
                self.take(r, most, rows, |v, text| put(Field::convert_double(descr, v), text))
            }
            ColumnReader::ByteArrayColumnReader(r) if is_text => self.take(r, most, rows, |v, text| {
                match std::str::from_utf8(v.data()) {
                    Ok(valid) => text.extend_from_slice(valid.as_bytes()),
                    Err(_) => text.extend_from_slice(String::from_utf8_lossy(v.data()).as_bytes()),
                }
                Ok(())
            }),
            ColumnReader::ByteArrayColumnReader(r) => self
                .take(r, most, rows, |v, text| put(Field::convert_byte_array(descr, v).map_err(|_| damaged())?, text)),
            ColumnReader::FixedLenByteArrayColumnReader(r) => self.take(r, most, rows, |v, text| {
                put(Field::convert_byte_array(descr, v.into()).map_err(|_| damaged())?, text)
            }),
        }
    }

    /// Reads the next rows through a reader of their type; `most` is the level of definition of a cell that is there.
    fn take<T: DataType>(
        &mut self,
        reader: &mut ColumnReaderImpl<T>,
        most: i16,
        rows: usize,
        mut put: impl FnMut(T::T, &mut Vec<u8>) -> Result<(), InputError>,
    ) -> Result<(), InputError> {
        let mut values: Vec<T::T> = Vec::new();
        let mut read = 0;
        while read < rows {
            let (records, ..) =
                reader.read_records(rows - read, Some(&mut self.levels), None, &mut values).map_err(|_| damaged())?;
            if records == 0 {
                return Err(damaged());
            }
            read += records;
        }
        let mut values = values.into_iter();
        for row in 0..rows {
            if most == 0 || self.levels.get(row).is_some_and(|level| *level == most) {
                put(values.next().ok_or_else(damaged)?, &mut self.text)?;
            }
            self.ends.push(self.text.len());
        }
        Ok(())
    }
}
