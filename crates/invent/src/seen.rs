//! What one organisation writes down about an invented person: spellings, blanks, rough ages, some of the events, and
//! what she consented to.

use crate::codes::{Habit, Lexicon};
use crate::draw::Draw;
use crate::person::{LAST_MONTH, Person};
use accord_record::model::{Age, AgePrecision, Cell, ConsentClaim, Date, Incoming, Part, Record, Secret};
use accord_standard::codebook::FieldId;
use accord_standard::value::{Code, Missing};

/// How names stand in an organisation's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// In their own script.
    Native,
    /// In Latin letters, in one of the spellings in use.
    Latin,
    /// Now this, now that.
    Mixed,
}

/// Upper bounds of the rough bands that people use (GS-05).
const BANDS: [(u8, u8); 11] =
    [(0, 4), (5, 9), (10, 14), (15, 17), (18, 19), (20, 24), (25, 29), (30, 39), (40, 49), (50, 59), (60, 255)];

/// Identifier of the band that holds this whole range of ages.
pub(crate) fn band_of(low: u8, high: u8) -> Option<String> {
    let (from, to) = BANDS.into_iter().find(|(l, h)| *l <= low && high <= *h)?;
    Some(if from == 60 { "a60_plus".into() } else { format!("a{from}_{to}") })
}

/// Writes cells and blanks.
struct Writer<'a> {
    habit: &'a Habit,
    draw: Draw,
    cells: Part,
}

impl Writer<'_> {
    fn put(&mut self, field: FieldId, cell: Cell) {
        self.cells.push((field, cell));
    }

    /// The cell, or a reason for having none with this share; sometimes nothing at all.
    fn maybe(&mut self, field: FieldId, missing: u32, cell: impl FnOnce(&mut Draw) -> Cell) {
        if !self.draw.share(missing) {
            let cell = cell(&mut self.draw);
            self.put(field, cell);
        } else if let Some(reason) = reason(&mut self.draw) {
            self.put(field, Cell::Missing(reason));
        }
    }

    fn field(&mut self, field: FieldId, cell: impl FnOnce(&mut Draw) -> Cell) {
        let missing = self.habit.plan.field_missing;
        self.maybe(field, missing, cell);
    }
}

fn reason(draw: &mut Draw) -> Option<Missing> {
    match draw.below(100) {
        0..40 => None,
        40..70 => Some(Missing::Unknown),
        70..90 => Some(Missing::NotAsked),
        90..98 => Some(Missing::Refused),
        _ => Some(Missing::Withheld),
    }
}

