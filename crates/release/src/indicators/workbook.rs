//! Indicators as a workbook: notes first, then one sheet an indicator in the requester's columns.

use super::write::{Cell, Sheet, columns, notes};
use crate::bundle::Bundle;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

/// Longest text that a cell takes.
const LONGEST: usize = 32_767;

/// The workbook. A deterministic function of its input.
///
/// # Errors
/// If the format can't hold it.
pub fn workbook(bundle: &Bundle, sheets: &[Sheet<'_>]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // A fixed date: the file is a function of the release alone.
    let day = ExcelDateTime::from_ymd(2000, 1, 1)?;
    book.set_properties(&DocProperties::new().set_title(clean(&bundle.info.title)).set_creation_datetime(&day));
    let bold = Format::new().set_bold();
    let wrap = Format::new().set_text_wrap();
    let page = book.add_worksheet().set_name("Notes")?;
    page.set_column_width(0, 28)?.set_column_width(1, 110)?;
    for (at, (name, words)) in (0_u32..).zip(notes(bundle, sheets)) {
        page.write_string_with_format(at, 0, clean(&name), &bold)?;
        page.write_string_with_format(at, 1, clean(&words), &wrap)?;
    }
    let names = columns(sheets);
    for sheet in sheets {
        let page = book.add_worksheet().set_name(sheet.indicator.id.to_uppercase())?;
        // Above the requester's header stands what no number may be copied without.
        page.write_string_with_format(0, 0, banner(bundle, sheet), &bold)?;
        page.set_freeze_panes(2, 0)?;
        for (column, name) in (0_u16..).zip(&names) {
            page.write_string_with_format(1, column, *name, &bold)?;
        }
        for at in 0..sheet.rows.len() {
            for (column, cell) in (0_u16..).zip(sheet.cells(at)) {
                match cell {
                    Cell::Text(text) if text.is_empty() => {}
                    Cell::Text(text) => {
                        page.write_string(at as u32 + 2, column, clean(&text))?;
                    }
                    Cell::Number(number) => {
                        page.write_number(at as u32 + 2, column, number)?;
                    }
                }
            }
        }
    }
    book.save_to_buffer()
}

/// Status, mark of invented people and wording of a sheet.
fn banner(bundle: &Bundle, sheet: &Sheet<'_>) -> String {
    let mut out = String::new();
    if bundle.info.invented {
        out.push_str("INVENTED DATA. ");
    }
    if bundle.decision.is_none() {
        out.push_str("DRAFT: not decided on by a council. ");
    }
    clean(&format!("{out}{}. Say: {}. Read the notes.", sheet.indicator.title, sheet.indicator.wording))
}

/// Text that a workbook can hold: no control characters, not too long.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}
