use super::*;
use accord_release::account::Rho;
use accord_release::bundle::{Decision, PrivacyStatement, ReleaseInfo, Unit};
use accord_release::noisy::NoisyTable;
use accord_standard::dimension::{Category, Dimension, Rule};
use accord_standard::figure::{FigureValue, Reliability};
use accord_standard::workload::Workload;
use proptest::prelude::*;

fn category(id: &str) -> Category {
    Category { id: id.into(), label: id.into(), ..Category::default() }
}

fn figure(id: String, value: u64) -> Figure {
    Figure {
        id,
        subject: "invented people".into(),
        value: FigureValue::Count { value, low: 0, high: value + 1 },
        reliability: Reliability::Solid,
        definition: "Invented.".into(),
        caveats: Vec::new(),
        invented: true,
    }
}

fn bundle(id: &str) -> Bundle {
    let sex = Dimension {
        id: "sex".into(),
        label: "Sex".into(),
        definition: String::new(),
        field: "sex_registered".into(),
        rule: Rule::FirstMatch,
        categories: vec![category("female"), category("unknown")],
        ..Dimension::default()
    };
    let spec = TableSpec {
        id: "m1".into(),
        title: "t".into(),
        dimensions: vec![sex],
        share: 1000,
        refines: None,
        among: None,
    };
    let figures = vec![figure(format!("{id}.m1.female"), 7), figure(format!("{id}.m1.unknown"), 2)];
    Bundle {
        info: ReleaseInfo {
            id: id.into(),
            title: "t".into(),
            slot: "2026-1".into(),
            organisations: Vec::new(),
            unit: Unit::People,
            population: String::new(),
            period: String::new(),
            invented: true,
            codebook: "1".into(),
            software: "test".into(),
            assumptions: Vec::new(),
            accounts: Vec::new(),
        },
        workload: Workload {
            id: "w".into(),
            version: "1".into(),
            title: "t".into(),
            population: String::new(),
            tables: vec![spec],
            definition: String::new(),
            caveats: Vec::new(),
            headlines: Vec::new(),
        },
        privacy: PrivacyStatement {
            delta: 1e-6,
            epsilon: 1.0,
            epsilon_cumulative: 1.0,
            desks_per_person: 3,
            epsilon_several_desks: 3.0,
            rho: Rho(1),
            rho_cumulative: Rho(1),
            rho_several_desks: Rho(3),
            tables: Vec::new(),
            share_on_legal_basis: None,
        },
        tables: vec![PublishedTable {
            id: "m1".into(),
            figures,
            noisy: NoisyTable { table: "m1".into(), values: vec![7, 2], draws: Vec::new() },
        }],
        headlines: Vec::new(),
        refusals: Vec::new(),
        microdata: Vec::new(),
        basis: None,
        study: None,
        series: Vec::new(),
        decision: None,
    }
}

fn decided(id: &str, outcome: Outcome) -> Bundle {
    let decision = Decision {
        outcome,
        council: "Invented council".into(),
        note: String::new(),
        date: "2026-01-01".into(),
        draft: String::new(),
        quorum: [2, 3],
    };
    Bundle { decision: Some(decision), ..bundle(id) }
}

fn status(bundle: Bundle, proof: Proof) -> Result<Status, SiteError> {
    Published::new(bundle, Files::new(), proof).map(|p| p.status)
}

#[test]
fn only_a_checked_approval_publishes() {
    assert_eq!(status(bundle("a"), Proof::Checked), Ok(Status::Draft));
    assert_eq!(status(decided("a", Outcome::Approve), Proof::NotChecked), Ok(Status::DecisionNotChecked));
    assert_eq!(status(decided("a", Outcome::Defer), Proof::Checked), Ok(Status::Deferred));
    assert_eq!(status(decided("a", Outcome::Approve), Proof::Checked), Ok(Status::Published));
    assert_eq!(status(decided("a", Outcome::Veto), Proof::Checked), Err(SiteError::Vetoed("a".into())));
    assert_eq!(status(decided("a", Outcome::Veto), Proof::NotChecked), Err(SiteError::VetoNotChecked("a".into())));
    assert_eq!(status(decided("a", Outcome::Defer), Proof::NotChecked), Ok(Status::DecisionNotChecked));
}

