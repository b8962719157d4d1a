//! Against R, lifelines and scipy (bench/oracle/times.R, times.py), by hand, and by properties.

use super::*;
use proptest::prelude::*;

fn cell(from: u16, to: Option<u16>, window: Span, count: f64) -> Cell {
    Cell { times: Span { from, to }, window, count }
}

fn near(fit: &Fit, time: u16, share: f64) {
    let (low, high) = fit.by(time).unwrap();
    assert!((low - share).abs() < 2e-5 && (high - share).abs() < 2e-5, "{time}: {low} to {high}, not {share}");
}

#[test]
fn intervals_alone_are_fitted_as_by_survival_3_5_3_and_npsurv_0_5_0() {
    let all = [
        (0, Some(2), 5.0),
        (1, Some(1), 4.0),
        (2, Some(4), 7.0),
        (3, Some(6), 6.0),
        (5, None, 3.0),
        (0, Some(0), 2.0),
        (4, Some(8), 5.0),
        (7, Some(9), 2.0),
        (9, None, 1.0),
        (2, Some(2), 3.0),
    ];
    let fit = fit(&all.map(|(from, to, n)| cell(from, to, Span::ALL, n))).unwrap();
    for (t, share) in [
        (0, 0.074_923_083),
        (1, 0.224_769_249),
        (2, 0.442_244_740),
        (4, 0.767_430_775),
        (6, 0.860_561_185),
        (8, 0.907_040_790),
        (9, 1.0),
    ] {
        near(&fit, t, share);
    }
    assert!((fit.diagnostics.log_likelihood + 45.461_964_493_6).abs() < 1e-5);
    assert!(fit.diagnostics.unique && fit.diagnostics.gap <= GAP);
    // Somewhere from 5 to 6, and from 7 to 8: which of the two is not in the counts.
    let (low, high) = fit.by(5).unwrap();
    assert!((low - 0.767_430_775).abs() < 2e-5 && (high - 0.860_561_185).abs() < 2e-5);
    assert_eq!(fit.quantile(0.5).unwrap(), (4, Some(4)));
    assert_eq!(fit.quantile(0.8).unwrap(), (5, Some(6)));
}

#[test]
fn many_overlapping_intervals_are_fitted_as_by_npsurv_0_5_0() {
    let all: Vec<Cell> = (0..60_u16)
        .map(|i| {
            let from = (i * 7) % 23;
            cell(from, Some(from + (i * 5) % 9), Span::ALL, f64::from(1 + (i * 11) % 6))
        })
        .collect();
    let fit = fit(&all).unwrap();
    assert!((fit.diagnostics.log_likelihood + 341.353_055_125).abs() < 1e-4, "{:?}", fit.diagnostics);
    let masses = [
        (0, 0.005_388_789),
        (2, 0.089_810_282),
        (5, 0.105_604_567),
        (7, 0.009_953_726),
        (8, 0.055_246_676),
        (10, 0.157_960_155),
        (11, 0.053_616_847),
        (14, 0.133_005_219),
        (16, 0.058_029_882),
        (17, 0.063_264_443),
        (20, 0.032_631_936),
        (22, 0.235_487_478),
    ];
    let mut sum = 0.0;
    for (t, mass) in masses {
        sum += mass;
        let (low, _) = fit.by(t).unwrap();
        assert!((low - sum).abs() < 1e-4, "{t}: {low}, not {sum}");
    }
}

const LATE: [(u16, u16, f64); 14] = [
    (0, 2, 9.0),
    (0, 5, 6.0),
    (0, 8, 3.0),
    (1, 1, 5.0),
    (1, 5, 8.0),
    (1, 8, 4.0),
    (2, 3, 7.0),
    (2, 8, 5.0),
    (3, 5, 6.0),
    (3, 8, 3.0),
    (4, 5, 4.0),
    (5, 8, 2.0),
    (6, 8, 3.0),
    (8, 8, 1.0),
];

