//! What an organisation would hold that was told everything and wrote all of it down: the truth of a person as a record. For
//! tests of what missing answers do to figures.

use crate::codes::Lexicon;
use crate::person::{LAST_MONTH, Person};
use accord_record::model::{Age, AgePrecision, Cell, Date, Part, Record, Secret};
use accord_standard::codebook::Codebook;

/// The record with this identifier of this person with nothing left out: exact ages and dates, all events, followed to the
/// end of time. Names and what no figure is made from are not in it.
pub(crate) fn complete(lexicon: &Lexicon, id: String, person: &Person) -> Record {
    let f = &lexicon.fields;
    let course = &lexicon.courses[usize::from(person.course)];
    let age = |month: i32| {
        let years = person.age_in(month);
        Cell::Age(Age { low: years, high: years, precision: AgePrecision::Exact })
    };
    let mut cells = vec![
        (f.registration_date, Cell::Date(day(person.identified, 28))),
        (f.sex_registered, Cell::Code(person.sex)),
        (f.age_at_identification, age(person.identified)),
        (f.online_to_in_person, Cell::Code(course.online_to_in_person)),
    ];
    if course.identified {
        cells.push((f.age_at_recruitment, age(person.recruited)));
        cells.push((f.age_at_first_exploitation, age(person.onset)));
        cells.push((f.age_at_exit, age(person.exit)));
        cells.push((f.purpose, Cell::Codes(course.purpose.clone())));
    } else {
        cells.push((f.recorded_harm, Cell::Codes(course.harm.clone())));
    }
    if let Some(followed) = Codebook::embedded().field("followed_until") {
        cells.push((followed, Cell::Date(day(LAST_MONTH, 28))));
    }
    let uses = || person.events.iter().filter_map(|e| e.techuse);
    if uses().any(|code| code != lexicon.words.no_technology) {
        cells.push((f.tech_involved, Cell::Code(lexicon.words.yes)));
    } else if uses().next().is_some() {
        cells.push((f.tech_involved, Cell::Code(lexicon.words.no)));
    }
    cells.sort_by_key(|(field, _)| *field);
    let event = |(seq, event): (usize, &crate::person::Happened)| -> Part {
        let mut part = vec![
            (f.event_seq, Cell::Integer(seq as i32 + 1)),
            (f.event_date, Cell::Date(day(event.month, event.day))),
            (f.event_phase, Cell::Code(event.phase)),
            (f.event_type, Cell::Code(event.event_type)),
        ];
        part.extend(event.techuse.map(|code| (f.event_techuse, Cell::Code(code))));
        part.extend(event.service.map(|code| (f.event_service, Cell::Code(code))));
        part.extend(event.who.map(|code| (f.event_contacted_by, Cell::Code(code))));
        part.sort_by_key(|(field, _)| *field);
        part
    };
    Record {
        id: Secret::new(id),
        cells,
        events: person.events.iter().enumerate().map(event).collect(),
        perpetrators: Vec::new(),
        platform_actions: Vec::new(),
    }
}

fn day(month: i32, day: u8) -> Date {
    Date { year: (month / 12) as i16, month: (month % 12 + 1) as u8, day }
}

#[cfg(test)]
mod tests {
    use accord_record::model::Cell;
    use accord_standard::codebook::Codebook;

    #[test]
    fn the_complete_record_is_of_the_same_person_and_what_she_is_recorded_with_is_true() {
        let book = Codebook::embedded();
        let field = |path: &str| book.field(path).unwrap();
        let mut ages = 0;
        for number in 0..2_000 {
            let (seen, whole) = (crate::record(5, number).record, crate::complete_record(5, number));
            assert_eq!(seen.id.expose(), whole.id.expose());
            if let Cell::Code(sex) = seen.cell(field("sex_registered")) {
                assert!(matches!(whole.cell(field("sex_registered")), Cell::Code(true_sex) if true_sex == sex));
            }
            for path in ["age_at_identification", "age_at_first_exploitation"] {
                if let (Cell::Age(said), Cell::Age(is)) = (seen.cell(field(path)), whole.cell(field(path))) {
                    assert!(said.low <= is.low && is.high <= said.high, "{path} of record {number}");
                    ages += 1;
                }
            }
            assert!(seen.events.len() <= whole.events.len());
        }
        assert!(ages > 1_000);
    }
}
