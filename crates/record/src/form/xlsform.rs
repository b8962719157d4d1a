//! The form for KoboToolbox and ODK, and the mapping that reads its export. Nothing is required; the only text is the
//! organisation's own case number. Ages and dates are put together from whole numbers, so that "about 14" and "2025-11"
//! keep their precision.
//!
//! XLSForm: <https://xlsform.org/en/ref-table/>.

use super::FormError;
use super::definition::{Ask, Form, Place, Question, Section};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet};
use std::fmt::Write as _;

/// Columns of the sheet `survey`.
const SURVEY: [&str; 9] =
    ["type", "name", "label", "hint", "appearance", "relevant", "constraint", "constraint_message", "calculation"];

/// One row of the sheet `survey`.
#[derive(Default)]
struct Line {
    kind: String,
    name: String,
    label: String,
    hint: String,
    appearance: &'static str,
    relevant: String,
    constraint: String,
    constraint_message: &'static str,
    calculation: String,
}

/// Most events and perpetrators that the mapping knows columns for.
const MOST_EVENTS: u16 = 20;
const MOST_PERPETRATORS: u16 = 5;

/// Columns that KoboToolbox and ODK add.
const ADDED: [&str; 16] = [
    "start",
    "end",
    "meta/instanceID",
    "meta/rootUuid",
    "SubmissionDate",
    "_id",
    "_uuid",
    "_submission_time",
    "_validation_status",
    "_notes",
    "_status",
    "_submitted_by",
    "__version__",
    "_tags",
    "_index",
    "formhub/uuid",
];

/// Columns that they add to the sheet of a repeat.
const ADDED_TO_REPEATS: [&str; 14] = [
    "_index",
    "_parent_table_name",
    "_parent_index",
    "_submission__id",
    "_submission__uuid",
    "_submission__submission_time",
    "_submission__validation_status",
    "_submission__notes",
    "_submission__status",
    "_submission__submitted_by",
    "_submission___version__",
    "_submission__tags",
    "_submission_formhub/uuid",
    "_submission_meta/rootUuid",
];

pub(super) fn write(form: &Form) -> Result<Vec<u8>, FormError> {
    let mut book = Workbook::new();
    let made = ExcelDateTime::from_ymd(2026, 1, 1)?;
    book.set_properties(&DocProperties::new().set_title(&form.title).set_creation_datetime(&made));
    let survey: Vec<[String; 9]> = survey(form)
        .into_iter()
        .map(|l| {
            [
                l.kind,
                l.name,
                l.label,
                l.hint,
                l.appearance.into(),
                l.relevant,
                l.constraint,
                l.constraint_message.into(),
                l.calculation,
            ]
        })
        .collect();
    table(book.add_worksheet(), "survey", SURVEY, &survey)?;
    table(book.add_worksheet(), "choices", ["list_name", "name", "label"], &choices(form))?;
    let settings = [form.title.clone(), form.id.clone(), form.version.clone()];
    table(book.add_worksheet(), "settings", ["form_title", "form_id", "version"], &[settings])?;
    Ok(book.save_to_buffer()?)
}

fn table<const N: usize>(
    sheet: &mut Worksheet,
    name: &str,
    header: [&str; N],
    rows: &[[String; N]],
) -> Result<(), FormError> {
    let bold = Format::new().set_bold();
    sheet.set_name(name)?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, text) in header.iter().enumerate() {
        sheet.write_string_with_format(0, column as u16, *text, &bold)?;
        sheet.set_column_width(column as u16, 28)?;
    }
    for (i, row) in rows.iter().enumerate() {
        for (column, text) in row.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            sheet.write_string(i as u32 + 1, column as u16, text)?;
        }
    }
    Ok(())
}

fn choices(form: &Form) -> Vec<[String; 3]> {
    let mut out = Vec::new();
    for (list, choices) in &form.lists {
        let reasons = form.on(Place::Xlsform).any(|(_, q)| q.list.as_ref() == Some(list) && Form::offers_reasons(q));
        for choice in choices.iter().chain(form.missing.iter().filter(|_| reasons)) {
            out.push([list.clone(), choice.id.clone(), choice.label.clone()]);
        }
    }
    let mut fixed = |list: &str, id: &str, label: &str| out.push([list.into(), id.into(), label.into()]);
    fixed("age_how", "exact", "Exactly");
    fixed("age_how", "about", "About, a year more or less");
    for reason in &form.missing {
        fixed("reason", &reason.id, &reason.label);
    }
    out
}

