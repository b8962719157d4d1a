use super::*;
use crate::account::Rho;
use crate::bundle::Account;
use crate::flat::again::follows;
use crate::flat::page::tests::{made, of, people};
use accord_standard::columns::{Column, Columns};

#[test]
fn the_changes_are_those_of_the_noisy_counts_with_the_noise_of_both() {
    let files = of(&people(), "Invented table", true);
    let previous = Previous::read(&files).unwrap();
    let (measured, draft) = made(&people(), "Invented table", true);
    let mut moved = measured.clone();
    let layout = moved.layout().unwrap();
    let column = layout.order.iter().position(|c| *c == 1).unwrap();
    let cell = layout.tables[0][column].offset + 2;
    moved.tables[1].values[cell] += 40;
    redrawn(&mut moved);
    let compared = compare(&moved, &draft, previous.epsilon, &previous).unwrap();
    assert_eq!((compared.same_domain, compared.compared, compared.beyond_noise), (true, 11, 1));
    let first = &compared.largest[0];
    assert_eq!((first.column.as_str(), first.value.as_str(), first.change.difference), ("age_band", "15-17", 40));
    // Two draws of sigma 3: sigma 3√2 = 4.243. One of 12 intervals: two-sided 0.05 / 12, which is 2.865 sigma or 12.16; with
    // whole numbers 12 miss a little more seldom (P(|x| > 12.5) = 0.0032).
    assert_eq!((first.change.low, first.change.high), (28, 52));
    assert_eq!((compared.largest.len(), compared.any_by_chance), (1, 0.05), "what is within noise is not named");
}

/// The same numbers as if they were drawn anew.
fn redrawn(measured: &mut Measured) {
    for draw in measured.tables.iter_mut().flat_map(|t| &mut t.draws) {
        draw.entry += "/again";
    }
}

#[test]
fn a_draft_made_again_from_the_same_measurements_is_compared_without_noise() {
    let previous = Previous::read(&of(&people(), "Invented table", true)).unwrap();
    let (measured, mut draft) = made(&people(), "Invented table", true);
    draft.asked.ask.dial = 3.0;
    let same = compare(&measured, &draft, previous.epsilon, &previous).unwrap();
    assert!(same.same_measurements && same.largest.is_empty());
    assert_eq!((same.beyond_noise, same.rows, same.any_by_chance), (0, Change { difference: 0, low: 0, high: 0 }, 0.0));
    assert!(same.why[0].contains("same measurements") && same.why.join(" ").contains("dial was 1.5 and is 3"));
    assert!(!same.why.join(" ").contains("numbers of rows"), "{:?}", same.why);
    // The very same numbers of another draw are two draws that fell alike: their noise is that of both.
    let mut other = measured.clone();
    redrawn(&mut other);
    let other = compare(&other, &draft, previous.epsilon, &previous).unwrap();
    assert!(!other.same_measurements && other.rows.low < 0 && other.rows.high > 0);
    // One draw has one outcome.
    let mut forged = measured.clone();
    forged.tables[1].values[0] += 1;
    let mut previous = previous;
    let account = Account { account: "a".into(), head: "h".into() };
    previous.accounts = vec![account.account.clone()];
    draft.info.accounts = vec![account];
    assert!(compare(&forged, &draft, previous.epsilon, &previous).unwrap_err().contains("same draw"));
}

/// Of comparisons in which nothing changed, how many name a change, and how many would at 95 of 100 for each alone.
fn false_alarms(columns: usize, values: usize, sigma_milli: u64, comparisons: usize) -> (usize, usize) {
    use crate::flat::layout::Shape;
    use crate::noisy::{Draw, NoisyTable};
    use rand::{RngExt, SeedableRng};
    let names = |n: usize| (0..n).map(|v| format!("v{v}")).collect::<Vec<_>>();
    let columns: Vec<_> = (0..columns).map(|c| Column::new(format!("c{c}"), names(values))).collect();
    let columns = Columns { columns };
    let shape = Shape { longest: 1, most_filled: None };
    let cells = crate::flat::layout::Layout::new(&columns, shape).unwrap().cells(1);
    // Exact weights of the discrete Gaussian, drawn by inversion.
    let s = sigma_milli as f64 / 1000.0;
    let reach = (8.0 * s).ceil() as i64;
    let mut upto = 0.0;
    let mut law: Vec<f64> = Vec::new();
    for x in -reach..=reach {
        upto += (-(x * x) as f64 / (2.0 * s * s)).exp();
        law.push(upto);
    }
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
    let mut noisy = |exact: i64| {
        let at: f64 = rng.random::<f64>() * upto;
        exact + law.partition_point(|p| *p < at) as i64 - reach
    };
    let mut draw = |entry: usize| {
        let mut table = |id: String, cells: usize| {
            let draw = Draw { sigma_milli, rho: Rho(1), sensitivity_squared: 1, entry: format!("{entry}/{id}") };
            NoisyTable { values: (0..cells).map(|c| noisy(10 * c as i64)).collect(), draws: vec![draw], table: id }
        };
        let tables = vec![table(ROWS.to_owned(), 1), table(length_id(1), cells)];
        Measured { tables, columns: columns.clone(), shape, rows_per_person: 1, choice: None }
    };
    let draft = made(&people(), "Invented table", true).1;
    let template = Previous::read(&of(&people(), "Invented table", true)).unwrap();
    let mut alarms = (0, 0);
    for at in 0..comparisons {
        let (before, now) = (draw(2 * at), draw(2 * at + 1));
        let previous = Previous {
            domain: domain_hash(&columns),
            rows: before.tables[0].values[0],
            rows_sigma_milli: vec![sigma_milli],
            values: singles(&before).unwrap(),
            sigma_milli: vec![sigma_milli],
            measurements: hash_of(&before),
            entries: vec![],
            ..template.clone()
        };
        let found = compare(&now, &draft, previous.epsilon, &previous).unwrap();
        assert_eq!(found.compared as usize, columns.columns.len() * values);
        alarms.0 += usize::from(found.beyond_noise > 0 || found.rows.is_beyond_noise());
        let alone = half_width(&[sigma_milli; 2], 1);
        let (before, now) = (singles(&before).unwrap(), singles(&now).unwrap());
        alarms.1 += usize::from(before.iter().zip(&now).any(|(b, n)| Change::of(n.2, b.2, alone).is_beyond_noise()));
    }
    alarms
}