#[test]
fn late_times_that_windows_hide_are_given_back_as_by_survival_3_5_3_and_lifelines_0_30_3() {
    let cells = LATE.map(|(t, limit, n)| cell(t, Some(t), Span::new(0, limit), n));
    let corrected = fit(&cells).unwrap();
    for (t, share) in [
        (0, 0.199_459_574_771),
        (1, 0.387_838_062_054),
        (2, 0.542_973_286_876),
        (3, 0.691_056_910_569),
        (4, 0.770_034_843_206),
        (5, 0.809_523_809_524),
        (6, 0.952_380_952_381),
        (8, 1.0),
    ] {
        near(&corrected, t, share);
    }
    assert_eq!(corrected.diagnostics.span, Span::new(0, 8));
    assert!(corrected.diagnostics.implied > corrected.diagnostics.observed);
    // Without the correction, times look shorter than they are.
    let naive = fit(&cells.map(|c| Cell { window: Span::ALL, ..c })).unwrap();
    for t in 0..8 {
        assert!(naive.by(t).unwrap().0 >= corrected.by(t).unwrap().0 - 1e-6);
    }
}

#[test]
fn records_begun_late_and_times_cut_off_are_fitted_as_by_survival_3_5_3() {
    let entry = [1, 1, 2, 2, 3, 1, 4, 3, 1, 2];
    let time = [1, 3, 2, 5, 4, 6, 6, 7, 4, 7];
    let event = [1, 1, 1, 1, 1, 0, 1, 0, 0, 1];
    let count = [3.0, 6.0, 2.0, 5.0, 4.0, 3.0, 6.0, 2.0, 4.0, 3.0];
    let cells: Vec<Cell> = (0..10)
        .map(|i| {
            let window = Span { from: entry[i], to: None };
            // Cut off at 6: later than 6.
            if event[i] == 1 {
                cell(time[i], Some(time[i]), window, count[i])
            } else {
                cell(time[i] + 1, None, window, count[i])
            }
        })
        .collect();
    let fit = fit(&cells).unwrap();
    for (t, share) in [
        (1, 0.1875),
        (2, 0.258_152_173_913),
        (3, 0.423_007_246_377),
        (4, 0.508_487_654_321),
        (5, 0.637_833_008_447),
        (6, 0.793_047_433_398),
        (7, 0.917_218_973_359),
    ] {
        near(&fit, t, share);
    }
}

#[test]
fn intervals_within_windows_are_fitted_as_by_scipy_1_17_1_from_40_starts() {
    let all = [
        (0, 1, 0, 3, 9.0),
        (2, 3, 0, 3, 5.0),
        (1, 2, 0, 4, 4.0),
        (0, 0, 0, 5, 6.0),
        (1, 3, 0, 5, 8.0),
        (4, 5, 0, 5, 5.0),
        (0, 2, 0, 9, 7.0),
        (3, 3, 0, 9, 3.0),
        (5, 7, 0, 9, 6.0),
        (8, 9, 0, 9, 2.0),
        (6, 6, 0, 7, 3.0),
        (2, 4, 1, 7, 5.0),
        (3, 6, 2, 9, 4.0),
        (1, 1, 0, 7, 4.0),
    ];
    let fit = fit(&all.map(|(from, to, u, v, n)| cell(from, Some(to), Span::new(u, v), n))).unwrap();
    assert!((fit.diagnostics.log_likelihood + 74.588_670_573_66).abs() < 1e-5, "{:?}", fit.diagnostics);
    for (t, share) in
        [(0, 0.136_644), (1, 0.361_429), (2, 0.427_090), (3, 0.563_412), (5, 0.686_390), (7, 0.917_573), (9, 1.0)]
    {
        let (low, high) = fit.by(t).unwrap();
        assert!((low - share).abs() < 1e-4 && (high - share).abs() < 1e-4, "{t}: {low} to {high}, not {share}");
    }
}