/// A record of this person as an organisation of this habit would hold it.
pub(crate) fn seen(
    lexicon: &Lexicon,
    habit: &Habit,
    spelling: Spelling,
    id: String,
    person: &Person,
    draw: Draw,
) -> Incoming {
    let (f, words) = (&lexicon.fields, &lexicon.words);
    let course = &lexicon.courses[usize::from(person.course)];
    let mut w = Writer { habit, draw, cells: Vec::with_capacity(29) };

    if w.draw.share(habit.plan.name_given) {
        let (given, family) = names(lexicon, person, spelling, &mut w.draw);
        w.put(f.given_name, Cell::Text(Secret::new(given)));
        w.put(f.family_name, Cell::Text(Secret::new(family)));
        if w.draw.share(600) {
            let reach = w.draw.below(10);
            let birth = date(person.birth_month, person.birth_day, reach);
            w.put(f.birth_date, Cell::Date(birth));
        }
    }
    w.put(f.reporting_entity_type, Cell::Code(habit.entity));
    w.put(f.source_mode, Cell::Code(habit.source_mode));
    let reach = w.draw.below(10);
    w.put(f.registration_date, Cell::Date(date(person.identified, 28, reach)));
    if course.identified {
        let status = habit.status.draw(&mut w.draw).unwrap_or(words.not_trafficking);
        w.put(f.identification_status, Cell::Code(status));
    } else {
        w.put(f.identification_status, Cell::Code(words.not_trafficking));
        let harm = some(&course.harm, &mut w.draw);
        w.put(f.recorded_harm, harm);
    }
    w.field(f.identified_how, |d| Cell::Code(d.one(&habit.identified_how).copied().unwrap_or(Code(1))));
    w.maybe(f.sex_registered, habit.plan.sex_missing, |_| Cell::Code(person.sex));
    w.field(f.gender, |_| Cell::Code(person.gender));

    let missing = habit.plan.age_missing;
    w.maybe(f.age_at_identification, missing, |d| age(person.age_in(person.identified), habit.plan.age_rough, d));
    let more = (missing * 2).min(850);
    if course.identified {
        w.maybe(f.age_at_recruitment, more, |d| age(person.age_in(person.recruited), 300, d));
        w.maybe(f.age_at_first_exploitation, more, |d| age(person.age_in(person.onset), 300, d));
        w.maybe(f.age_at_exit, more, |d| age(person.age_in(person.exit), 300, d));
    }
    consistent_ages(lexicon, &mut w.cells);

    w.field(f.citizenship, |_| Cell::Codes(vec![person.citizenship]));
    w.field(f.country_recruitment, |_| Cell::Code(person.citizenship));
    if course.identified {
        w.field(f.country_exploitation, |_| Cell::Codes(vec![person.country_exploitation]));
        w.field(f.cross_border, |_| Cell::Code(if person.cross_border { words.cross_yes } else { words.cross_no }));
        let child = person.age_in(person.onset) < 18;
        if child {
            w.field(f.means, |_| Cell::Codes(vec![words.not_required_child]));
        } else if !course.means.is_empty() && !course.child_means_only {
            w.field(f.means, |d| some(&course.means, d));
        }
        w.field(f.control_method, |d| some(&course.control, d));
        w.maybe(f.purpose, habit.plan.field_missing / 4, |_| Cell::Codes(course.purpose.clone()));
        if !course.form.is_empty() {
            w.field(f.sex_exploitation_form, |d| some(&course.form, d));
        }
        if !course.labour.is_empty() {
            w.field(f.labour_sector, |d| one(&course.labour, d));
        }
    }
    w.field(f.recruiter_relation, |d| {
        course.relation.draw(d).map_or(Cell::Missing(Missing::Unknown), |c| Cell::Codes(vec![c]))
    });
    w.field(f.online_to_in_person, |_| Cell::Code(course.online_to_in_person));

    let events = events(lexicon, person, &mut w);
    let used = |wanted: bool| {
        events.iter().flatten().any(|(field, cell)| {
            *field == f.event_techuse && matches!(cell, Cell::Code(c) if (*c != words.no_technology) == wanted)
        })
    };
    if used(true) {
        w.put(f.tech_involved, Cell::Code(words.yes));
    } else if used(false) {
        w.field(f.tech_involved, |_| Cell::Code(words.no));
    } else if w.draw.share(500) {
        w.put(f.tech_involved, Cell::Missing(Missing::NotAsked));
    }

    let mut perpetrators = Vec::new();
    if w.draw.share(450) {
        let sex = if w.draw.share(720) { words.man_boy } else { words.woman_girl };
        let mut part = vec![(f.perpetrator_sex, Cell::Codes(vec![sex]))];
        if let Some(relation) = course.relation.draw(&mut w.draw) {
            part.push((f.perpetrator_relation, Cell::Codes(vec![relation])));
        }
        if w.draw.share(600) {
            part.push((f.perpetrator_role, some(&lexicon.roles, &mut w.draw)));
        }
        part.sort_by_key(|(field, _)| *field);
        perpetrators.push(part);
    }

    let mut platform_actions = Vec::new();
    for event in person.events.iter().filter(|e| e.event_type == words.reported) {
        let mut part = vec![(f.action_route, Cell::Code(words.in_app))];
        part.extend(event.service.map(|service| (f.action_service, Cell::Code(service))));
        part.extend(lexicon.responses.draw(&mut w.draw).map(|c| (f.action_response, Cell::Codes(vec![c]))));
        part.extend(lexicon.times.draw(&mut w.draw).map(|c| (f.action_time, Cell::Code(c))));
        part.sort_by_key(|(field, _)| *field);
        platform_actions.push(part);
    }

    let (consent, legal_basis) = consent(person, &mut w);
    followed(lexicon, person, &mut w);
    w.cells.sort_by_key(|(field, _)| *field);
    Incoming {
        record: Record { id: Secret::new(id), cells: w.cells, events, perpetrators, platform_actions },
        consent,
        legal_basis,
    }
}

