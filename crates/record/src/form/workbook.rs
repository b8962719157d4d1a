//! The event workbook: what is written into it is read back by `accord check`, its sheets joined by `record_id`.

use super::FormError;
use super::definition::{Ask, Choice, Form, Place, Question, Section};
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DocProperties, ExcelDateTime, Format, FormatAlign, Formula,
    Workbook, Worksheet,
};
use std::collections::BTreeMap;

/// First row to fill in: below the words and the column names.
const FIRST: u32 = 2;
/// Last row that has lists: records, and events or perpetrators.
const LAST_RECORD: u32 = FIRST + 1_999;
const LAST_PART: u32 = FIRST + 9_999;

/// Where the choices of each list stand on the sheet `codes`.
type Ranges = BTreeMap<String, String>;

pub(super) fn write(form: &Form) -> Result<Vec<u8>, FormError> {
    let mut book = Workbook::new();
    let made = ExcelDateTime::from_ymd(2026, 1, 1)?;
    book.set_properties(&DocProperties::new().set_title(&form.title).set_creation_datetime(&made));
    let ranges = ranges(form);
    let mut sheets: Vec<&str> = Vec::new();
    for section in &form.sections {
        if !sheets.contains(&section.sheet.as_str()) {
            sheets.push(&section.sheet);
        }
    }
    for sheet in sheets {
        fill_in(form, sheet, &ranges, book.add_worksheet())?;
    }
    codes(form, book.add_worksheet())?;
    read_me(form, book.add_worksheet())?;
    Ok(book.save_to_buffer()?)
}

fn fill_in(form: &Form, name: &str, ranges: &Ranges, sheet: &mut Worksheet) -> Result<(), FormError> {
    let ids = Format::new().set_font_size(8).set_font_color(Color::RGB(0x5A_5A_5A)).set_italic();
    let columns: Vec<(&Section, &Question)> = form.on(Place::Workbook).filter(|(s, _)| s.sheet == name).collect();
    // Cells are text: a spreadsheet would make a date of the age "12-15", and a day of the month "2026-03".
    let text = Format::new().set_num_format_index(49);
    let repeats = columns.first().is_some_and(|(section, _)| section.repeats);
    let last = if repeats { LAST_PART } else { LAST_RECORD };
    sheet.set_name(name)?;
    sheet.set_freeze_panes(FIRST, 1)?;
    sheet.set_row_height(0, 48)?;
    sheet.set_landscape().set_paper_size(9).set_repeat_rows(0, 1)?;
    let mut column = 0u16;
    if repeats {
        sheet.write_string_with_format(0, 0, "Your own case number", &words(0))?;
        sheet.write_string_with_format(1, 0, "record_id", &ids)?;
        sheet.set_column_width(0, 16)?;
        sheet.set_column_format(0, &text)?;
        let known = format!("=records!$A${}:$A${}", FIRST + 1, LAST_RECORD + 1);
        let validation = DataValidation::new()
            .allow_list_formula(Formula::new(known))
            .set_error_style(DataValidationErrorStyle::Warning)
            .set_error_title("No such record")?
            .set_error_message("There is no record with this number on the sheet records.")?;
        sheet.add_data_validation(FIRST, 0, last, 0, &validation)?;
        column = 1;
    }
    let mut shade = (0, "");
    for (section, question) in columns {
        if shade.1 != section.id {
            shade = (shade.0 + 1, &section.id);
        }
        sheet.write_string_with_format(0, column, &question.words, &words(shade.0))?;
        sheet.write_string_with_format(1, column, &question.column, &ids)?;
        sheet.set_column_width(column, if question.list.is_some() { 24 } else { 16 })?;
        sheet.set_column_format(column, &text)?;
        sheet.add_data_validation(FIRST, column, last, column, &validation(question, ranges)?)?;
        column += 1;
    }
    Ok(())
}

/// Words of the header; sections alternate between two shades.
fn words(section: usize) -> Format {
    let shade = if section % 2 == 1 { 0xE8_EE_F2 } else { 0xF4_F1_EA };
    Format::new()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Top)
        .set_background_color(Color::RGB(shade))
        .set_font_size(10)
}