#[test]
fn windows_that_nothing_links_are_refused() {
    // Half were seen only up to 3, half only from 5: how the halves compare is in no count.
    let cells = [
        cell(1, Some(1), Span::new(0, 3), 10.0),
        cell(2, Some(2), Span::new(0, 3), 10.0),
        cell(6, Some(6), Span::new(5, 9), 10.0),
        cell(7, Some(7), Span::new(5, 9), 30.0),
    ];
    let split = fit(&cells).unwrap();
    assert!(!split.diagnostics.unique);
    assert!(matches!(split.by(1), Err(Refused::NotIdentified(_))));
    assert!(matches!(split.by(2), Err(Refused::NotIdentified(_))));
    assert_eq!(split.by(0).unwrap(), (0.0, 0.0));
    assert!(matches!(split.quantile(0.5), Err(Refused::NotIdentified(_))));
    // All with the long window are late: the early ones, seen through a short window, could be any share, the least is best.
    let empty = [cell(1, Some(1), Span::new(0, 1), 10.0), cell(5, Some(5), Span::new(0, 9), 10.0)];
    assert!(matches!(fit(&empty), Err(Refused::NotIdentified(_))));
}

#[test]
fn distributions_that_fit_equally_well_are_found_out() {
    // Twenty of forty lie at 3 or 4; that five were seen at 4 who could be seen nowhere else tells nothing of which.
    let w = Span::new(1, 4);
    let mut cells = vec![
        cell(1, Some(1), w, 10.0),
        cell(2, Some(2), w, 10.0),
        cell(3, Some(4), w, 20.0),
        cell(4, Some(4), Span::new(4, 4), 5.0),
    ];
    let fitted = fit(&cells).unwrap();
    assert!(!fitted.diagnostics.unique);
    near(&fitted, 1, 0.25);
    near(&fitted, 2, 0.5);
    near(&fitted, 4, 1.0);
    assert!(matches!(fitted.by(3), Err(Refused::NotIdentified(_))));
    assert_eq!(fitted.quantile(0.4).unwrap(), (2, Some(2)));
    assert!(matches!(fitted.quantile(0.7), Err(Refused::NotIdentified(_))));
    // Two people whose window is 3 and 4 settle it.
    cells.push(cell(3, Some(3), Span::new(3, 4), 1.0));
    cells.push(cell(4, Some(4), Span::new(3, 4), 1.0));
    let fitted = fit(&cells).unwrap();
    assert!(fitted.diagnostics.unique);
    near(&fitted, 3, 0.75);
}

#[test]
fn cells_that_cannot_be_ones_are_refused() {
    let ok = cell(1, Some(2), Span::ALL, 3.0);
    for bad in [
        Cell { count: f64::NAN, ..ok },
        Cell { count: -1.0, ..ok },
        Cell { count: f64::INFINITY, ..ok },
        Cell { times: Span::new(3, 2), ..ok },
        Cell { window: Span::new(5, 9), ..ok },
        Cell { window: Span::new(2, 1), ..ok },
    ] {
        assert!(matches!(fit(&[ok, bad]), Err(Refused::Malformed(_))), "{bad:?}");
    }
    assert!(matches!(fit(&[]), Err(Refused::NotRecorded(_))));
    assert!(matches!(fit(&[Cell { count: 0.0, ..ok }]), Err(Refused::NotRecorded(_))));
    let wide: Vec<Cell> = (0..500).map(|t| cell(t, Some(t), Span::ALL, 1.0)).collect();
    assert!(matches!(fit(&wide), Err(Refused::Malformed(_))));
    for q in [f64::NAN, 0.0, 1.5] {
        assert!(matches!(fit(&[ok]).unwrap().quantile(q), Err(Refused::Malformed(_))));
    }
    assert_eq!(fit(&[ok]).unwrap().quantile(0.5).unwrap(), (1, Some(2)));
}

