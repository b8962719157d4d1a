//! Parquet, through the record reader: flat columns become cells, nested ones take the form of JSON lines.

use super::{Body, Cells, Fault, Flow, Format, Found, Hints, InputError, Row, Sink, lines};
use bytes::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row as Record};
use serde_json::{Map, Value};

pub(super) fn read(file: Vec<u8>, hints: &Hints, gzip: bool, sink: &mut dyn Sink) -> Result<(), InputError> {
    let damaged = |_| InputError::Damaged { kind: "Parquet", why: "it cannot be parsed".into() };
    let reader = SerializedFileReader::new(Bytes::from(file)).map_err(damaged)?;
    let schema = reader.metadata().file_metadata().schema();
    let columns = schema.get_fields();
    if columns.len() > hints.limits.columns {
        return Err(InputError::Refused(format!("the file has more than {} columns", hints.limits.columns)));
    }
    let flat = columns.iter().all(|c| c.is_primitive());
    let header: Vec<String> = if flat { columns.iter().map(|c| c.name().to_owned()).collect() } else { Vec::new() };
    let found =
        Found { format: Format::Parquet, gzip, encoding: None, delimiter: None, header_row: 0, notes: Vec::new() };
    if sink.start(&found, &header) == Flow::Stop {
        return Ok(());
    }
    let repeated = (0..columns.len()).any(|i| {
        reader.metadata().file_metadata().schema_descr().columns().get(i).is_none_or(|c| c.max_rep_level() > 0)
    });
    if hints.flat && flat && !repeated {
        return super::batches::read(&reader, columns.len(), hints, sink);
    }
    let separator = hints.separator.as_deref().unwrap_or(";");
    let (mut text, mut ends, mut named) = (Vec::new(), Vec::new(), Vec::new());
    for (i, record) in reader.get_row_iter(None).map_err(damaged)?.enumerate() {
        let record = record.map_err(damaged)?;
        let number = i as u64 + 1;
        let body = if flat {
            text.clear();
            ends.clear();
            for (_, field) in record.get_column_iter() {
                if let Some(cell) = plain(field) {
                    text.extend_from_slice(cell.as_bytes());
                }
                ends.push(text.len() as u32);
                text.push(0);
            }
            if text.len() > hints.limits.record_bytes {
                return Err(InputError::RecordTooLong { line: number, limit: hints.limits.record_bytes });
            }
            Body::Cells(Cells::new(&text, &ends, &[]))
        } else {
            named.clear();
            match object(&record, 0).and_then(|o| lines::flatten(&o, separator, &mut named)) {
                Ok(()) => Body::Named(&named),
                Err(why) => Body::Fault(Fault::Json(why)),
            }
        };
        if sink.row(&Row { number, body }) == Flow::Stop {
            return Ok(());
        }
    }
    Ok(())
}

/// Text of a primitive value; `None` for null.
pub(super) fn plain(field: &Field) -> Option<String> {
    Some(match field {
        Field::Null => return None,
        Field::Bool(true) => "yes".into(),
        Field::Bool(false) => "no".into(),
        Field::Str(s) => s.clone(),
        Field::Bytes(b) => String::from_utf8_lossy(b.data()).into_owned(),
        Field::Date(days) => date_of(i64::from(*days)),
        Field::TimestampMillis(ms) => date_of(ms.div_euclid(86_400_000)),
        Field::TimestampMicros(us) => date_of(us.div_euclid(86_400_000_000)),
        Field::Float(f) if f.fract() == 0.0 && f.abs() < 1e7 => (*f as i64).to_string(),
        Field::Double(f) if f.fract() == 0.0 && f.abs() < 1e15 => (*f as i64).to_string(),
        other => other.to_string(),
    })
}

fn value(field: &Field, depth: usize) -> Result<Value, String> {
    Ok(match field {
        Field::Group(row) => Value::Object(object(row, depth + 1)?),
        Field::ListInternal(list) => {
            Value::Array(list.elements().iter().map(|f| value(f, depth + 1)).collect::<Result<_, _>>()?)
        }
        Field::MapInternal(_) => return Err("maps are not read".into()),
        plain_field => plain(plain_field).map_or(Value::Null, Value::String),
    })
}

fn object(row: &Record, depth: usize) -> Result<Map<String, Value>, String> {
    if depth > 8 {
        return Err("columns are nested too deeply".into());
    }
    row.get_column_iter().map(|(name, field)| Ok((name.clone(), value(field, depth)?))).collect()
}

/// Days since 1970-01-01 as an ISO date (Howard Hinnant's `civil_from_days`).
fn date_of(days: i64) -> String {
    let z = days.saturating_add(719_468);
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let mp = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}
