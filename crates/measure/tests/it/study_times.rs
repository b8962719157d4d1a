//! How far times from onset to identification are from the truth before and after the correction for late identification, in
//! worlds with known truth whose tables lack whoever is identified after an age.

#![allow(clippy::print_stdout, reason = "the bias that was found is worth reading")]

use crate::audit_noise::Seeded;
use crate::study_worlds::world::{counted, drawn, info, plan};
use accord_record::model::{Age, AgePrecision, Cell, Record};
use accord_release::study::series;
use accord_standard::codebook::Codebook;
use accord_standard::dimension;
use accord_standard::figure::FigureValue;
use accord_standard::study::Study;
use accord_testnoise::seeded;
use rand::RngExt;

/// Youngest onset, and last age at identification, in these tables.
const YOUNGEST: u8 = 0;
const UNTIL: u8 = 21;
const YEARS: [u8; 3] = [1, 3, 5];

const STUDY: &str = r#"
id = "times"
version = "1"
title = "Times"
question = "How long?"
limits = ["Detected only."]
[workload]
title = "t"
population = "invented people"
definition = "Detected."
caveats = ["Detected, not all who exist."]
[[workload.table]]
id = "ages"
title = "ages"
dimensions = ["sex", "onset", "seen"]
share = 1000
[[dimension]]
id = "onset"
label = "Onset"
definition = "d"
field = "age_at_first_exploitation"
rule = "age_band"
cuts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]
[[dimension]]
id = "seen"
label = "Seen"
definition = "d"
field = "age_at_identification"
rule = "age_band"
cuts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]
[[figure]]
id = "as-seen"
label = "l"
definition = "d"
table = "ages"
estimate = { delay = { onset = "onset", identified = "seen", under = 18, seen_until = 21, corrected = false, years = [1, 3, 5] } }
[[figure]]
id = "corrected"
label = "l"
definition = "d"
table = "ages"
estimate = { delay = { onset = "onset", identified = "seen", under = 18, seen_until = 21, corrected = true, years = [1, 3, 5] } }
[[section]]
id = "all"
heading = "All"
"#;

#[test]
fn times_corrected_for_late_identification_are_nearer_to_the_truth_than_times_as_seen() {
    let worlds = if std::env::var_os("ACCORD_LONG").is_some() { 200 } else { 20 };
    let book = Codebook::embedded();
    let field = |path: &str| book.field(path).unwrap();
    let age = |years: u8| Cell::Age(Age { low: years, high: years, precision: AgePrecision::Exact });
    let study = Study::parse(STUDY, dimension::embedded(), book).unwrap();
    // By years and way: how far the share identified within them is off, its distance, how many intervals hold the truth, and of
    // how many worlds.
    let mut off = [[(0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64); 2]; 3];
    for world in 0..worlds {
        let mut rng = seeded(800 + world);
        let yearly = rng.random_range(0.08..0.25);
        let (mut records, mut within, mut all) = (Vec::new(), [0.0_f64; 3], 0.0_f64);
        while records.len() < 20_000 {
            let onset: u8 = rng.random_range(YOUNGEST..18);
            let mut years = 0_u8;
            while years < 90 && !rng.random_bool(yearly) {
                years += 1;
            }
            // The longest time with which anybody could be seen: of longer ones this table can say nothing, and doesn't.
            if years > UNTIL - YOUNGEST {
                continue;
            }
            all += 1.0;
            for (sum, limit) in within.iter_mut().zip(YEARS) {
                *sum += f64::from(u8::from(years <= limit));
            }
            if onset + years > UNTIL {
                continue; // identified too late for this table: nobody of it knows her
            }
            let mut cells = vec![
                (field("age_at_first_exploitation"), age(onset)),
                (field("age_at_identification"), age(onset + years)),
            ];
            cells.sort_by_key(|(f, _)| *f);
            records.push(Record { cells, ..Record::default() });
        }
        let plan = plan(&study, 1.0);
        let counts = counted(&study, records.iter());
        let given = series(&info(), &study, &drawn(&plan, &counts, &mut Seeded::new(900 + world))).unwrap();
        for (which, id) in ["as-seen", "corrected"].iter().enumerate() {
            let one = given.iter().find(|s| s.figure == *id).unwrap();
            for (at, years) in YEARS.iter().enumerate() {
                let point = one.points.iter().find(|p| p.key == format!("within_{years}")).unwrap();
                if let FigureValue::Estimate { value, low, high, .. } = point.figure.value {
                    let value = value.unwrap_or(f64::midpoint(low, high));
                    let truth = 100.0 * within[at] / all;
                    let sum = &mut off[at][which];
                    let held = f64::from(u8::from(low <= truth && truth <= high));
                    *sum = (sum.0 + value - truth, sum.1 + (value - truth).abs(), sum.2 + held, sum.3 + 1.0);
                }
            }
        }
    }
    println!("Share identified within so many years, less the true one, in points of per cent, over {worlds} worlds:");
    for (of, years) in off.iter().zip(YEARS) {
        let [seen, corrected] = of.map(|(sum, far, held, n)| (sum / n, far / n, held / n, n));
        println!(
            "| {years} | as seen {:+.2}, {:.2} away, {:.3} hold it, of {} | corrected {:+.2}, {:.2} away, {:.3} hold it, of {} |",
            seen.0, seen.1, seen.2, seen.3, corrected.0, corrected.1, corrected.2, corrected.3
        );
        assert!(seen.3 == worlds as f64 && corrected.3 >= worlds as f64 * 0.8, "too few worlds give a share");
        assert!(seen.0 > 1.0, "as seen, times are too short: without that there is nothing to correct");
        assert!(
            corrected.1 < seen.1 && corrected.0.abs() < seen.0 / 2.0,
            "within {years} years the correction does not help"
        );
    }
}