fn survey(form: &Form) -> Vec<Line> {
    let mut lines = vec![note("lead", &form.lead), note("privacy", &form.privacy)];
    let mut sections: Vec<&Section> = Vec::new();
    for (section, _) in form.on(Place::Xlsform) {
        if sections.last().is_none_or(|last| last.id != section.id) {
            sections.push(section);
        }
    }
    for section in sections {
        let bracket = if section.repeats { "repeat" } else { "group" };
        let name = if section.repeats { section.sheet.clone() } else { format!("{}_group", section.id) };
        lines.push(Line {
            kind: format!("begin_{bracket}"),
            name: name.clone(),
            label: section.title.clone(),
            appearance: if section.repeats { "" } else { "field-list" },
            ..Line::default()
        });
        if !section.note.is_empty() {
            lines.push(note(&format!("{}_note", section.id), &section.note));
        }
        if section.repeats {
            lines.push(calculate("record_id", "${local_id}"));
        }
        for question in section.questions.iter().filter(|q| q.on.contains(&Place::Xlsform)) {
            ask(question, &mut lines);
        }
        lines.push(Line { kind: format!("end_{bracket}"), name, ..Line::default() });
    }
    lines
}

fn note(name: &str, text: &str) -> Line {
    Line { kind: "note".into(), name: name.into(), label: text.into(), ..Line::default() }
}

fn calculate(name: &str, formula: &str) -> Line {
    Line { kind: "calculate".into(), name: name.into(), calculation: formula.into(), ..Line::default() }
}

/// Name of a question; parts of a record carry their level, so that no two names meet.
fn name(path: &str) -> String {
    path.replace('.', "_")
}

fn ask(question: &Question, lines: &mut Vec<Line>) {
    let name = name(&question.path);
    let relevant = question.show_if.as_ref().map_or_else(String::new, |(path, wanted, code)| {
        format!("${{{}}} {} '{code}'", self::name(path), if *wanted { "=" } else { "!=" })
    });
    let line = Line {
        name: name.clone(),
        label: question.words.clone(),
        hint: question.hint.clone(),
        relevant,
        ..Line::default()
    };
    let list = question.list.as_deref().unwrap_or_default();
    let long = list == "country";
    match question.ask {
        Ask::LocalId => {
            lines.push(Line { kind: "text".into(), name: "local_id".into(), ..line });
            lines.push(calculate("record_id", "${local_id}"));
        }
        Ask::Consent => lines.push(Line { kind: format!("select_one {list}"), ..line }),
        Ask::One => lines.push(Line {
            kind: format!("select_one {list}"),
            appearance: if long { "minimal autocomplete" } else { "" },
            ..line
        }),
        Ask::Several => lines.push(Line {
            kind: format!("select_multiple {list}"),
            appearance: if long { "minimal autocomplete" } else { "" },
            constraint: "count-selected(.) <= 1 or not(selected(., 'unknown') or selected(., 'refused') or \
                         selected(., 'not_asked'))"
                .into(),
            constraint_message: "“Not known”, “Prefer not to say” and “Not asked” stand alone.",
            ..line
        }),
        Ask::Integer => lines.push(Line { kind: "integer".into(), ..line }),
        Ask::Date => date(&name, line, lines),
        Ask::Age => age(&name, line, lines),
    }
}

fn whole(line: Line, name: String, label: String, low: i32, high: i32) -> Line {
    Line {
        kind: "integer".into(),
        name,
        label,
        constraint: format!(". >= {low} and . <= {high}"),
        constraint_message: "Out of range. Leave it empty if it is not known.",
        ..line
    }
}

/// Year and month apart; together `2025` or `2025-11`.
fn date(name: &str, line: Line, lines: &mut Vec<Line>) {
    let (year, month) = (format!("{name}_year"), format!("{name}_month"));
    let label = line.label.clone();
    lines.push(whole(line, year.clone(), format!("{label}: year"), 1900, 2100));
    let given = Line { relevant: format!("${{{year}}} != ''"), ..Line::default() };
    lines.push(whole(given, month.clone(), format!("{label}: month (1 to 12), if known"), 1, 12));
    lines.push(calculate(
        name,
        &format!(
            "if(${{{year}}} = '', '', if(${{{month}}} = '', ${{{year}}}, concat(${{{year}}}, '-', \
             if(${{{month}}} < 10, '0', ''), ${{{month}}})))"
        ),
    ));
}

