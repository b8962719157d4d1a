//! What a page of the site costs the server: `cargo bench -p accord-bench --bench pages`. Each bench sends one request
//! through the whole router (host check, language, page, headers) and reads the whole answer. The site holds two releases of
//! invented numbers: the default tables and the study of technology, whose tables have some 1,700 cells more.

use accord_hub::{Proof, Published, Site};
use accord_release::account::Rho;
use accord_release::bundle::{ReleaseInfo, Unit};
use accord_release::files::Files;
use accord_release::noisy::{Draw, NoisyTable};
use accord_release::privacy::{DeskCost, statement};
use accord_release::publish::publish;
use accord_standard::study;
use accord_standard::workload::{TableSpec, Workload, embedded};
use accord_web::SiteOptions;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use divan::Bencher;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

fn main() {
    divan::main();
}

/// Invented counts: nobody's, spread so that every kind of value is shown.
fn measured(workload: &Workload) -> Vec<NoisyTable> {
    let table = |spec: &TableSpec| {
        let values = (0..spec.cells() as i64).map(|cell| 400 - cell * 7919 % 420).collect();
        let sensitivity_squared = u64::from(spec.most_cells_per_person());
        let draw = Draw { sigma_milli: 9000, rho: Rho(Rho::UNIT / 60), sensitivity_squared, entry: spec.id.clone() };
        NoisyTable { table: spec.id.clone(), values, draws: vec![draw] }
    };
    workload.tables.iter().map(table).collect()
}

fn release(id: &str, workload: Workload, study: Option<study::Study>) -> Published {
    let measured = measured(&workload);
    let cost = Rho(Rho::UNIT / 20);
    let privacy = statement(&workload, &measured, &[DeskCost { this: cost, cumulative: cost }], 1e-6, None);
    let info = ReleaseInfo {
        id: id.to_owned(),
        title: "Invented numbers to measure with".to_owned(),
        slot: "2026-1".to_owned(),
        organisations: Vec::new(),
        unit: Unit::Records,
        population: workload.population.clone(),
        period: "2016–2026".to_owned(),
        invented: true,
        codebook: "1".to_owned(),
        software: "bench".to_owned(),
        assumptions: Vec::new(),
        accounts: Vec::new(),
    };
    let mut bundle = publish(info, workload, privacy, measured).expect("the tables are those of the workload");
    bundle.study = study;
    Published::new(bundle, Files::new(), Proof::NotChecked).expect("the release fits its declaration")
}

fn router() -> Router {
    let study = study::embedded("technology").expect("the study comes with the program");
    let workload = study.workload.clone();
    let mut site = Site::new();
    site.add(release("study", workload, Some(study))).expect("the first release");
    site.add(release("default", embedded("default").expect("comes with the program"), None)).expect("another id");
    accord_web::site(site, SiteOptions::default())
}

/// A few rows; the most rows that the study has; what is not published; an export; and, to compare, another page.
const PATHS: [&str; 6] = [
    "/explore?release=default&sex=sex.female&age=age_band.a15_17&by=technology_role",
    "/explore?release=study&sex=sex.female&age=age_group.a15_17&by=use_service",
    "/explore?release=study&sex=sex.female&age=age_group.a15_17&by=year",
    "/explore/selection.csv?release=study&sex=sex.female&age=age_group.a15_17&by=use_service",
    "/explore/selection.xlsx?release=study&sex=sex.female&age=age_group.a15_17&by=use_service",
    "/releases/default/tables/m1",
];

#[divan::bench(args = PATHS, sample_count = 200, sample_size = 1)]
fn a_page_is_answered(bencher: Bencher<'_, '_>, path: &str) {
    let router = router();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without parts can't fail");
    bencher.bench_local(|| {
        let request = Request::builder().uri(path).header("host", "localhost").body(Body::empty());
        let request = request.expect("the address is one of ours");
        let answer = runtime.block_on(async {
            let response = router.clone().oneshot(request).await.expect("the router never fails");
            assert!(response.status().is_success(), "{path}: {}", response.status());
            response.into_body().collect().await.map(|body| body.to_bytes().len())
        });
        answer.expect("the body is in memory")
    });
}