#[test]
fn privacy_13_where_nothing_changed_at_most_five_comparisons_of_a_hundred_name_any_change() {
    // Small noise, whose law is summed exactly, and large noise, taken as normal.
    for (columns, values, sigma_milli) in [(4, 5, 3_000), (5, 20, 1_200), (5, 30, 25_000)] {
        let comparisons = 1_500;
        let (alarms, alone) = false_alarms(columns, values, sigma_milli, comparisons);
        let n = comparisons as f64;
        let allowed = MISS * n + 4.0 * (MISS * (1.0 - MISS) * n).sqrt();
        eprintln!(
            "{columns} x {values}, sigma {sigma_milli}: {alarms} of {comparisons} name a change, {alone} without correction"
        );
        assert!((alarms as f64) <= allowed, "{alarms} of {comparisons}");
        // Not by saying nothing ever. Whole numbers keep under the mark, small noise furthest.
        assert!(alarms > 0, "{alarms} of {comparisons}");
        assert!(alone as f64 > 0.4 * n, "each alone would name some in {alone}");
    }
}

#[test]
fn only_what_both_reports_tell_is_given_as_a_reason() {
    let previous = Previous::read(&of(&people(), "Invented table", true)).unwrap();
    let (measured, mut draft) = made(&people(), "Invented table", true);
    let why = |draft: &Draft, epsilon: f64, measured: &Measured| {
        compare(measured, draft, epsilon, &previous).unwrap().why.join("\n")
    };
    let plain = why(&draft, previous.epsilon, &measured);
    assert!(!plain.contains("dial") && !plain.contains("Epsilon") && !plain.contains("years declared"), "{plain}");
    draft.asked.ask.dial = 3.0;
    draft.info.period = "2020".into();
    draft.info.invented = false;
    let mut more = measured.clone();
    redrawn(&mut more);
    more.tables[0].values[0] += 100;
    let changed = why(&draft, previous.epsilon * 2.0, &more);
    for reason in [
        "dial was 1.5 and is 3",
        "Epsilon was",
        "“2019 to 2025” and are “2020”",
        "There are other rows",
        "INVENTED DATA",
    ] {
        assert!(changed.contains(reason), "{reason}: {changed}");
    }
}

#[test]
fn a_draft_with_a_comparison_follows_from_its_own_files_and_a_changed_comparison_is_found() {
    let previous = Previous::read(&of(&people(), "Invented table", true)).unwrap();
    let (measured, mut draft) = made(&people(), "Invented table", true);
    draft.previous = Some(previous);
    let drafted = crate::flat::report::draft(&measured, &draft, &mut |_| {}).unwrap();
    let mut files = crate::flat::report::files(&measured, &drafted, Files::new()).unwrap();
    assert_eq!(follows(&files), Ok(()));
    assert!(String::from_utf8(files["report.html"].clone()).unwrap().contains("What changed since"));
    let mut report: FlatReport = parse(&files, REPORT).unwrap();
    report.compared.as_mut().unwrap().any_by_chance = 0.5;
    files.insert(REPORT.into(), serde_json::to_vec(&report).unwrap());
    assert!(follows(&files).is_err());
}

#[test]
fn a_damaged_or_other_draft_is_no_comparison() {
    let mut files = of(&people(), "Invented table", true);
    files.get_mut(MEASURED).unwrap().push(b' ');
    assert!(Previous::read(&files).unwrap_err().contains("measured.json was changed"));
    assert!(Previous::read(&Files::new()).is_err());
}

#[test]
fn an_earlier_draft_that_does_not_follow_from_its_own_counts_is_no_comparison() {
    let whole = of(&people(), "Invented table", true);
    assert!(Previous::read(&whole).is_ok());
    // Whoever changes a count lists the file anew.
    let anew = |mut files: Files| {
        files.remove("manifest.json");
        crate::files::add_manifest("draft-2026-1", crate::files::Status::Draft, &mut files).unwrap();
        Previous::read(&files).map(|_| ()).unwrap_err()
    };
    let mut measured: Measured = parse(&whole, MEASURED).unwrap();
    measured.tables[1].values[0] += 500;
    let mut files = whole.clone();
    files.insert(MEASURED.into(), serde_json::to_vec(&measured).unwrap());
    let why = anew(files);
    assert!(why.contains("does not pass its checks") && why.contains("accord verify"), "{why}");
    let mut report: FlatReport = parse(&whole, REPORT).unwrap();
    report.info.period = "1990".into();
    let mut files = whole.clone();
    files.insert(REPORT.into(), serde_json::to_vec_pretty(&report).unwrap());
    assert!(anew(files).contains("does not pass its checks"));
    let mut files = whole;
    files.insert("names.csv".into(), b"a\n".to_vec());
    assert!(anew(files).contains("names.csv"));
}
