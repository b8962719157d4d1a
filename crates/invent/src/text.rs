//! Cells as text, the way people write them: codes or labels, dates in the organisation's own order, rough ages, blanks.

use crate::codes::Lexicon;
use crate::draw::Draw;
use accord_record::model::{Age, AgePrecision, Cell, Date, Incoming, Part};
use accord_standard::codebook::{Codebook, FieldId};
use accord_standard::consent::Purpose;
use accord_standard::value::{Code, Missing};

/// How an organisation's file looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// CSV of the standard: commas, UTF-8, codes, dates year first.
    Plain,
    /// The standard's columns with labels in place of codes: semicolons, UTF-16, dates day first.
    Labels,
    /// A workbook with the sheets `records` and `events`.
    Workbook,
    /// Own columns and words in windows-1252 with a title line; needs its mapping file.
    OwnColumns,
    /// JSON lines, nested.
    JsonLines,
}

/// Most events that a flat file has columns for.
pub(crate) const FLAT_EVENTS: usize = 9;

/// Event fields of a flat file and of the sheet `events`, in the order of columns.
pub(crate) fn event_fields(lexicon: &Lexicon) -> [FieldId; 9] {
    let f = &lexicon.fields;
    [
        f.event_date,
        f.event_phase,
        f.event_type,
        f.event_techuse,
        f.event_service,
        f.event_contacted_by,
        f.event_country,
        f.event_payment_form,
        f.event_certainty,
    ]
}

/// Record fields of a flat file, in the order of columns.
pub(crate) fn record_fields(lexicon: &Lexicon) -> [FieldId; 28] {
    let f = &lexicon.fields;
    [
        f.given_name,
        f.family_name,
        f.birth_date,
        f.reporting_entity_type,
        f.source_mode,
        f.registration_date,
        f.identification_status,
        f.identified_how,
        f.recorded_harm,
        f.sex_registered,
        f.gender,
        f.age_at_recruitment,
        f.age_at_first_exploitation,
        f.age_at_identification,
        f.age_at_exit,
        f.citizenship,
        f.country_recruitment,
        f.country_exploitation,
        f.cross_border,
        f.means,
        f.control_method,
        f.purpose,
        f.sex_exploitation_form,
        f.labour_sector,
        f.recruiter_relation,
        f.tech_involved,
        f.online_to_in_person,
        f.followed_until,
    ]
}

/// Perpetrator fields of a flat file; one perpetrator.
pub(crate) fn perpetrator_fields(lexicon: &Lexicon) -> [FieldId; 3] {
    let f = &lexicon.fields;
    [f.perpetrator_sex, f.perpetrator_role, f.perpetrator_relation]
}

/// Platform-action fields of a flat file; one action.
pub(crate) fn action_fields(lexicon: &Lexicon) -> [FieldId; 4] {
    let f = &lexicon.fields;
    [f.action_service, f.action_route, f.action_response, f.action_time]
}

impl Style {
    /// Leaves out of a record what a file of this style has no place for.
    pub(crate) fn keep_what_it_carries(self, lexicon: &Lexicon, incoming: &mut Incoming) {
        if self == Style::OwnColumns {
            crate::own::keep_what_it_carries(lexicon, incoming);
        }
        // No file of the generator has a column for the date of consent.
        for claim in &mut incoming.consent {
            claim.date = None;
        }
        if self == Style::Workbook {
            incoming.record.platform_actions.clear();
        }
        // Rows and numbered columns stand in order; only JSON lines carry the number itself.
        if self != Style::JsonLines {
            for event in &mut incoming.record.events {
                event.retain(|(field, _)| *field != lexicon.fields.event_seq);
            }
        }
    }

    fn labels(self) -> bool {
        matches!(self, Style::Labels | Style::Workbook)
    }

    fn day_first(self) -> bool {
        matches!(self, Style::Labels | Style::OwnColumns)
    }

    /// A cell as it stands in this kind of file; empty if nothing was written down.
    pub(crate) fn text(self, codebook: &Codebook, field: FieldId, cell: &Cell, draw: &mut Draw) -> String {
        let code = |code: &Code| {
            let entry = codebook.list_of(field).and_then(|list| list.entry(*code));
            entry.map_or_else(String::new, |e| if self.labels() { e.label.clone() } else { e.id.clone() })
        };
        match cell {
            Cell::Missing(Missing::NotRecorded) => String::new(),
            Cell::Missing(reason) => reason.word().into(),
            Cell::Code(c) => code(c),
            Cell::Codes(codes) | Cell::OneOf(codes) => codes.iter().map(code).collect::<Vec<_>>().join(";"),
            Cell::Integer(n) => n.to_string(),
            Cell::Age(age) => age_text(*age, draw),
            Cell::Date(date) => date_text(*date, self.day_first()),
            Cell::Text(text) => text.expose().to_owned(),
        }
    }
}

fn age_text(age: Age, draw: &mut Draw) -> String {
    let Age { low, high, precision } = age;
    match precision {
        AgePrecision::About => {
            let middle = u16::midpoint(low.into(), high.into());
            if draw.share(600) { format!("about {middle}") } else { format!("~{middle}") }
        }
        _ if low == high => low.to_string(),
        _ if high == u8::MAX => format!("{low}+"),
        _ if draw.share(700) => format!("{low}-{high}"),
        _ => format!("{low}–{high}"),
    }
}

