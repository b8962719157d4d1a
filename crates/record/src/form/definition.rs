//! What a form asks for: its data file, looked up in the codebook.

use super::FormError;
use accord_standard::codebook::{Codebook, Kind};
use accord_standard::consent::Purpose;
use accord_standard::value::Missing;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

const TEXT: &str = include_str!("../../../../standard/forms/events.toml");

/// Name of the list of yes and no that consent is answered with.
pub(crate) const CONSENT_LIST: &str = "consent";

/// A form whose every question is known to the codebook.
#[derive(Clone, Debug)]
pub struct Form {
    /// Stable identifier.
    pub id: String,
    /// Version of the file.
    pub version: String,
    /// Title.
    pub title: String,
    /// How to fill it in, in two sentences.
    pub lead: String,
    /// What becomes of it.
    pub privacy: String,
    /// Answers besides the codes, in words.
    pub missing: Vec<Choice>,
    /// The sections in order.
    pub sections: Vec<Section>,
    /// The choices of each list that is used, without the answers besides.
    pub lists: BTreeMap<String, Vec<Choice>>,
}

/// A section of the form.
#[derive(Clone, Debug)]
pub struct Section {
    /// Stable identifier.
    pub id: String,
    /// Sheet of the workbook.
    pub sheet: String,
    /// True if it is filled in once for each event or perpetrator.
    pub repeats: bool,
    /// Title.
    pub title: String,
    /// How to fill it in.
    pub note: String,
    /// Its questions.
    pub questions: Vec<Question>,
}

/// A question.
#[derive(Clone, Debug)]
pub struct Question {
    /// Path of the field, such as `event.techuse`.
    pub path: String,
    /// Header of its column in its sheet, such as `techuse`.
    pub column: String,
    /// The question in words.
    pub words: String,
    /// The same, for narrow columns.
    pub short: String,
    /// Help.
    pub hint: String,
    /// What kind of answer it takes.
    pub ask: Ask,
    /// Name of the list of a coded question.
    pub list: Option<String>,
    /// Asked only if another answer is, or is not, this code: path, wanted, code.
    pub show_if: Option<(String, bool, String)>,
    /// Which forms it stands on.
    pub on: BTreeSet<Place>,
}

/// What kind of answer a question takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The organisation's own case number.
    LocalId,
    /// Yes or no to one purpose.
    Consent,
    /// A date as far as it is known.
    Date,
    /// Completed years, or roughly.
    Age,
    /// A whole number.
    Integer,
    /// One code.
    One,
    /// Any number of codes.
    Several,
}

/// One of the three forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The event workbook.
    Workbook,
    /// The printable sheet.
    Sheet,
    /// The XLSForm.
    Xlsform,
}