/// The reverse-time hazard (Lagakos, Barraj, De Gruttola 1988): a closed form for exact times under right truncation.
fn reverse(cells: &[(u16, u16, f64)], time: u16) -> f64 {
    let mut share = 1.0;
    for s in time + 1..40 {
        let at: f64 = cells.iter().filter(|c| c.0 == s).map(|c| c.2).sum();
        let under: f64 = cells.iter().filter(|c| c.0 <= s && s <= c.1).map(|c| c.2).sum();
        if under > 0.0 {
            share *= 1.0 - at / under;
        }
    }
    share
}

fn any_cell() -> impl Strategy<Value = Cell> {
    let span = || (any::<u16>(), proptest::option::of(any::<u16>())).prop_map(|(from, to)| Span { from, to });
    let small =
        (0..30_u16, 0..8_u16, 0..5_u16, 0..9_u16, 0.0..50.0_f64).prop_map(|(from, more, under, over, count)| Cell {
            times: Span::new(from, from + more),
            window: Span::new(from.saturating_sub(under), from + more + over),
            count,
        });
    let odd = (span(), span(), any::<f64>()).prop_map(|(times, window, count)| Cell { times, window, count });
    prop_oneof![30 => small, 1 => odd]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_comes_in_a_fit_is_a_distribution_with_its_certificate(cells in prop::collection::vec(any_cell(), 0..25)) {
        if let Ok(fit) = fit(&cells) {
            prop_assert!((fit.atoms.iter().map(|a| a.mass).sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert!(fit.diagnostics.gap <= GAP && fit.diagnostics.implied >= fit.diagnostics.observed - 1e-6);
            let mut before = (0.0, 0.0);
            for t in 0..50 {
                if let Ok((low, high)) = fit.by(t) {
                    prop_assert!(low <= high && before.0 <= low && before.1 <= high && (0.0..=1.0).contains(&high));
                    before = (low, high);
                }
            }
        }
    }

    #[test]
    fn exact_times_under_right_truncation_are_the_product_of_reverse_hazards(
        raw in prop::collection::vec((0..8_u16, 0..6_u16, 1.0..40.0_f64), 1..30), all in 1.0..9.0_f64
    ) {
        // Someone with the longest window at each time links the windows.
        let mut cells: Vec<(u16, u16, f64)> = raw.into_iter().map(|(t, more, n)| (t, t + more, n)).collect();
        cells.extend((0..14).map(|t| (t, 13, all)));
        let fit = fit(&cells.iter().map(|c| cell(c.0, Some(c.0), Span::new(0, c.1), c.2)).collect::<Vec<_>>()).unwrap();
        for t in 0..14 {
            let (low, _) = fit.by(t).unwrap();
            prop_assert!((low - reverse(&cells, t)).abs() < 1e-4, "{}: {} {}", t, low, reverse(&cells, t));
        }
    }

    #[test]
    fn no_step_away_from_a_fit_climbs(cells in prop::collection::vec(any_cell(), 1..15), a in 0..100_usize, b in 0..100_usize) {
        if let Ok(fit) = fit(&cells) {
            let problem = super::atoms::Problem::new(&cells).unwrap();
            let mut masses: Vec<f64> = fit.atoms.iter().map(|a| a.mass).collect();
            let (a, b) = (a % masses.len(), b % masses.len());
            let moved = masses[a].min(1e-3);
            masses[a] -= moved;
            masses[b] += moved;
            let there = super::climb::slopes(&problem, &masses).map_or(f64::NEG_INFINITY, |s| s.log_likelihood);
            // Taking mass from an atom that should have none gains what the certificate allows for all of them; moving it to
            // another gains the gap for each unit moved. In narrow windows the second order counts too.
            let d = fit.diagnostics;
            let allowed = 2.0 * GAP * d.observed + 1e-4 * d.observed * moved + 1e-6 * d.implied * moved + 1e-9;
            prop_assert!(d.least_window < 1e-2 || there <= d.log_likelihood + allowed, "{} over {}", there, d.log_likelihood);
        }
    }
}
