//! The budget of flat tables: many draws at once, and draws cut short at every step (PRIVACY 2, 7 and 9).

use accord_desk::ledger::{DrawId, Ledger, LedgerError, Request, Start, Terms};
use accord_measure::flat::{FlatMeasureError, measure, plan};
use accord_measure::grid::Grid;
use accord_measure::noise::OsNoise;
use accord_measure::plan::Bound;
use accord_release::account::{Rho, epsilon_of, rho_of};
use accord_release::noisy::NoisyTable;
use accord_standard::columns::{Column, Columns};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const DELTA: f64 = 1e-6;
const CAP: f64 = 4.0;

fn columns() -> Columns {
    let values = |n: usize| (0..n).map(|i| format!("v{i}")).collect();
    Columns { columns: (0..4).map(|at| Column::new(format!("c{at}"), values(at + 1))).collect() }
}

fn request(slot: &str, epsilon: f64, bound: Bound, cohorts: &[&str]) -> Request {
    Request {
        slot: slot.into(),
        cohorts: cohorts.iter().map(|c| (*c).to_owned()).collect(),
        plan: plan(&columns(), 3, bound, epsilon, DELTA, 2).unwrap(),
        reading: "flat".into(),
        again: true,
    }
}

fn grid() -> Grid {
    let mut grid = Grid::new(&columns());
    for i in 0..40 {
        grid.push(&[i % 2, i % 3, i % 4, i % 5]);
    }
    grid
}

async fn open(path: &Path) -> Ledger<'static> {
    let terms = Terms { dataset: "flat".into(), cap: rho_of(CAP, DELTA).unwrap(), delta: DELTA };
    Ledger::open_file(path, terms).await.unwrap()
}

/// Starts again while another program writes: being busy is no refusal.
async fn start(ledger: &Ledger<'static>, request: &Request) -> Result<Start, LedgerError> {
    loop {
        match ledger.start(request).await {
            Err(LedgerError::Busy) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            done => return done,
        }
    }
}

fn file(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join("budget.db")
}

/// Forty draws of four sizes over two cohorts, begun at once, half of them through one handle and half through handles of
/// their own: what was begun is charged exactly, nothing passes the cap, and nothing was refused that still fits.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn privacy_02_flat_draws_at_the_same_time_never_overspend() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(&dir);
    let shared = Arc::new(open(&path).await);
    let tasks: Vec<_> = (0..40_usize)
        .map(|i| {
            let (path, shared) = (path.clone(), shared.clone());
            tokio::spawn(async move {
                let epsilon = [0.4, 0.7, 1.0, 1.3][i % 4];
                let bound = [Bound::Dense, Bound::Chosen, Bound::Declared(2)][i % 3];
                let cohorts: &[&str] = [&["2025"][..], &["2026"], &["2025", "2026"]][i / 4 % 3];
                let ask = request(&format!("2026-{}", i + 1), epsilon, bound, cohorts);
                let begun = if i % 2 == 0 { start(&shared, &ask).await } else { start(&open(&path).await, &ask).await };
                let begun = match begun {
                    Ok(Start::Fresh(_)) => true,
                    Err(LedgerError::BudgetSpent { .. }) => false,
                    other => panic!("{other:?}"),
                };
                (ask, begun)
            })
        })
        .collect();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.unwrap());
    }
    let ledger = open(&path).await;
    let cap = ledger.terms().cap;
    let mut spent = std::collections::HashMap::new();
    for cohort in ["2025", "2026"] {
        let charged = ledger.most_spent(&[cohort.to_owned()]).await.unwrap();
        let begun = done.iter().filter(|(ask, begun)| *begun && ask.cohorts.iter().any(|c| c == cohort));
        assert_eq!(charged, Rho(begun.map(|(ask, _)| ask.plan.total().0).sum()), "{cohort}");
        assert!(charged <= cap && epsilon_of(charged, DELTA) <= CAP + 1e-5, "{cohort}");
        spent.insert(cohort, charged);
    }
    // The account only grows, so what did not fit when it was refused does not fit now.
    for (ask, begun) in &done {
        let fits = ask.cohorts.iter().all(|c| spent[c.as_str()].0 + ask.plan.total().0 <= cap.0);
        assert!(*begun || !fits, "a draw was refused that the budget holds");
    }
    let begun = done.iter().filter(|(_, begun)| *begun).count();
    assert!((4..40).contains(&begun), "{begun}");
}