/// Until when this organisation knew how she fared: never before the last event of her course, so that what it does not hold
/// of that time did not happen or was not told. Drawn last, so that everything else of a record is as without it.
fn followed(lexicon: &Lexicon, person: &Person, w: &mut Writer<'_>) {
    if !w.draw.share(w.habit.plan.followed) {
        return;
    }
    let last = person.events.iter().map(|e| e.month).max().unwrap_or(person.identified).max(person.identified);
    // Most are followed until today; of the others contact was lost at some time.
    let until = if w.draw.share(700) { LAST_MONTH } else { w.draw.between(last, LAST_MONTH.max(last)) };
    let reach = w.draw.below(10);
    w.put(lexicon.fields.followed_until, Cell::Date(date(until, 28, reach)));
}

/// The events that this organisation was told of, in order, numbered from 1.
fn events(lexicon: &Lexicon, person: &Person, w: &mut Writer<'_>) -> Vec<Part> {
    let f = &lexicon.fields;
    let mut out: Vec<Part> = Vec::with_capacity(person.events.len());
    for event in &person.events {
        if !w.draw.share(w.habit.plan.events_kept) {
            continue;
        }
        let seq = out.len() as i32 + 1;
        let mut part = vec![(f.event_seq, Cell::Integer(seq))];
        if w.draw.share(w.habit.plan.event_date) {
            let reach = w.draw.below(10);
            part.push((f.event_date, Cell::Date(date(event.month, event.day, reach))));
        }
        part.push((f.event_phase, Cell::Code(event.phase)));
        part.push((f.event_type, Cell::Code(event.event_type)));
        if let Some(techuse) = event.techuse {
            part.push((f.event_techuse, known(techuse, 40, &mut w.draw)));
        }
        if let Some(service) = event.service {
            part.push((f.event_service, known(service, 120, &mut w.draw)));
        }
        if event.event_type == lexicon.words.payment {
            let form = lexicon.payments.iter().find(|(service, _)| event.service == Some(*service));
            part.push((f.event_payment_form, Cell::Code(form.map_or(lexicon.cash, |(_, form)| *form))));
        }
        if let Some(who) = event.who {
            part.push((f.event_contacted_by, known(who, 100, &mut w.draw)));
        }
        if w.draw.share(200) {
            part.push((f.event_country, Cell::Code(person.country_exploitation)));
        }
        if w.draw.share(500) {
            let word = if w.draw.share(800) { lexicon.words.stated } else { lexicon.words.inferred };
            part.push((f.event_certainty, Cell::Code(word)));
        }
        part.sort_by_key(|(field, _)| *field);
        out.push(part);
    }
    out
}

fn known(code: Code, unknown: u32, draw: &mut Draw) -> Cell {
    if draw.share(unknown) { Cell::Missing(Missing::Unknown) } else { Cell::Code(code) }
}

fn one(codes: &[Code], draw: &mut Draw) -> Cell {
    draw.one(codes).map_or(Cell::Missing(Missing::Unknown), |c| Cell::Codes(vec![*c]))
}

fn some(codes: &[Code], draw: &mut Draw) -> Cell {
    let mut kept: Vec<Code> = codes.iter().copied().filter(|_| draw.share(550)).collect();
    if kept.is_empty() {
        kept.extend(draw.one(codes));
    }
    kept.sort_unstable();
    Cell::Codes(kept)
}