/// Years, exactly or about, or a reason; together `14`, `~14` (about) or `refused`; no blank inside, which parts several values.
fn age(name: &str, line: Line, lines: &mut Vec<Line>) {
    let (years, how, why) = (format!("{name}_years"), format!("{name}_how"), format!("{name}_why"));
    let label = line.label.clone();
    lines.push(whole(line, years.clone(), label, 0, 120));
    lines.push(Line {
        kind: "select_one age_how".into(),
        name: how.clone(),
        label: "Exactly or about?".into(),
        relevant: format!("${{{years}}} != ''"),
        ..Line::default()
    });
    lines.push(Line {
        kind: "select_one reason".into(),
        name: why.clone(),
        label: "No age because".into(),
        relevant: format!("${{{years}}} = ''"),
        ..Line::default()
    });
    lines.push(calculate(
        name,
        &format!(
            "if(${{{years}}} != '', if(${{{how}}} = 'about', concat('~', ${{{years}}}), ${{{years}}}), ${{{why}}})"
        ),
    ));
}

/// The mapping file for the export.
pub(super) fn mapping(form: &Form) -> String {
    let mut out = format!(
        "# Reads what KoboToolbox or ODK gives back for the XLSForm `{}`, version {}: XML values and headers, select-many\n\
         # questions in a single column, without group names. If your server adds a column, add an `ignore` entry for it.\n\n\
         id = \"{}_xlsform\"\nversion = {:?}\ntitle = \"Export of the XLSForm {}\"\nsource = \"standard/forms/events.toml\"\n\
         separator = \" \"\ndates = \"ymd\"\n",
        form.id, form.version, form.id, form.version, form.id
    );
    let mut column = |name: &str, field: &str, rule: &str| {
        let _ = write!(out, "\n[[column]]\nname = {name:?}\n");
        if !field.is_empty() {
            let _ = writeln!(out, "field = {field:?}");
        }
        let _ = writeln!(out, "rule = {rule:?}");
    };
    column("record_id", "", "record_id");
    for ignored in ["local_id", "lead", "privacy"].into_iter().chain(ADDED) {
        column(ignored, "", "ignore");
    }
    let mut noted: Vec<String> = Vec::new();
    for (section, question) in form.on(Place::Xlsform) {
        let times = match section.sheet.as_str() {
            _ if !section.repeats => 1..=1,
            "events" => 1..=MOST_EVENTS,
            _ => 1..=MOST_PERPETRATORS,
        };
        let level = question.path.split('.').next().unwrap_or_default();
        let first = !noted.contains(&section.id);
        if first {
            noted.push(section.id.clone());
        }
        for n in times {
            let place = |name: &str| if section.repeats { format!("{level}.{n}.{name}") } else { name.to_owned() };
            if first && !section.note.is_empty() {
                column(&place(&format!("{}_note", section.id)), "", "ignore");
            }
            if first && section.repeats {
                for added in ADDED_TO_REPEATS {
                    column(&place(added), "", "ignore");
                }
            }
            let name = name(&question.path);
            let field = match question.ask {
                Ask::LocalId => continue,
                Ask::Consent => question.path.trim_start_matches("consent_").to_owned(),
                _ => place(&question.column),
            };
            column(&place(&name), &field, rule(question.ask));
            let helpers: &[&str] = match question.ask {
                Ask::Age => &["years", "how", "why"],
                Ask::Date => &["year", "month"],
                _ => &[],
            };
            for helper in helpers {
                column(&place(&format!("{name}_{helper}")), "", "ignore");
            }
        }
    }
    out
}

fn rule(ask: Ask) -> &'static str {
    match ask {
        Ask::LocalId => "record_id",
        Ask::Consent => "consent",
        Ask::Date => "date",
        Ask::Age => "age",
        Ask::Integer => "integer",
        Ask::One => "code",
        Ask::Several => "codes",
    }
}
