//! Forms that a steward can use tomorrow: an event workbook, a printable sheet and an XLSForm, all made from the codebook
//! and `standard/forms/events.toml`, which says which fields are asked for, in which words and order.
//!
//! A form asks for codes, ages and dates only. It never asks for a narrative ([`FormError::Narrative`]), and every
//! question may be skipped.
//!
//! Start reading at [`definition`], then [`workbook()`].

use accord_standard::codebook::Codebook;

pub mod definition;
mod printable;
mod readme;
mod workbook;
mod xlsform;

use definition::Form;

/// Why a form could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// The form's data file cannot be read.
    #[error("the form's data file cannot be read: {0}")]
    Definition(String),
    /// The form asks for a field that the codebook does not have.
    #[error("the form asks for `{0}`, which is no field of the codebook")]
    UnknownField(String),
    /// The form leaves out, or depends on, a code that the list does not have.
    #[error("the form names the code `{code}` of `{field}`, which its list does not have")]
    UnknownCode {
        /// The field.
        field: String,
        /// The code.
        code: String,
    },
    /// The form asks for text about a person.
    #[error("the form asks for `{0}`, which holds text; a form never asks for a narrative or a name")]
    Narrative(String),
    /// The workbook could not be written.
    #[error("the workbook could not be written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
}

/// The event workbook, as the bytes of an XLSX file with the sheets `records`, `events`, `perpetrators`, `codes` and
/// `read me`. What is written into it can be read back by the workbook reader.
pub fn workbook(codebook: &Codebook) -> Result<Vec<u8>, FormError> {
    workbook::write(&Form::embedded(codebook)?)
}

/// The printable sheet, as a stand-alone HTML page for two sides of A4.
pub fn printable(codebook: &Codebook) -> String {
    printable::write(&Form::embedded(codebook).expect("the embedded form fits the embedded codebook; tested"))
}

/// The form for KoboToolbox and ODK, as the bytes of an XLSForm.
pub fn xlsform(codebook: &Codebook) -> Result<Vec<u8>, FormError> {
    xlsform::write(&Form::embedded(codebook)?)
}

/// The mapping file that reads what KoboToolbox or ODK gives back for the XLSForm.
pub fn xlsform_mapping(codebook: &Codebook) -> Result<String, FormError> {
    Ok(xlsform::mapping(&Form::embedded(codebook)?))
}

/// Instructions for the steward, as Markdown.
pub fn readme(codebook: &Codebook) -> Result<String, FormError> {
    Ok(readme::write(&Form::embedded(codebook)?))
}

#[cfg(test)]
mod tests;