/// A date that reaches to the day (`reach` under 6), the month (6 to 8) or the year (9).
fn date(month: i32, day: u8, reach: u32) -> Date {
    let (year, month) = ((month / 12) as i16, (month % 12 + 1) as u8);
    match reach {
        0..6 => Date { year, month, day },
        6..9 => Date { year, month, day: 0 },
        _ => Date { year, month: 0, day: 0 },
    }
}

fn age(years: u8, rough: u32, draw: &mut Draw) -> Cell {
    let exact = Age { low: years, high: years, precision: AgePrecision::Exact };
    Cell::Age(if !draw.share(rough) {
        exact
    } else if draw.share(500) {
        let said = (i32::from(years) + draw.between(-1, 1)).clamp(1, 118) as u8;
        Age { low: said.saturating_sub(ABOUT), high: said + ABOUT, precision: AgePrecision::About }
    } else {
        let (low, high) = BANDS.into_iter().find(|(l, h)| (*l..=*h).contains(&years)).unwrap_or((0, 255));
        Age { low, high, precision: AgePrecision::Range }
    })
}

/// Tolerance of "about 14", in years on either side.
pub(crate) const ABOUT: u8 = 1;

/// Rough ages must not contradict the course: an age that ends before the age at an earlier moment begins is left out.
fn consistent_ages(lexicon: &Lexicon, cells: &mut Part) {
    let f = &lexicon.fields;
    let mut floor = 0;
    for field in [f.age_at_recruitment, f.age_at_first_exploitation, f.age_at_exit, f.age_at_identification] {
        let Some(at) = cells.iter().position(|(id, _)| *id == field) else { continue };
        if let Cell::Age(age) = &cells[at].1 {
            if age.high < floor {
                cells.remove(at);
            } else {
                floor = floor.max(age.low);
            }
        }
    }
}

fn names(lexicon: &Lexicon, person: &Person, spelling: Spelling, draw: &mut Draw) -> (String, String) {
    let culture = &lexicon.cultures[usize::from(person.culture)];
    let given_names = if person.sex == lexicon.words.male { &culture.male } else { &culture.female };
    let native = match spelling {
        Spelling::Native => true,
        Spelling::Latin => false,
        Spelling::Mixed => draw.share(400),
    };
    let mut spell = |spellings: &[String]| {
        let (own, latin) = spellings.split_first().expect("every name has a spelling; tested on the data");
        if native { own.clone() } else { draw.one(latin).unwrap_or(own).clone() }
    };
    let mut given = spell(&given_names[usize::from(person.given)]);
    let mut family = spell(&culture.family[usize::from(person.family)]);
    // Files that expect the family name last swap the two now and then.
    if culture.family_first && draw.share(80) {
        std::mem::swap(&mut given, &mut family);
    }
    (given, family)
}

fn consent(person: &Person, w: &mut Writer<'_>) -> (Vec<ConsentClaim>, Option<Code>) {
    let on_legal_basis = w.draw.share(w.habit.plan.legal_basis);
    let mut claims = Vec::with_capacity(w.habit.consent.len());
    let when = w.draw.share(500).then(|| date(person.identified, 28, 0));
    let mut statistics = false;
    for (purpose, share) in &w.habit.consent {
        if w.draw.share(w.habit.plan.consent_blank) {
            continue;
        }
        let mut given = w.draw.share(*share);
        // Microdata without statistics would be a contradiction; purposes come in order, P2 before P5.
        match purpose {
            accord_standard::consent::Purpose::Statistics => statistics = given,
            accord_standard::consent::Purpose::Microdata => given &= statistics,
            _ => {}
        }
        claims.push(ConsentClaim { purpose: *purpose, given, date: when });
    }
    (claims, on_legal_basis.then_some(w.habit.legal_basis))
}
