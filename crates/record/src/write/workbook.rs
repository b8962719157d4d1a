//! XLSX: every cell is typed as text, so that no spreadsheet computes any of it.

use super::Columns;
use crate::input::Limits;
use crate::model::Incoming;
use accord_standard::codebook::Codebook;
use rust_xlsxwriter::{Workbook as Book, Worksheet};

/// Why a workbook could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    /// More rows or columns than are read back.
    #[error("a workbook holds at most {0} rows and {1} columns; write CSV or JSON lines")]
    TooLarge(u32, u32),
    /// The library refused.
    #[error("the workbook could not be written: {0}")]
    Library(#[from] rust_xlsxwriter::XlsxError),
}

/// A workbook with one sheet, `records`.
pub struct Workbook {
    sheet: Worksheet,
    row: u32,
}

impl Workbook {
    /// A workbook with a header.
    pub fn new(columns: &Columns, book: &Codebook) -> Result<Workbook, WorkbookError> {
        let mut sheet = Worksheet::new();
        sheet.set_name("records")?;
        sheet.set_freeze_panes(1, 1)?;
        let mut out = Workbook { sheet, row: 0 };
        out.row(&columns.header(book))?;
        Ok(out)
    }

    /// Adds a record.
    pub fn add(&mut self, columns: &Columns, book: &Codebook, incoming: &Incoming) -> Result<(), WorkbookError> {
        self.row(&columns.cells(book, incoming))
    }

    fn row(&mut self, cells: &[String]) -> Result<(), WorkbookError> {
        let (rows, width) = Limits::default().sheet_extent;
        if self.row >= rows || cells.len() > width as usize {
            return Err(WorkbookError::TooLarge(rows, width));
        }
        for (column, cell) in cells.iter().enumerate().filter(|(_, c)| !c.is_empty()) {
            self.sheet.write_string(self.row, column as u16, cell)?;
        }
        self.row += 1;
        Ok(())
    }

    /// The bytes of the file.
    pub fn finish(self) -> Result<Vec<u8>, WorkbookError> {
        let mut book = Book::new();
        book.push_worksheet(self.sheet);
        Ok(book.save_to_buffer()?)
    }
}
