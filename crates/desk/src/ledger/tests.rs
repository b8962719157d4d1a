use super::*;
use accord_measure::plan::Extras;
use accord_release::noisy::Draw;
use accord_standard::workload;

fn terms(epsilon: f64) -> Terms {
    Terms { dataset: "test".into(), cap: rho_of(epsilon, 1e-6).unwrap(), delta: 1e-6 }
}

fn request(slot: &str, epsilon: f64, cohorts: &[&str]) -> Request {
    let workload = workload::embedded("default").unwrap();
    let plan = Plan::new(workload, epsilon, 1e-6, 1, Extras::default()).unwrap();
    Request {
        slot: slot.into(),
        cohorts: cohorts.iter().map(|c| (*c).to_owned()).collect(),
        plan,
        reading: "test".into(),
        again: true,
    }
}

fn table_for(plan: &Plan, step: usize) -> NoisyTable {
    let step = &plan.steps[step];
    let draw = Draw {
        sigma_milli: step.sigma_milli,
        rho: step.rho,
        sensitivity_squared: 1,
        entry: format!("e{}", step.table),
    };
    NoisyTable { table: step.table.clone(), values: vec![1, 2, 3], draws: vec![draw] }
}

async fn measured(ledger: &Ledger<'_>, request: &Request, steps: usize) -> DrawId {
    let Start::Fresh(draw) = ledger.start(request).await.unwrap() else { panic!("not fresh") };
    for step in 0..steps {
        ledger.record(&draw, step, &table_for(&request.plan, step)).await.unwrap();
    }
    draw
}

async fn open(dir: &tempfile::TempDir) -> Ledger<'static> {
    Ledger::open_file(&dir.path().join("budget.db"), terms(4.0)).await.unwrap()
}

#[tokio::test]
async fn privacy_07_a_measured_draw_is_taken_up_again_and_never_measured_twice() {
    let dir = tempfile::tempdir().unwrap();
    let ask = request("2026-1", 1.0, &["2026"]);
    let draw = measured(&open(&dir).await, &ask, ask.plan.steps.len()).await;
    // The process died before it wrote its output: the same request finds the same measurements and costs nothing.
    let ledger = open(&dir).await;
    let spent = ledger.most_spent(&ask.cohorts).await.unwrap();
    assert_eq!(ledger.start(&ask).await.unwrap(), Start::Measured(draw.clone()));
    assert_eq!(ledger.most_spent(&ask.cohorts).await.unwrap(), spent);
    let tables = ledger.measurements(&draw).await.unwrap();
    assert_eq!(tables.len(), ask.plan.steps.len());
    assert!(ledger.record(&draw, 0, &table_for(&ask.plan, 0)).await.is_err(), "a step was measured twice");
}

#[tokio::test]
async fn privacy_07_the_cost_of_unfinished_work_stays_spent_and_what_was_missed_is_never_measured() {
    let dir = tempfile::tempdir().unwrap();
    let ask = request("2026-1", 1.0, &["2026"]);
    let first = measured(&open(&dir).await, &ask, 1).await;
    let ledger = open(&dir).await;
    let Start::Fresh(second) = ledger.start(&ask).await.unwrap() else { panic!("took up an unfinished draw") };
    assert_ne!(first, second);
    let both = Rho(2 * ask.plan.total().0);
    assert_eq!(ledger.most_spent(&ask.cohorts).await.unwrap(), both);
    assert!(ledger.record(&first, 1, &table_for(&ask.plan, 1)).await.is_err(), "the unfinished draw went on");
    assert!(ledger.measurements(&first).await.is_err());
    // Two draws were begun in this slot: there is no third.
    assert!(matches!(ledger.start(&ask).await, Err(LedgerError::SlotFull(_))));
    assert!(matches!(ledger.start(&request("2026-1", 0.5, &["2026"])).await, Err(LedgerError::SlotFull(_))));
}

#[tokio::test]
async fn privacy_09_a_slot_has_two_draws_and_delivery_refunds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir).await;
    let ask = request("2026-1", 0.3, &["2026"]);
    for _ in 0..2 {
        let draw = measured(&ledger, &ask, ask.plan.steps.len()).await;
        ledger.deliver(&draw).await.unwrap();
    }
    assert!(matches!(ledger.start(&ask).await, Err(LedgerError::SlotFull(_))));
    assert_eq!(ledger.most_spent(&ask.cohorts).await.unwrap(), Rho(2 * ask.plan.total().0));
    assert!(matches!(ledger.start(&request("2026-2", 0.3, &["2026"])).await, Ok(Start::Fresh(_))));
}