fn date_text(date: Date, day_first: bool) -> String {
    let Date { year, month, day } = date;
    match (month, day) {
        (0, _) => year.to_string(),
        (_, 0) => format!("{year:04}-{month:02}"),
        _ if day_first => format!("{day:02}/{month:02}/{year:04}"),
        _ => format!("{year:04}-{month:02}-{day:02}"),
    }
}

/// The header of a flat file of the standard.
pub(crate) fn flat_header(lexicon: &Lexicon, codebook: &Codebook) -> Vec<String> {
    let mut header = record_header(lexicon, codebook);
    for n in 1..=FLAT_EVENTS {
        header.extend(event_fields(lexicon).iter().map(|f| format!("event.{n}.{}", codebook.get(*f).id)));
    }
    header.extend(perpetrator_fields(lexicon).iter().map(|f| format!("perpetrator.1.{}", codebook.get(*f).id)));
    header.extend(action_fields(lexicon).iter().map(|f| format!("platform_action.1.{}", codebook.get(*f).id)));
    header
}

/// The header of the record level: identifier, fields, consent.
pub(crate) fn record_header(lexicon: &Lexicon, codebook: &Codebook) -> Vec<String> {
    let mut header = vec!["record_id".to_owned()];
    header.extend(record_fields(lexicon).iter().map(|f| codebook.get(*f).id.clone()));
    header.extend(Purpose::ALL.iter().map(|p| format!("consent_{}", p.code())));
    header.push("legal_basis".into());
    header
}

/// The cells of the record level.
pub(crate) fn record_row(
    style: Style,
    lexicon: &Lexicon,
    codebook: &Codebook,
    incoming: &Incoming,
    draw: &mut Draw,
) -> Vec<String> {
    let mut row = vec![incoming.record.id.expose().to_owned()];
    for field in record_fields(lexicon) {
        row.push(style.text(codebook, field, incoming.record.cell(field), draw));
    }
    for purpose in Purpose::ALL {
        let claim = incoming.consent.iter().find(|c| c.purpose == purpose);
        row.push(claim.map_or("", |c| if c.given { "yes" } else { "no" }).to_owned());
    }
    let basis = incoming.legal_basis.and_then(|code| codebook.lists.get("legal_basis")?.entry(code));
    row.push(basis.map_or_else(String::new, |e| if style.labels() { e.label.clone() } else { e.id.clone() }));
    row
}

/// The cells of one part, in the order of these fields.
pub(crate) fn part_row(
    style: Style,
    codebook: &Codebook,
    fields: &[FieldId],
    part: Option<&Part>,
    draw: &mut Draw,
) -> Vec<String> {
    let mut row = Vec::with_capacity(fields.len());
    for field in fields {
        let cell = part.and_then(|p| p.iter().find(|(f, _)| f == field));
        row.push(cell.map_or_else(String::new, |(_, cell)| style.text(codebook, *field, cell, draw)));
    }
    row
}

/// The cells of a flat row.
pub(crate) fn flat_row(
    style: Style,
    lexicon: &Lexicon,
    codebook: &Codebook,
    incoming: &Incoming,
    draw: &mut Draw,
) -> Vec<String> {
    let mut row = record_row(style, lexicon, codebook, incoming, draw);
    let record = &incoming.record;
    let (events, perpetrators, actions) = (event_fields(lexicon), perpetrator_fields(lexicon), action_fields(lexicon));
    for n in 0..FLAT_EVENTS {
        row.extend(part_row(style, codebook, &events, record.events.get(n), draw));
    }
    row.extend(part_row(style, codebook, &perpetrators, record.perpetrators.first(), draw));
    row.extend(part_row(style, codebook, &actions, record.platform_actions.first(), draw));
    row
}

/// One record as a line of nested JSON.
pub(crate) fn json(codebook: &Codebook, incoming: &Incoming, draw: &mut Draw) -> serde_json::Value {
    let style = Style::JsonLines;
    let mut value = |field: FieldId, cell: &Cell| match cell {
        Cell::Codes(codes) => {
            let list = codebook.list_of(field);
            let ids: Vec<&str> = codes.iter().filter_map(|c| Some(list?.entry(*c)?.id.as_str())).collect();
            serde_json::json!(ids)
        }
        Cell::Integer(n) => serde_json::json!(n),
        cell => serde_json::json!(style.text(codebook, field, cell, draw)),
    };
    let mut part = |cells: &Part| {
        cells.iter().map(|(f, c)| (codebook.get(*f).id.clone(), value(*f, c))).collect::<serde_json::Map<_, _>>()
    };
    let record = &incoming.record;
    let mut out = serde_json::Map::new();
    out.insert("record_id".into(), serde_json::json!(record.id.expose()));
    out.extend(part(&record.cells));
    for (name, parts) in [
        ("events", &record.events),
        ("perpetrators", &record.perpetrators),
        ("platform_actions", &record.platform_actions),
    ] {
        if !parts.is_empty() {
            out.insert(name.into(), parts.iter().map(&mut part).map(serde_json::Value::Object).collect());
        }
    }
    let consent: serde_json::Map<_, _> =
        incoming.consent.iter().map(|c| (c.purpose.code().to_owned(), serde_json::json!(c.given))).collect();
    out.insert("consent".into(), serde_json::Value::Object(consent));
    if let Some(entry) = incoming.legal_basis.and_then(|code| codebook.lists.get("legal_basis")?.entry(code)) {
        out.insert("legal_basis".into(), serde_json::json!(entry.id));
    }
    serde_json::Value::Object(out)
}