/// One answer to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Code, or word for a reason.
    pub id: String,
    /// Permanent number in its list; 0 for reasons.
    pub number: u16,
    /// In words.
    pub label: String,
    /// Meaning.
    pub definition: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    version: String,
    title: String,
    lead: String,
    privacy: String,
    missing: Vec<MissingWords>,
    #[serde(rename = "section")]
    sections: Vec<FileSection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MissingWords {
    id: String,
    words: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSection {
    id: String,
    sheet: String,
    level: accord_standard::codebook::Level,
    title: String,
    #[serde(default)]
    note: String,
    #[serde(rename = "question")]
    questions: Vec<FileQuestion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileQuestion {
    field: String,
    words: String,
    #[serde(default)]
    short: Option<String>,
    #[serde(default)]
    hint: String,
    #[serde(default)]
    leave_out: Vec<String>,
    #[serde(default)]
    show_if: Option<ShowIf>,
    #[serde(default)]
    on: Option<Vec<Place>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShowIf {
    field: String,
    #[serde(default)]
    is: Option<String>,
    #[serde(default)]
    is_not: Option<String>,
}

impl Form {
    /// The form that is built in.
    pub fn embedded(codebook: &Codebook) -> Result<Form, FormError> {
        Form::parse(TEXT, codebook)
    }

    /// Reads a form's data file and looks every question up in the codebook.
    pub fn parse(text: &str, codebook: &Codebook) -> Result<Form, FormError> {
        let file: File = toml::from_str(text).map_err(|e| FormError::Definition(e.to_string()))?;
        let mut missing = Vec::new();
        for words in file.missing {
            if Missing::from_word(&words.id).is_none() {
                return Err(FormError::Definition(format!("`{}` is no reason for a missing value", words.id)));
            }
            missing.push(Choice { id: words.id, number: 0, label: words.words, definition: String::new() });
        }
        let mut form = Form {
            id: file.id,
            version: file.version,
            title: file.title,
            lead: file.lead,
            privacy: file.privacy,
            missing,
            sections: Vec::new(),
            lists: BTreeMap::new(),
        };
        for section in file.sections {
            let mut questions = Vec::new();
            for question in section.questions {
                questions.push(form.question(question, codebook)?);
            }
            form.sections.push(Section {
                id: section.id,
                sheet: section.sheet,
                repeats: section.level != accord_standard::codebook::Level::Record,
                title: section.title,
                note: section.note,
                questions,
            });
        }
        Ok(form)
    }

    fn question(&mut self, q: FileQuestion, codebook: &Codebook) -> Result<Question, FormError> {
        let (ask, list) = self.answers(&q, codebook)?;
        let show_if = q.show_if.map(|s| condition(s, codebook)).transpose()?;
        let all = || vec![Place::Workbook, Place::Sheet, Place::Xlsform];
        Ok(Question {
            column: q.field.rsplit('.').next().unwrap_or(&q.field).to_owned(),
            short: q.short.unwrap_or_else(|| q.words.clone()),
            path: q.field,
            words: q.words,
            hint: q.hint,
            ask,
            list,
            show_if,
            on: q.on.unwrap_or_else(all).into_iter().collect(),
        })
    }

    /// What a question takes; puts its choices among the form's lists.
    fn answers(&mut self, q: &FileQuestion, codebook: &Codebook) -> Result<(Ask, Option<String>), FormError> {
        if q.field == "record_id" {
            return Ok((Ask::LocalId, None));
        }
        if let Some(purpose) = q.field.strip_prefix("consent_") {
            Purpose::from_code(purpose).ok_or_else(|| FormError::UnknownField(q.field.clone()))?;
            let choice = |id: &str, label: &str| Choice {
                id: id.into(),
                number: 0,
                label: label.into(),
                definition: String::new(),
            };
            self.lists.insert(CONSENT_LIST.into(), vec![choice("yes", "Yes"), choice("no", "No")]);
            return Ok((Ask::Consent, Some(CONSENT_LIST.into())));
        }
        let (kind, list) = if q.field == "legal_basis" {
            (Kind::Code, codebook.lists.get("legal_basis"))
        } else {
            let field = codebook.field(&q.field).ok_or_else(|| FormError::UnknownField(q.field.clone()))?;
            (codebook.get(field).kind, codebook.list_of(field))
        };
        let ask = match kind {
            Kind::Text => return Err(FormError::Narrative(q.field.clone())),
            Kind::Date => Ask::Date,
            Kind::Age => Ask::Age,
            Kind::Integer => Ask::Integer,
            Kind::Code => Ask::One,
            Kind::Codes => Ask::Several,
        };
        let Some(list) = list else { return Ok((ask, None)) };
        for code in &q.leave_out {
            if list.code(code).is_none() {
                return Err(FormError::UnknownCode { field: q.field.clone(), code: code.clone() });
            }
        }
        let choices: Vec<Choice> = list
            .codes
            .iter()
            .filter(|entry| !q.leave_out.contains(&entry.id))
            .map(|entry| Choice {
                id: entry.id.clone(),
                number: entry.number,
                label: entry.label.clone(),
                definition: entry.definition.clone(),
            })
            .collect();
        if let Some(before) = self.lists.insert(list.id.clone(), choices.clone())
            && before != choices
        {
            return Err(FormError::Definition(format!("two questions leave out different codes of `{}`", list.id)));
        }
        Ok((ask, Some(list.id.clone())))
    }

    /// The questions that stand on this form, with their sections.
    pub fn on(&self, place: Place) -> impl Iterator<Item = (&Section, &Question)> {
        self.sections.iter().flat_map(move |section| {
            section.questions.iter().filter(move |q| q.on.contains(&place)).map(move |q| (section, q))
        })
    }

    /// The choices of a question.
    pub fn choices(&self, question: &Question) -> &[Choice] {
        question.list.as_ref().and_then(|list| self.lists.get(list)).map_or(&[], Vec::as_slice)
    }

    /// True if the answers besides codes ("not known", "prefer not to say") are offered.
    pub fn offers_reasons(question: &Question) -> bool {
        matches!(question.ask, Ask::One | Ask::Several) && question.path != "legal_basis"
    }
}

fn condition(show: ShowIf, codebook: &Codebook) -> Result<(String, bool, String), FormError> {
    let field = codebook.field(&show.field).ok_or_else(|| FormError::UnknownField(show.field.clone()))?;
    let (wanted, code) = match (show.is, show.is_not) {
        (Some(code), None) => (true, code),
        (None, Some(code)) => (false, code),
        _ => return Err(FormError::Definition(format!("show_if of `{}` needs one of is, is_not", show.field))),
    };
    let known = codebook.list_of(field).is_some_and(|list| list.code(&code).is_some());
    if !known {
        return Err(FormError::UnknownCode { field: show.field, code });
    }
    Ok((show.field, wanted, code))
}
