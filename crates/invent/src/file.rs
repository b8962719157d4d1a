//! Files of invented organisations: bytes as they would come from each, with all their quirks.

use crate::InventError;
use crate::draw::{Draw, Stream};
use crate::text::{self, Style};
use crate::world::Holder;
use accord_record::model::{Part, Record};
use accord_standard::codebook::{Codebook, FieldId};
use rust_xlsxwriter::{Format, Workbook, Worksheet};
use std::io::Write;

impl Holder {
    /// Name of its file; says INVENTED.
    pub fn file_name(&self) -> String {
        let stem: String =
            self.spec.name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let ending = match self.style {
            Style::Plain | Style::Labels | Style::OwnColumns => "csv",
            Style::Workbook => "xlsx",
            Style::JsonLines => "jsonl",
        };
        format!("INVENTED-{}-{}.{ending}", self.index + 1, stem.trim_start_matches("invented-"))
    }

    /// The mapping file that its columns need, if they are its own.
    pub fn mapping(&self) -> Option<String> {
        let title = format!("Columns of {} (INVENTED)", self.spec.name);
        (self.style == Style::OwnColumns).then(|| crate::own::mapping(self.lexicon, Codebook::embedded(), &title))
    }

    /// The header of its file, or of the sheet `records`.
    pub fn header(&self) -> Vec<String> {
        match self.style {
            Style::Plain | Style::Labels | Style::JsonLines => text::flat_header(self.lexicon, Codebook::embedded()),
            Style::Workbook => text::record_header(self.lexicon, Codebook::embedded()),
            Style::OwnColumns => crate::own::header(),
        }
    }