#[test]
fn a_decision_that_nobody_checked_says_nothing_on_the_site() {
    for outcome in [Outcome::Approve, Outcome::Defer] {
        let shown = |proof| Published::new(decided("a", outcome), Files::new(), proof).unwrap().bundle.decision;
        assert_eq!(shown(Proof::NotChecked), None);
        assert_eq!(shown(Proof::Checked).map(|d| d.outcome), Some(outcome));
    }
}

#[test]
fn a_figure_is_found_by_its_id_and_its_other_versions_by_cell() {
    let mut site = Site::new();
    for id in ["r-1", "r-2"] {
        site.add(Published::new(bundle(id), Files::new(), Proof::NotChecked).unwrap()).unwrap();
    }
    let found = site.figure("r-1.m1.female").unwrap();
    assert_eq!(found.place, Place::Cell { table: 0, cell: 0 });
    let versions: Vec<&str> = site.versions("r-1.m1.female").iter().map(|f| f.figure.id.as_str()).collect();
    assert_eq!(versions, ["r-2.m1.female"]);
    assert!(site.figure("r-1.m1.male").is_none());
}

#[test]
fn one_release_id_and_one_figure_id_can_stand_only_once() {
    let mut site = Site::new();
    site.add(Published::new(bundle("a"), Files::new(), Proof::NotChecked).unwrap()).unwrap();
    let again = site.add(Published::new(bundle("a"), Files::new(), Proof::NotChecked).unwrap());
    assert_eq!(again, Err(SiteError::SameRelease("a".into())));
    let mut twice = bundle("b");
    twice.tables[0].figures[1].id = twice.tables[0].figures[0].id.clone();
    let twice = site.add(Published::new(twice, Files::new(), Proof::NotChecked).unwrap());
    assert!(matches!(twice, Err(SiteError::SameFigure { .. })));
    assert_eq!(site.releases().len(), 1);
}

#[test]
fn the_newest_is_the_last_published_one_and_a_draft_only_if_nothing_is_published() {
    let mut site = Site::new();
    site.add(Published::new(bundle("draft-1"), Files::new(), Proof::NotChecked).unwrap()).unwrap();
    assert_eq!(site.newest().map(Published::id), Some("draft-1"));
    site.add(Published::new(decided("p-1", Outcome::Approve), Files::new(), Proof::Checked).unwrap()).unwrap();
    site.add(Published::new(bundle("draft-2"), Files::new(), Proof::NotChecked).unwrap()).unwrap();
    assert_eq!(site.newest().map(Published::id), Some("p-1"));
}

#[test]
fn a_table_that_does_not_fit_its_declaration_is_refused() {
    let mut short = bundle("a");
    short.tables[0].figures.pop();
    assert!(matches!(status(short, Proof::NotChecked), Err(SiteError::Table { .. })));
    let mut undeclared = bundle("a");
    undeclared.tables[0].id = "m9".into();
    assert!(matches!(status(undeclared, Proof::NotChecked), Err(SiteError::Table { .. })));
}

proptest! {
    #[test]
    fn any_id_is_refused_or_safe_in_an_address(id in "[ -~]{0,40}|[a-z0-9-]{1,20}") {
        if let Ok(release) = Published::new(bundle(&id), Files::new(), Proof::NotChecked) {
            prop_assert!(release.id().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        }
    }

    #[test]
    fn looking_up_any_text_never_panics(id in ".{0,60}") {
        let mut site = Site::new();
        site.add(Published::new(bundle("a"), Files::new(), Proof::NotChecked).unwrap()).unwrap();
        let _ = (site.figure(&id), site.versions(&id), site.release(&id));
    }
}
