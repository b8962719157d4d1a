//! The file of an invented shelter that keeps its own columns, in Spanish, and the mapping that it wrote for them.

use crate::codes::Lexicon;
use crate::draw::Draw;
use crate::text::Style;
use accord_record::model::{Cell, Incoming};
use accord_standard::codebook::{Codebook, FieldId, Kind};
use accord_standard::consent::Purpose;

/// Most events that the file has columns for.
const STEPS: usize = 6;

/// The shelter's columns for the record, with its own words for codes.
type Column = (&'static str, Find, &'static [(&'static str, &'static str)]);

/// Finds a field.
type Find = fn(&Lexicon) -> FieldId;

const COLUMNS: [Column; 14] = [
    ("Nombre", |l| l.fields.given_name, &[]),
    ("Apellido", |l| l.fields.family_name, &[]),
    ("Fecha de ingreso", |l| l.fields.registration_date, &[]),
    (
        "Situación",
        |l| l.fields.identification_status,
        &[
            ("identificada formalmente", "formally_identified"),
            ("presunta", "presumed"),
            ("no es trata", "not_trafficking"),
        ],
    ),
    (
        "Sexo",
        |l| l.fields.sex_registered,
        &[("mujer", "female"), ("hombre", "male"), ("otro", "intersex_indeterminate")],
    ),
    ("Edad captación", |l| l.fields.age_at_recruitment, &[]),
    ("Edad primera explotación", |l| l.fields.age_at_first_exploitation, &[]),
    ("Edad al llegar", |l| l.fields.age_at_identification, &[]),
    ("Edad salida", |l| l.fields.age_at_exit, &[]),
    ("Nacionalidad", |l| l.fields.citizenship, &[]),
    (
        "Finalidad",
        |l| l.fields.purpose,
        &[
            ("explotación sexual", "sexual_exploitation"),
            ("explotación sexual solo en línea", "online_sexual_exploitation_only"),
            ("trabajo forzoso", "forced_labour"),
            ("servidumbre doméstica", "domestic_servitude"),
            ("mendicidad", "forced_begging"),
            ("delincuencia forzada", "forced_criminality"),
            ("matrimonio forzado", "forced_marriage"),
            ("órganos", "organ_removal"),
        ],
    ),
    (
        "Otro daño",
        |l| l.fields.recorded_harm,
        &[("extorsión sexual", "sexual_extortion"), ("extorsión sexual por dinero", "financial_sexual_extortion")],
    ),
    ("¿Por internet?", |l| l.fields.tech_involved, &[("sí", "yes"), ("no", "no")]),
    (
        "Línea o persona",
        |l| l.fields.online_to_in_person,
        &[
            ("solo en línea", "online_only"),
            ("primero en línea", "online_then_in_person"),
            ("primero en persona", "in_person_then_online"),
            ("solo en persona", "in_person_only"),
        ],
    ),
];

/// Event columns; `#` stands for the number of the step. Codes are written as the standard has them.
const STEP_COLUMNS: [(&str, Find); 5] = [
    ("Paso # fase", |l| l.fields.event_phase),
    ("Paso # hecho", |l| l.fields.event_type),
    ("Paso # tecnología", |l| l.fields.event_techuse),
    ("Paso # servicio", |l| l.fields.event_service),
    ("Paso # quién", |l| l.fields.event_contacted_by),
];

const CONSENTS: [(&str, Purpose); 5] = [
    ("Acepta atención", Purpose::Service),
    ("Acepta estadística", Purpose::Statistics),
    ("Acepta comparación", Purpose::Linkage),
    ("Acepta estimación", Purpose::Estimation),
    ("Acepta datos sintéticos", Purpose::Microdata),
];

/// Leaves out what the file has no column for.
pub(crate) fn keep_what_it_carries(lexicon: &Lexicon, incoming: &mut Incoming) {
    let fields: Vec<FieldId> = COLUMNS.iter().map(|(_, field, _)| field(lexicon)).collect();
    let steps: Vec<FieldId> = STEP_COLUMNS.iter().map(|(_, field)| field(lexicon)).collect();
    incoming.record.cells.retain(|(field, _)| fields.contains(field));
    incoming.record.events.truncate(STEPS);
    for event in &mut incoming.record.events {
        event.retain(|(field, _)| steps.contains(field) || *field == lexicon.fields.event_seq);
    }
    incoming.record.perpetrators.clear();
    incoming.record.platform_actions.clear();
    incoming.consent.retain(|claim| CONSENTS.iter().any(|(_, p)| *p == claim.purpose));
    incoming.legal_basis = None;
}

