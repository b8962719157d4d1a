use crate::kit::{TODAY, import, meta, new_vault, open, people, person, readable};
use accord_desk::VaultError;
use accord_desk::consent::{Act, Capacity, ConsentEvent};
use accord_desk::import::RowProblem;
use accord_standard::consent::Purpose;
use jiff::civil::date;

#[tokio::test]
async fn what_is_imported_is_read_back_exactly_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, _) = new_vault(dir.path()).await;
    let given: Vec<_> = accord_invent::records(3, 700).collect();
    let report = import(&vault, "cases.csv", given.clone()).await.unwrap();
    assert_eq!((report.number, report.records), (Some(1), 700));
    vault.close().await;
    let vault = open(dir.path()).await;
    let mut back = Vec::new();
    vault
        .for_each_record(TODAY, |s| {
            assert_eq!(s.cohort, 2026);
            back.push(s.incoming.clone());
            Ok::<(), VaultError>(())
        })
        .await
        .unwrap();
    assert!(back == given);
    assert_eq!(vault.count().await.unwrap(), 700);
    let list = vault.imports().await.unwrap();
    assert_eq!((list[0].file.as_str(), list[0].records, list[0].undone), ("cases.csv", 700, false));
}

#[tokio::test]
async fn an_import_that_is_dropped_or_only_tried_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, _) = new_vault(dir.path()).await;
    let mut writer = vault.import(meta("f")).await.unwrap();
    for p in people("a", 0..600) {
        writer.push(p).await.unwrap();
    }
    drop(writer);
    assert_eq!(vault.count().await.unwrap(), 0);
    let mut writer = vault.import(meta("f")).await.unwrap();
    for p in people("a", 0..600) {
        writer.push(p).await.unwrap();
    }
    let report = writer.dry_run().await.unwrap();
    assert_eq!((report.number, report.records, report.with_consent), (None, 600, 600));
    assert_eq!(vault.count().await.unwrap(), 0);
    assert!(vault.imports().await.unwrap().is_empty());
    assert_eq!(import(&vault, "f", people("a", 0..600)).await.unwrap().records, 600);
    vault.verify(TODAY).await.unwrap();
}

#[tokio::test]
async fn duplicates_are_refused_by_row_and_nothing_of_the_file_comes_in() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, _) = new_vault(dir.path()).await;
    import(&vault, "first", people("a", 0..300)).await.unwrap();
    let mut file: Vec<_> = people("b", 0..600).collect();
    file[10] = person("b3");
    file[400] = person("a7");
    file[500] = person("b1");
    file[550] = person("  ");
    let error = import(&vault, "second", file).await.unwrap_err();
    let VaultError::Rows(problems) = error else { panic!("{error}") };
    assert_eq!((problems.already, problems.repeated, problems.erased, problems.nameless), (1, 2, 0, 1));
    assert_eq!(
        problems.rows,
        [
            (11, RowProblem::RepeatedInFile),
            (401, RowProblem::AlreadyThere),
            (501, RowProblem::RepeatedInFile),
            (551, RowProblem::NoIdentifier)
        ]
    );
    assert!(problems.to_string().contains("row 401"), "{problems}");
    assert_eq!(readable(&vault).await.len(), 300);
}

#[tokio::test]
async fn blanks_around_an_identifier_do_not_make_another_person() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, _) = new_vault(dir.path()).await;
    let error = import(&vault, "f", [person("x1"), person(" x1 ")]).await.unwrap_err();
    assert!(matches!(error, VaultError::Rows(_)));
}

#[tokio::test]
async fn two_imports_at_once_give_a_clear_error() {
    let dir = tempfile::tempdir().unwrap();
    let (vault, _) = new_vault(dir.path()).await;
    let other = open(dir.path()).await;
    let mut writer = vault.import(meta("f")).await.unwrap();
    writer.push(person("a")).await.unwrap();
    let Err(error) = other.import(meta("g")).await else { panic!("a second import began") };
    assert!(matches!(error, VaultError::Busy), "{error}");
    assert!(error.to_string().contains("another accord"));
    // Reading goes on meanwhile, and sees nothing of what isn't finished.
    assert_eq!(other.count().await.unwrap(), 0);
    writer.commit().await.unwrap();
    assert_eq!(import(&other, "g", people("b", 0..2)).await.unwrap().number, Some(2));
    assert_eq!(readable(&vault).await.len(), 3);
}

#[tokio::test]
async fn privacy_02_an_undone_import_is_gone_and_may_come_back_in_its_old_cohort() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = new_vault(dir.path()).await;
    import(&vault, "first", people("a", 0..300)).await.unwrap();
    import(&vault, "second", people("b", 0..40)).await.unwrap();
    let epoch = vault.epoch();
    assert_eq!(vault.undo_import(1, TODAY).await.unwrap(), 300);
    assert!(vault.epoch() > epoch, "the vault key is rotated");
    assert_eq!(readable(&vault).await.len(), 40);
    assert!(vault.imports().await.unwrap()[0].undone);
    assert!(matches!(vault.undo_import(1, TODAY).await, Err(VaultError::AlreadyUndone(1))));
    assert!(matches!(vault.undo_import(9, TODAY).await, Err(VaultError::NoSuchBatch(9))));
    // Next year the same people come back: no fresh account for them.
    let mut later = meta("again");
    later.on = date(2027, 3, 1);
    let mut writer = vault.import(later).await.unwrap();
    for p in people("a", 0..300).chain(people("c", 0..5)) {
        writer.push(p).await.unwrap();
    }
    assert_eq!(writer.commit().await.unwrap().returned, 300);
    let mut cohorts = std::collections::BTreeMap::new();
    vault
        .for_each_record(TODAY, |s| {
            *cohorts.entry(s.cohort).or_insert(0) += 1;
            Ok::<(), VaultError>(())
        })
        .await
        .unwrap();
    assert_eq!(cohorts.into_iter().collect::<Vec<_>>(), [(2026, 340), (2027, 5)]);
    vault.verify(TODAY).await.unwrap();
}

#[tokio::test]
async fn privacy_09_a_withdrawal_leaves_a_record_out_from_then_on_even_if_its_file_is_imported_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut vault, _) = new_vault(dir.path()).await;
    import(&vault, "f", people("a", 0..10)).await.unwrap();
    assert!(readable(&vault).await.values().all(|p2| *p2));
    vault.withdraw("a3", &[Purpose::Statistics], Capacity::Person, TODAY).await.unwrap();
    assert!(!readable(&vault).await["a3"]);
    assert_eq!(readable(&vault).await.values().filter(|p2| **p2).count(), 9);
    let state = vault.consent("a3").await.unwrap();
    assert_eq!(state.of(Purpose::Statistics).unwrap().act, Act::Withdrawn);
    assert_eq!(state.of(Purpose::Microdata).unwrap().act, Act::Refused);
    assert!(state.of(Purpose::Linkage).is_none());
    vault.undo_import(1, TODAY).await.unwrap();
    import(&vault, "f", people("a", 0..10)).await.unwrap();
    assert!(!readable(&vault).await["a3"], "a file says yes, the person said no");
    let given = ConsentEvent::new(Act::Given, &[Purpose::Statistics], Capacity::Person, TODAY).unwrap();
    vault.record_consent("a3", &given).await.unwrap();
    assert!(readable(&vault).await["a3"]);
    assert!(matches!(vault.record_consent("nobody", &given).await, Err(VaultError::NoSuchRecord)));
    assert_eq!(vault.heads().await.unwrap().heads["consent"].count, 2);
    vault.verify(TODAY).await.unwrap();
}