/// One slot, asked for by all at once: it has two draws and is charged for two.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn privacy_09_a_slot_has_two_flat_draws_however_many_ask_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(&dir);
    open(&path).await;
    let tasks: Vec<_> = (0..12_u32)
        .map(|i| {
            let path = path.clone();
            tokio::spawn(async move {
                let mut ask = request("2026-1", 0.3, Bound::Dense, &["2026"]);
                ask.reading = format!("flat {i}");
                start(&open(&path).await, &ask).await
            })
        })
        .collect();
    let mut begun = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(Start::Fresh(_)) => begun += 1,
            Err(LedgerError::SlotFull(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    let one = request("2026-1", 0.3, Bound::Dense, &["2026"]).plan.total().0;
    assert_eq!(begun, 2);
    assert_eq!(open(&path).await.most_spent(&["2026".into()]).await.unwrap(), Rho(2 * one));
}

/// What the shipped noise gives for a plan.
fn transcript(request: &Request, draw: &DrawId) -> Vec<NoisyTable> {
    let mut tables = Vec::new();
    let keep = &mut |_: usize, table: &NoisyTable| {
        tables.push(table.clone());
        Ok::<(), FlatMeasureError>(())
    };
    measure(&grid(), &columns(), &request.plan, &draw.0, &mut OsNoise::default(), keep).unwrap();
    tables
}

/// The process ends after each number of committed measurements in turn: short of all, the cost stays spent and nothing of
/// that draw is used; with all, the next start reads what was committed, measures nothing and costs nothing.
#[tokio::test]
async fn privacy_07_a_flat_draw_that_is_cut_short_stays_spent_and_a_whole_one_is_taken_up() {
    for bound in [Bound::Dense, Bound::Chosen] {
        let ask = request("2026-1", 1.0, bound, &["2026"]);
        let steps = ask.plan.steps.len();
        for committed in 0..=steps {
            let dir = tempfile::tempdir().unwrap();
            let path = file(&dir);
            let ledger = open(&path).await;
            let Start::Fresh(draw) = ledger.start(&ask).await.unwrap() else { panic!("not fresh") };
            // The whole cost is debited before the first measurement.
            assert_eq!(ledger.most_spent(&ask.cohorts).await.unwrap(), ask.plan.total());
            let tables = transcript(&ask, &draw);
            for (step, table) in tables.iter().enumerate().take(committed) {
                ledger.record(&draw, step, table).await.unwrap();
            }
            drop(ledger);
            let ledger = open(&path).await;
            let next = ledger.start(&ask).await.unwrap();
            let spent = ledger.most_spent(&ask.cohorts).await.unwrap();
            if committed == steps {
                assert_eq!(next, Start::Measured(draw.clone()));
                assert_eq!(spent, ask.plan.total());
                let read: Vec<NoisyTable> =
                    ledger.measurements(&draw).await.unwrap().into_iter().map(|(_, table)| table).collect();
                assert_eq!(read, tables);
            } else {
                assert!(matches!(&next, Start::Fresh(other) if *other != draw), "took up an unfinished draw");
                assert_eq!(spent, Rho(2 * ask.plan.total().0));
                assert!(ledger.measurements(&draw).await.is_err());
                assert!(ledger.record(&draw, committed, &tables[committed]).await.is_err(), "the draw went on");
            }
        }
    }
}