#[tokio::test]
async fn privacy_02_no_cohort_is_ever_charged_over_its_cap() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir).await;
    measured(&ledger, &request("2026-1", 3.9, &["2025"]), 1).await;
    // 2025 has almost nothing left; a draw over both is refused whole, and charges neither.
    let refused = ledger.start(&request("2026-2", 1.0, &["2024", "2025"])).await;
    assert!(matches!(&refused, Err(e @ LedgerError::BudgetSpent { cohort, .. }) if cohort == "2025" && e.is_refusal()));
    assert_eq!(ledger.most_spent(&["2024".into()]).await.unwrap(), Rho(0));
    assert!(matches!(ledger.start(&request("2026-2", 1.0, &["2024"])).await, Ok(Start::Fresh(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn privacy_02_draws_at_the_same_time_never_overspend() {
    let dir = tempfile::tempdir().unwrap();
    open(&dir).await;
    let tasks: Vec<_> = (0..12)
        .map(|i| {
            let path = dir.path().join("budget.db");
            tokio::spawn(async move {
                let ledger = Ledger::open_file(&path, terms(4.0)).await.unwrap();
                matches!(ledger.start(&request(&format!("2026-{}", i + 1), 1.0, &["2026"])).await, Ok(Start::Fresh(_)))
            })
        })
        .collect();
    let mut begun = 0_u64;
    for task in tasks {
        begun += u64::from(task.await.unwrap());
    }
    let ledger = open(&dir).await;
    let spent = ledger.most_spent(&["2026".into()]).await.unwrap();
    let one = request("x", 1.0, &["2026"]).plan.total().0;
    assert_eq!(spent.0, begun * one);
    assert!(spent <= ledger.terms().cap);
    assert_eq!(begun, ledger.terms().cap.0 / one, "fewer draws than the budget holds");
}

#[tokio::test]
async fn a_changed_entry_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir).await;
    measured(&ledger, &request("2026-1", 1.0, &["2025", "2026"]), 1).await;
    sqlx::query("UPDATE budget_entry SET rho = 1 WHERE seq = 1").execute(&ledger.pool).await.unwrap();
    assert!(matches!(ledger.head().await, Err(LedgerError::Tampered(1))));
    drop(ledger);
    let again = Ledger::open_file(&dir.path().join("budget.db"), terms(4.0)).await;
    assert!(matches!(again, Err(LedgerError::Tampered(1))));
}

#[tokio::test]
async fn privacy_09_a_second_draw_in_a_slot_is_made_only_when_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir).await;
    let ask = Request { again: false, ..request("2026-1", 0.3, &["2026"]) };
    let draw = measured(&ledger, &ask, ask.plan.steps.len()).await;
    assert_eq!(ledger.start(&ask).await.unwrap(), Start::Measured(draw.clone()), "taking up is no second draw");
    ledger.deliver(&draw).await.unwrap();
    let refused = ledger.start(&ask).await;
    assert!(matches!(&refused, Err(e @ LedgerError::DrawnBefore(_)) if e.is_refusal()));
    assert_eq!(ledger.most_spent(&ask.cohorts).await.unwrap(), ask.plan.total(), "a refused draw was charged");
    assert!(matches!(ledger.start(&Request { again: true, ..ask }).await, Ok(Start::Fresh(_))));
}

#[tokio::test]
async fn privacy_09_a_slot_has_one_spelling() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir).await;
    for slot in
        ["2026-1 ", " 2026-1", "2026-01", "2026 -1", "2026", "26-1", "spring", "", "2026-1-1", "2026-123", "२०२६-1"]
    {
        let refused = ledger.start(&request(slot, 0.1, &["2026"])).await;
        assert!(matches!(&refused, Err(e @ LedgerError::Slot(_)) if e.is_refusal()), "{slot:?}");
    }
}

#[tokio::test]
async fn privacy_07_a_draw_is_taken_up_only_by_a_request_that_reads_the_same_in_the_same_way() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir).await;
    let ask = request("2026-1", 1.0, &["2026"]);
    measured(&ledger, &ask, ask.plan.steps.len()).await;
    let otherwise = Request { reading: "every row is another person".into(), ..ask.clone() };
    assert!(matches!(ledger.start(&otherwise).await, Ok(Start::Fresh(_))));
}