    /// Its rows as text, in the order of the header; a stream in bounded memory. For a workbook: the sheet `records`.
    pub fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        let codebook = Codebook::embedded();
        self.incoming().enumerate().map(move |(i, incoming)| {
            let draw = &mut self.mess(i);
            match self.style {
                Style::Plain | Style::Labels | Style::JsonLines => {
                    text::flat_row(self.style, self.lexicon, codebook, &incoming, draw)
                }
                Style::Workbook => text::record_row(self.style, self.lexicon, codebook, &incoming, draw),
                Style::OwnColumns => crate::own::row(self.lexicon, codebook, &incoming, draw),
            }
        })
    }

    fn mess(&self, i: usize) -> Draw {
        Draw::new(self.seed, Stream::Mess, self.index, i as u64)
    }

    /// Writes its file.
    pub fn write(&self, out: &mut dyn Write) -> Result<(), InventError> {
        match self.style {
            Style::Plain => self.plain(out),
            Style::Labels => self.labels(out),
            Style::OwnColumns => self.own_columns(out),
            Style::JsonLines => self.json_lines(out),
            Style::Workbook => Ok(out.write_all(&self.workbook()?)?),
        }
    }

    fn plain(&self, out: &mut dyn Write) -> Result<(), InventError> {
        let mut line = String::new();
        csv_line(&mut line, &self.header(), ',');
        out.write_all(line.as_bytes())?;
        for row in self.rows() {
            line.clear();
            csv_line(&mut line, &row, ',');
            out.write_all(line.as_bytes())?;
        }
        Ok(())
    }

    fn labels(&self, out: &mut dyn Write) -> Result<(), InventError> {
        let mut utf16 = |line: &str| {
            let bytes: Vec<u8> = line.encode_utf16().flat_map(u16::to_le_bytes).collect();
            out.write_all(&bytes)
        };
        let mut line = String::from("\u{feff}");
        csv_line(&mut line, &self.header(), ';');
        utf16(&line)?;
        for row in self.rows() {
            line.clear();
            csv_line(&mut line, &row, ';');
            utf16(&line)?;
        }
        Ok(())
    }

    fn own_columns(&self, out: &mut dyn Write) -> Result<(), InventError> {
        let mut line = format!("{}: DATOS INVENTADOS (INVENTED DATA)\r\n", self.spec.name);
        csv_line(&mut line, &self.header(), ';');
        let mut legacy = |line: &str| {
            let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(line);
            out.write_all(&bytes)
        };
        legacy(&line)?;
        for row in self.rows() {
            line.clear();
            csv_line(&mut line, &row, ';');
            legacy(&line)?;
        }
        Ok(())
    }

    fn json_lines(&self, out: &mut dyn Write) -> Result<(), InventError> {
        let codebook = Codebook::embedded();
        for (i, incoming) in self.incoming().enumerate() {
            let value = text::json(codebook, &incoming, &mut self.mess(i));
            writeln!(out, "{value}")?;
        }
        Ok(())
    }

    fn workbook(&self) -> Result<Vec<u8>, InventError> {
        let mut book = Workbook::new();
        let bold = Format::new().set_bold();
        let records = book.add_worksheet();
        records.set_name("records")?;
        records.set_freeze_panes(1, 0)?;
        for (column, name) in self.header().iter().enumerate() {
            records.write_string_with_format(0, column as u16, name, &bold)?;
        }
        for (i, row) in self.rows().enumerate() {
            for (column, text) in row.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
                // Ages and years stand as numbers, as a spreadsheet would have made of them.
                match text.parse::<u16>() {
                    Ok(number) if text.len() <= 4 => {
                        records.write_number(i as u32 + 1, column as u16, f64::from(number))?
                    }
                    _ => records.write_string(i as u32 + 1, column as u16, text)?,
                };
            }
        }
        let fields = text::event_fields(self.lexicon);
        self.parts(book.add_worksheet(), "events", &fields, &bold, |record| &record.events)?;
        let fields = text::perpetrator_fields(self.lexicon);
        self.parts(book.add_worksheet(), "perpetrators", &fields, &bold, |record| &record.perpetrators)?;
        let about = book.add_worksheet();
        about.set_name("read me")?;
        about.write_string(0, 0, format!("INVENTED DATA: {}. Nobody in this file exists.", self.spec.name))?;
        book.set_properties(&fixed_properties()?);
        Ok(book.save_to_buffer()?)
    }

    /// A sheet of events or perpetrators, joined to `records` by its first column.
    fn parts(
        &self,
        sheet: &mut Worksheet,
        name: &str,
        fields: &[FieldId],
        bold: &Format,
        of: fn(&Record) -> &[Part],
    ) -> Result<(), InventError> {
        let codebook = Codebook::embedded();
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        sheet.write_string_with_format(0, 0, "record_id", bold)?;
        for (column, field) in fields.iter().enumerate() {
            sheet.write_string_with_format(0, column as u16 + 1, &codebook.get(*field).id, bold)?;
        }
        let mut at = 0u32;
        for (i, incoming) in self.incoming().enumerate() {
            let draw = &mut self.mess(i);
            for part in of(&incoming.record) {
                at += 1;
                sheet.write_string(at, 0, incoming.record.id.expose())?;
                let row = text::part_row(self.style, codebook, fields, Some(part), draw);
                for (column, text) in row.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
                    sheet.write_string(at, column as u16 + 1, text)?;
                }
            }
        }
        Ok(())
    }
}

/// Properties without the moment of writing: same seed, same bytes.
fn fixed_properties() -> Result<rust_xlsxwriter::DocProperties, InventError> {
    let made = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 1, 1)?;
    Ok(rust_xlsxwriter::DocProperties::new().set_title("INVENTED DATA").set_creation_datetime(&made))
}

/// Writes invented records of the mixed stream as CSV of the standard, in bounded memory.
pub fn write_records(seed: u64, n: u64, out: &mut dyn Write) -> Result<(), InventError> {
    let (lexicon, codebook) = (crate::lexicon(), Codebook::embedded());
    let mut line = String::new();
    csv_line(&mut line, &text::flat_header(lexicon, codebook), ',');
    out.write_all(line.as_bytes())?;
    for (number, incoming) in crate::records(seed, n).enumerate() {
        let draw = &mut Draw::new(seed, Stream::Mess, u32::MAX, number as u64);
        line.clear();
        csv_line(&mut line, &text::flat_row(Style::Plain, lexicon, codebook, &incoming, draw), ',');
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}

/// Appends a row, quoted where it must be.
pub(crate) fn csv_line(line: &mut String, cells: &[String], delimiter: char) {
    for (i, cell) in cells.iter().enumerate() {
        if i > 0 {
            line.push(delimiter);
        }
        if cell.contains([delimiter, '"', '\n', '\r', ';', ',']) {
            line.push('"');
            line.push_str(&cell.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(cell);
        }
    }
    line.push_str("\r\n");
}
