use super::*;
use crate::flat::tests::{Invented, codes, shape};
use crate::flat::{Ask, make};

fn settings(columns: usize) -> Settings {
    Settings::new(columns, &Ask::default()).unwrap()
}

#[test]
fn privacy_11_the_report_is_a_function_of_the_noisy_counts_alone() {
    let sizes = [3, 4, 2];
    let rows = codes(&sizes, 200, &mut ChaCha20Rng::seed_from_u64(1));
    let measured = Invented { sizes: &sizes, shape: shape(3, None), sigma_milli: 3000, seed: 1 }.measured(&rows);
    let made = make(&measured, &Ask::default(), &mut |_| {}).unwrap();
    let report = |m: &Measured| quality(m, &made.rows, &settings(3), &mut |_| {}).unwrap();
    assert_eq!(report(&measured), report(&measured.clone()));
    let again: FlatQuality = serde_json::from_str(&serde_json::to_string(&report(&measured)).unwrap()).unwrap();
    assert_eq!(again, report(&measured));
}

/// Mean over combinations that exist of the distance of the count of rows from the exact one.
fn real_error(measured: &Measured, truth: &Rows, rows: &Rows, length: usize) -> f64 {
    let plain = Layout::new(&measured.columns, Shape { longest: 3, most_filled: Some(u16::MAX) }).unwrap();
    let (exact, shown) = (truth.count(&plain, length), rows.count(&plain, length));
    let exist: Vec<(u32, u32)> = exact.into_iter().zip(shown).filter(|(e, _)| *e > 0).collect();
    exist.iter().map(|(e, s)| f64::from(e.abs_diff(*s))).sum::<f64>() / exist.len() as f64
}

#[test]
fn privacy_11_the_expected_error_is_within_a_factor_of_two_of_the_real_one() {
    for (sizes, len, sigma_milli, most_filled) in [
        (&[3, 4, 2, 5, 3][..], 1500, 4000, None),
        (&[3, 4, 2, 5, 3], 1500, 4000, Some(5)),
        (&[2, 6, 4, 8], 5000, 10_000, None),
        (&[3, 4, 2, 5], 300, 6000, None),
    ] {
        let (mut expected, mut real) = ([0.0; 3], [0.0; 3]);
        for seed in 0..3 {
            let truth = codes(sizes, len, &mut ChaCha20Rng::seed_from_u64(50 + seed));
            let measured = Invented { sizes, shape: shape(3, most_filled), sigma_milli, seed }.measured(&truth);
            let made = make(&measured, &Ask::default(), &mut |_| {}).unwrap();
            let report = quality(&measured, &made.rows, &settings(sizes.len()), &mut |_| {}).unwrap();
            for (at, length) in report.lengths.iter().enumerate() {
                assert_eq!(length.length, at + 1);
                expected[at] += length.expected_error;
                real[at] += real_error(&measured, &truth, &made.rows, at + 1);
            }
        }
        for length in 1..=3 {
            let ratio = expected[length - 1] / real[length - 1];
            println!(
                "{len} rows, {most_filled:?}, length {length}: expected {:.3} of real {:.3}",
                expected[length - 1] / 3.0,
                real[length - 1] / 3.0
            );
            assert!((0.5..=2.0).contains(&ratio), "{len} rows, length {length}: {ratio}");
        }
    }
}

#[test]
fn what_is_reported_stays_within_its_ranges_on_the_smallest_tables() {
    for len in [0, 1, 2, 40] {
        for shape in [shape(3, None), shape(2, Some(3)), shape(1, None)] {
            let sizes = [2, 0, 3, 1];
            let rows = codes(&sizes, len, &mut ChaCha20Rng::seed_from_u64(1));
            let measured = Invented { sizes: &sizes, shape, sigma_milli: 3000, seed: 5 }.measured(&rows);
            let made = make(&measured, &Ask::default(), &mut |_| {}).unwrap();
            let report = quality(&measured, &made.rows, &settings(4), &mut |_| {}).unwrap();
            assert_eq!(report.columns.iter().map(|c| c.column.as_str()).collect::<Vec<_>>(), ["c0", "c1", "c2", "c3"]);
            assert_eq!(report.lengths.len(), usize::from(shape.longest));
            for l in &report.lengths {
                for share in [l.coverage, l.expected_suppressed, l.expected_fabricated_mass] {
                    assert!((0.0..=1.0).contains(&share), "{l:?}");
                }
                assert!(l.expected_error.is_finite() && l.expected_workload_error.is_finite());
                assert!(l.half_width.is_some());
            }
        }
    }
}

#[test]
fn averages_say_how_many_combinations_they_rest_on() {
    let sizes = [3, 4];
    let report = |rows: &Rows| {
        let measured = Invented { sizes: &sizes, shape: shape(2, None), sigma_milli: 3000, seed: 1 }.measured(rows);
        quality(&measured, rows, &settings(2), &mut |_| {}).unwrap()
    };
    assert!(report(&Rows::blank(2, 0)).lengths.iter().all(|l| l.combinations == 0 && l.expected_error == 0.0));
    let many = report(&codes(&sizes, 2000, &mut ChaCha20Rng::seed_from_u64(1)));
    assert!(many.lengths[0].combinations >= 6 && many.lengths[1].combinations > many.lengths[0].combinations);
}