fn validation(question: &Question, ranges: &Ranges) -> Result<DataValidation, FormError> {
    let mut help = match question.ask {
        Ask::LocalId => "A number or code, not a name.",
        Ask::Consent => "yes or no. Empty: not asked yet.",
        Ask::Date => "2026, or 2026-03, or 2026-03-15. Empty: not recorded.",
        Ask::Age => "14, or about 14, or 12-15, or 18+. Empty: not recorded.",
        Ask::Integer => "A whole number. Empty: not recorded.",
        Ask::One => "Choose one. Empty: not recorded.",
        Ask::Several => "Choose one; for several write them with ; between. Empty: not recorded.",
    }
    .to_owned();
    if !question.hint.is_empty() {
        help = format!("{} {help}", question.hint);
    }
    let mut validation = DataValidation::new()
        .ignore_blank(true)
        .set_input_title("Skip anything")?
        .set_input_message(help.chars().take(250).collect::<String>())?;
    if let Some(range) = question.list.as_ref().and_then(|list| ranges.get(list)) {
        validation = validation.allow_list_formula(Formula::new(format!("={range}")));
        validation = if question.ask == Ask::Several {
            validation.show_error_message(false)
        } else {
            validation
                .set_error_title("Not in the list")?
                .set_error_message("Choose from the list, or leave the cell empty.")?
        };
    } else {
        validation = validation.allow_any_value();
    }
    Ok(validation)
}

/// Rows of a list on the sheet `codes`: its choices, then the answers besides.
fn rows<'a>(form: &'a Form, list: &'a str, choices: &'a [Choice]) -> impl Iterator<Item = (&'a str, &'a Choice)> {
    let reasons = form.on(Place::Workbook).any(|(_, q)| q.list.as_deref() == Some(list) && Form::offers_reasons(q));
    // A code's label is what a cell holds; a reason is written by its word.
    let choices = choices
        .iter()
        .map(move |c| (if list == super::definition::CONSENT_LIST { c.id.as_str() } else { c.label.as_str() }, c));
    choices.chain(form.missing.iter().filter(move |_| reasons).map(|c| (c.id.as_str(), c)))
}

fn ranges(form: &Form) -> Ranges {
    let mut at = 2;
    form.lists
        .iter()
        .map(|(list, choices)| {
            let first = at;
            at += rows(form, list, choices).count();
            (list.clone(), format!("codes!$B${first}:$B${}", at - 1))
        })
        .collect()
}

fn codes(form: &Form, sheet: &mut Worksheet) -> Result<(), FormError> {
    let bold = Format::new().set_bold();
    sheet.set_name("codes")?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, (name, width)) in
        [("list", 24), ("answer", 44), ("code", 28), ("number on paper", 16), ("meaning", 80)].iter().enumerate()
    {
        sheet.write_string_with_format(0, column as u16, *name, &bold)?;
        sheet.set_column_width(column as u16, *width)?;
    }
    let mut row = 1;
    for (list, choices) in &form.lists {
        for (answer, choice) in rows(form, list, choices) {
            sheet.write_string(row, 0, list)?;
            sheet.write_string(row, 1, answer)?;
            sheet.write_string(row, 2, &choice.id)?;
            let meaning = if answer == choice.id && choice.number == 0 { &choice.label } else { &choice.definition };
            if choice.number > 0 {
                sheet.write_number(row, 3, choice.number)?;
            }
            sheet.write_string(row, 4, meaning)?;
            row += 1;
        }
    }
    Ok(())
}

fn read_me(form: &Form, sheet: &mut Worksheet) -> Result<(), FormError> {
    let (plain, bold) = (Format::new().set_text_wrap(), Format::new().set_bold());
    sheet.set_name("read me")?;
    sheet.set_column_width(0, 100)?;
    sheet.write_string_with_format(0, 0, &form.title, &bold)?;
    for (i, line) in super::readme::LINES.iter().enumerate() {
        sheet.write_string_with_format(i as u32 + 2, 0, *line, &plain)?;
    }
    let after = super::readme::LINES.len() as u32 + 3;
    sheet.write_string_with_format(after, 0, &form.lead, &plain)?;
    sheet.write_string_with_format(after + 1, 0, &form.privacy, &plain)?;
    Ok(())
}
