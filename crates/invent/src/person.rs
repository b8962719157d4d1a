//! An invented person and the course of events in her life: the truth, before any organisation writes part of it down.

use crate::codes::{Course, Lexicon};
use crate::draw::{Draw, Stream};
use accord_standard::value::Code;

/// Months are counted from January of year 0. Nothing is invented after this month.
pub(crate) const LAST_MONTH: i32 = 2025 * 12 + 11;

/// One invented person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Her number.
    pub number: u64,
    pub(crate) culture: u16,
    pub(crate) given: u16,
    pub(crate) family: u16,
    pub(crate) course: u16,
    /// Sex, in the list of `sex_registered`.
    pub sex: Code,
    /// Gender, in the list of `gender`.
    pub gender: Code,
    /// Month of birth, counted from January of year 0.
    pub birth_month: i32,
    /// Day of birth, 1 to 28. Events fall on this day of a month or later, so that ages follow from months.
    pub birth_day: u8,
    /// Month of the first contact.
    pub recruited: i32,
    /// Month in which exploitation (or the recorded harm) began.
    pub onset: i32,
    /// Month in which it ended.
    pub exit: i32,
    /// Month in which she was identified.
    pub identified: i32,
    /// Citizenship.
    pub citizenship: Code,
    /// Country of exploitation.
    pub country_exploitation: Code,
    /// Taken across a border.
    pub cross_border: bool,
    /// What happened, in order.
    pub(crate) events: Vec<Happened>,
}

/// One event of a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Happened {
    pub(crate) month: i32,
    pub(crate) day: u8,
    pub(crate) phase: Code,
    pub(crate) event_type: Code,
    pub(crate) techuse: Option<Code>,
    pub(crate) service: Option<Code>,
    pub(crate) who: Option<Code>,
}

impl Person {
    /// Completed years in a month of hers.
    pub fn age_in(&self, month: i32) -> u8 {
        ((month - self.birth_month) / 12).clamp(0, 120) as u8
    }

    /// Identifier of the course of events in `standard/invent/world.toml`.
    pub fn course(&self) -> &'static str {
        &crate::lexicon().courses[usize::from(self.course)].id
    }

    /// Identified or presumed as trafficked; false for people recorded with sexual extortion only.
    pub fn trafficked(&self) -> bool {
        crate::lexicon().courses[usize::from(self.course)].identified
    }

    /// Script in which her name is written.
    pub fn script(&self) -> &'static str {
        &crate::lexicon().cultures[usize::from(self.culture)].script
    }

    /// Exploitation began under 18, and she was identified at 18 or older.
    pub fn crossed_18_unseen(&self) -> bool {
        self.age_in(self.onset) < 18 && self.age_in(self.identified) >= 18
    }
}

/// Draws the person with this number, out of the courses that an organisation of this kind meets.
pub(crate) fn person(lexicon: &Lexicon, seed: u64, kind: crate::HolderKind, number: u64) -> Person {
    let draw = &mut Draw::new(seed, Stream::Person, 0, number);
    let course_number = lexicon.habit(kind).courses.draw(draw).unwrap_or(0);
    let course = &lexicon.courses[usize::from(course_number)];
    let words = &lexicon.words;

    let sex = course.sex.draw(draw).unwrap_or(words.female);
    let gender = match draw.below(1000) {
        0..6 if sex == words.male => words.trans_woman,
        0..4 if sex == words.female => words.trans_man,
        6..11 => words.nonbinary,
        _ if sex == words.female => words.woman_girl,
        _ if sex == words.male => words.man_boy,
        _ => words.nonbinary,
    };
    let culture = lexicon.culture_pick.draw(draw).unwrap_or(0);
    let names = &lexicon.cultures[usize::from(culture)];
    let given_names = if sex == words.male { names.male.len() } else { names.female.len() };
    let given = draw.below(given_names as u32) as u16;
    let family = draw.below(names.family.len() as u32) as u16;

    let identified = lexicon.years.draw(draw).unwrap_or(2020) * 12 + draw.between(0, 11);
    let age = spread(&course.onset, draw);
    let unseen = spread(&course.years_unseen, draw);
    let onset = identified - unseen * 12 - draw.between(0, 11);
    let birth_month = onset - age * 12 - draw.between(0, 11);
    let birth_day = draw.between(1, 28) as u8;
    let exit = (identified - draw.between(0, 4)).max(onset);

    let citizenship = lexicon.countries[usize::from(culture)].draw(draw).unwrap_or(Code(1));
    let cross_border = draw.share(course.cross_border);
    let country_exploitation = if cross_border {
        let there = lexicon.destinations[draw.below(lexicon.destinations.len() as u32) as usize];
        if there == citizenship { lexicon.destinations[0] } else { there }
    } else {
        citizenship
    };
    let cross_border = country_exploitation != citizenship;
    let events = events(lexicon, course, draw, onset, identified, birth_day);
    let recruited = events.first().map_or(onset, |e| e.month.min(onset));
    Person {
        number,
        culture,
        given,
        family,
        course: course_number,
        sex,
        gender,
        birth_month: birth_month.min(recruited),
        birth_day,
        recruited,
        onset,
        exit,
        identified,
        citizenship,
        country_exploitation,
        cross_border,
        events,
    }
}

fn spread(bands: &crate::draw::Pick<(u32, u32)>, draw: &mut Draw) -> i32 {
    bands.draw(draw).map_or(0, |(low, high)| draw.between(low as i32, high as i32))
}

/// The steps that happen, dated so that the beginning falls into the month of onset.
fn events(
    lexicon: &Lexicon,
    course: &Course,
    draw: &mut Draw,
    onset: i32,
    identified: i32,
    birth_day: u8,
) -> Vec<Happened> {
    let mut kept = Vec::new();
    let (mut month, mut begins) = (0, 0);
    for step in &course.steps {
        let pause = draw.between(step.months[0], step.months[1]);
        let techuse = step.techuse.draw(draw);
        let service = step.service.draw(draw).filter(|_| techuse != Some(lexicon.words.no_technology));
        let who = step.who.draw(draw);
        let day = draw.between(i32::from(birth_day), 28) as u8;
        if !draw.share(step.share) {
            continue;
        }
        if !kept.is_empty() {
            month += pause;
        }
        if step.onset {
            begins = month;
        }
        kept.push((
            step,
            Happened { month, day, phase: step.phase, event_type: step.event_type, techuse, service, who },
        ));
    }
    let mut out = Vec::with_capacity(kept.len() + 1);
    let seen = Happened {
        month: identified,
        day: 28,
        phase: lexicon.words.exit_phase,
        event_type: lexicon.words.identified,
        techuse: None,
        service: None,
        who: None,
    };
    let mut after = Vec::new();
    for (step, mut event) in kept {
        event.month += onset - begins;
        if step.after_identified {
            event.month = event.month.max(identified + 1);
            if event.month <= LAST_MONTH {
                after.push(event);
            }
        } else {
            event.month = event.month.min(identified);
            out.push(event);
        }
    }
    out.push(seen);
    out.extend(after);
    // Days must not run backwards inside a month.
    for i in 1..out.len() {
        if out[i].month == out[i - 1].month && out[i].day < out[i - 1].day {
            out[i].day = out[i - 1].day;
        }
    }
    out
}