/// The header.
pub(crate) fn header() -> Vec<String> {
    let mut header = vec!["Expediente".to_owned(), "Cama".to_owned()];
    header.extend(COLUMNS.iter().map(|(name, ..)| (*name).to_owned()));
    header.extend(CONSENTS.iter().map(|(name, _)| (*name).to_owned()));
    for n in 1..=STEPS {
        header.extend(STEP_COLUMNS.iter().map(|(name, _)| name.replace('#', &n.to_string())));
    }
    header
}

/// One row.
pub(crate) fn row(lexicon: &Lexicon, codebook: &Codebook, incoming: &Incoming, draw: &mut Draw) -> Vec<String> {
    let style = Style::OwnColumns;
    let record = &incoming.record;
    let mut row = vec![record.id.expose().to_owned(), format!("{}", 1 + draw.below(24))];
    for (_, field, words) in COLUMNS {
        let field = field(lexicon);
        let cell = record.cell(field);
        let text = style.text(codebook, field, cell, draw);
        let coded = !matches!(cell, Cell::Missing(_)) && matches!(codebook.get(field).kind, Kind::Code | Kind::Codes);
        row.push(if text.is_empty() {
            (if draw.share(300) { "s/d" } else { "" }).to_owned()
        } else if coded && !words.is_empty() {
            text.split(';').map(|code| own_word(words, code)).collect::<Vec<_>>().join(";")
        } else {
            text
        });
    }
    for (_, purpose) in CONSENTS {
        let claim = incoming.consent.iter().find(|c| c.purpose == purpose);
        row.push(claim.map_or("", |c| if c.given { "sí" } else { "no" }).to_owned());
    }
    for n in 0..STEPS {
        let event = record.events.get(n);
        for (_, field) in STEP_COLUMNS {
            let field = field(lexicon);
            let cell = event.and_then(|e| e.iter().find(|(f, _)| *f == field));
            row.push(cell.map_or_else(String::new, |(_, cell)| style.text(codebook, field, cell, draw)));
        }
    }
    row
}

fn own_word<'a>(words: &'a [(&str, &str)], code: &'a str) -> &'a str {
    words.iter().find(|(_, id)| *id == code).map_or(code, |(word, _)| word)
}

/// The mapping file that belongs to the shelter's columns.
pub(crate) fn mapping(lexicon: &Lexicon, codebook: &Codebook, title: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::from("# INVENTED: the mapping file of a shelter that does not exist.\n\n");
    let _ = writeln!(out, "id = \"invented-shelter\"\nversion = \"1\"\ntitle = {title:?}\nsource = \"INVENTED\"");
    out.push_str("missing = [\"s/d\"]\nseparator = \";\"\ndates = \"dmy\"\nnotes = [\"The number of the bed is read and left out.\"]\n");
    let mut column = |name: &str, field: &str, rule: &str, words: &[(&str, &str)]| {
        let _ = writeln!(out, "\n[[column]]\nname = {name:?}");
        if !field.is_empty() {
            let _ = writeln!(out, "field = {field:?}");
        }
        let _ = writeln!(out, "rule = {rule:?}");
        if !words.is_empty() {
            let pairs: Vec<String> = words.iter().map(|(word, id)| format!("{word:?} = {id:?}")).collect();
            let _ = writeln!(out, "values = {{ {} }}", pairs.join(", "));
        }
    };
    column("Expediente", "", "record_id", &[]);
    column("Cama", "", "ignore", &[]);
    for (name, field, words) in COLUMNS {
        let field = codebook.get(field(lexicon));
        column(name, &field.id, rule(field.kind), words);
    }
    for (name, purpose) in CONSENTS {
        column(name, purpose.code(), "consent", &[("sí", "yes"), ("no", "no")]);
    }
    for n in 1..=STEPS {
        for (name, field) in STEP_COLUMNS {
            let field = codebook.get(field(lexicon));
            column(&name.replace('#', &n.to_string()), &format!("event.{n}.{}", field.id), rule(field.kind), &[]);
        }
    }
    out
}

fn rule(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Code => "code",
        Kind::Codes => "codes",
        Kind::Integer => "integer",
        Kind::Age => "age",
        Kind::Date => "date",
    }
}
