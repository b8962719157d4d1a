//! Forms that a steward can use tomorrow: an event workbook, a printable sheet and an XLSForm, all made from the
//! codebook and `standard/forms/events.toml`.

use accord_standard::codebook::Codebook;

/// Why a form could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// The form's data file cannot be read.
    #[error("the form's data file cannot be read: {0}")]
    Definition(String),
    /// The form asks for a field that the codebook does not have.
    #[error("the form asks for `{0}`, which is no field of the codebook")]
    UnknownField(String),
    /// The workbook could not be written.
    #[error("the workbook could not be written: {0}")]
    Workbook(String),
}

/// The event workbook, as the bytes of an XLSX file.
pub fn workbook(_codebook: &Codebook) -> Result<Vec<u8>, FormError> {
    Err(FormError::Definition("not built yet".into()))
}

/// The printable sheet, as a stand-alone HTML page for A4.
pub fn printable(_codebook: &Codebook) -> String {
    String::new()
}

/// The form for KoboToolbox and ODK, as the bytes of an XLSForm.
pub fn xlsform(_codebook: &Codebook) -> Result<Vec<u8>, FormError> {
    Err(FormError::Definition("not built yet".into()))
}