#[tokio::test]
async fn privacy_20_the_account_is_named_and_its_head_moves_with_every_debit() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir).await;
    let before = ledger.account().await.unwrap();
    measured(&ledger, &request("2026-1", 1.0, &["2026"]), 0).await;
    let after = open(&dir).await.account().await.unwrap();
    assert_eq!(before.account, after.account);
    assert!(before.head.starts_with("0:") && after.head.starts_with("1:"));
}

#[tokio::test]
async fn the_cap_of_an_account_never_changes() {
    let dir = tempfile::tempdir().unwrap();
    open(&dir).await;
    let raised = Ledger::open_file(&dir.path().join("budget.db"), terms(8.0)).await;
    assert!(matches!(&raised, Err(e @ LedgerError::OtherTerms { .. }) if e.is_refusal()));
}

#[tokio::test]
async fn a_step_that_the_plan_does_not_have_makes_no_draw_whole() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir).await;
    let ask = request("2026-1", 1.0, &["2026"]);
    let steps = ask.plan.steps.len();
    let draw = measured(&ledger, &ask, steps - 1).await;
    for step in [steps, steps + 1, usize::MAX] {
        let refused = ledger.record(&draw, step, &table_for(&ask.plan, steps - 1)).await;
        assert!(matches!(refused, Err(LedgerError::NoStep(_, at)) if at == step), "{step}");
    }
    // Nor does a measurement in the place of another.
    assert!(ledger.record(&draw, steps - 1, &table_for(&ask.plan, 0)).await.is_err());
    let state = ledger.entries().await.unwrap().pop().unwrap().state;
    assert_eq!(state, "reserved");
    ledger.record(&draw, steps - 1, &table_for(&ask.plan, steps - 1)).await.unwrap();
    assert_eq!(ledger.measurements(&draw).await.unwrap().len(), steps);
}

#[test]
fn a_ledger_that_somebody_draws_with_is_held_until_they_end() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("budget.db");
    let held = AtWork::with(&place).unwrap();
    assert!(matches!(AtWork::with(&place), Err(LedgerError::Drawing)));
    assert!(AtWork::with(&dir.path().join("other.db")).is_ok());
    drop(held);
    assert!(AtWork::with(&place).is_ok());
    assert!(AtWork::with(&dir.path().join("none/budget.db")).is_err());
}

#[cfg(unix)]
#[tokio::test]
async fn privacy_09_a_running_draw_is_not_given_up_by_one_that_reaches_its_ledger_by_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("budget.db");
    let elsewhere = dir.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    // A link to where the ledger will be, a link to that link, a folder that is a link, and a path with a detour.
    let (link, second, folder) = (elsewhere.join("link"), elsewhere.join("second"), dir.path().join("folder"));
    std::os::unix::fs::symlink(&place, &link).unwrap();
    std::os::unix::fs::symlink(&link, &second).unwrap();
    std::os::unix::fs::symlink(dir.path(), &folder).unwrap();
    let others = [&link, &second, &folder.join("budget.db"), &elsewhere.join("../budget.db"), &place];
    for first in others {
        let held = AtWork::with(first).unwrap();
        for other in others {
            let same = AtWork::with(other);
            assert!(matches!(same, Err(LedgerError::Drawing)), "{} and {}", first.display(), other.display());
        }
        drop(held);
    }
    // A running draw, and a hard link to its ledger.
    let held = AtWork::with(&place).unwrap();
    let ledger = Ledger::open_file(&place, terms(4.0)).await.unwrap();
    ledger.start(&request("2026-1", 1.0, &["2026"])).await.unwrap();
    let hard = elsewhere.join("hard.db");
    std::fs::hard_link(&place, &hard).unwrap();
    let refused = AtWork::with(&hard).unwrap_err();
    assert!(matches!(refused, LedgerError::SeveralNames(_)) && refused.is_refusal());
    assert!(refused.to_string().contains("Keep one name"), "{refused}");
    std::fs::remove_file(&hard).unwrap();
    assert!(matches!(AtWork::with(&place), Err(LedgerError::Drawing)));
    assert_eq!(ledger.entries().await.unwrap().pop().unwrap().state, "reserved");
    drop(held);
    // A copy is another ledger: what it is a copy of, its own terms and entries say.
    std::fs::copy(&place, &hard).unwrap();
    assert!(AtWork::with(&hard).is_ok() && AtWork::with(&place).is_ok());
}
