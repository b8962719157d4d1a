//! The explorer as a visitor meets it: what is published and only that, with reasons for the rest; questions that nobody
//! would ask; the same numbers in every export.

use crate::explore::Ask;
use crate::explore::choice::{Answer, By, Choice};
use crate::explore::find::Part;
use crate::tests::{get, links};
use crate::{SiteOptions, site, testdata};
use accord_hub::{Proof, Published, Site};
use accord_release::account::Rho;
use accord_release::bundle::Outcome;
use accord_release::files::Files;
use accord_release::noisy::{Draw, NoisyTable};
use accord_release::privacy::{DeskCost, statement};
use accord_release::publish::publish;
use accord_standard::study;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use proptest::prelude::*;
use std::collections::BTreeSet;
use tower::ServiceExt as _;

/// A release of the study of technology, of invented people: `demo-technology-2026-1`.
fn study_release() -> Published {
    let study = study::embedded("technology").unwrap();
    let noisy = |spec: &accord_standard::workload::TableSpec| {
        let values = (0..spec.cells() as i64).map(|cell| 400 - cell * 7919 % 380).collect();
        let cells = u64::from(spec.most_cells_per_person());
        let draw =
            Draw { sigma_milli: 9000, rho: Rho(Rho::UNIT / 60), sensitivity_squared: cells, entry: spec.id.clone() };
        NoisyTable { table: spec.id.clone(), values, draws: vec![draw] }
    };
    let measured: Vec<NoisyTable> = study.workload.tables.iter().map(noisy).collect();
    let cost = Rho(Rho::UNIT / 20);
    let privacy = statement(&study.workload, &measured, &[DeskCost { this: cost, cumulative: cost }], 1e-6, None);
    let mut info = testdata::bundle("demo-technology-2026-1").info;
    info.title = "An invented release of a study".to_owned();
    let mut bundle = publish(info, study.workload.clone(), privacy, measured).unwrap();
    bundle.study = Some(study);
    bundle.decision = Some(testdata::decision(Outcome::Approve));
    Published::new(bundle, Files::new(), Proof::Checked).unwrap()
}

/// Both kinds of release with tables, and a flat one.
fn both() -> Site {
    let mut both = testdata::published_site();
    both.add(study_release()).unwrap();
    both.add(testdata::flat("demo-flat-2026-1", Some(Outcome::Approve), Proof::Checked).unwrap()).unwrap();
    both
}

fn router() -> Router {
    site(both(), SiteOptions::default())
}

const TECHNOLOGY: &str = "/explore?release=demo-2026-1&sex=sex.female&age=age_band.a15_17&by=technology_role";

#[tokio::test]
async fn girls_of_15_to_17_are_shown_by_the_role_of_technology_from_published_cells_alone() {
    let both = both();
    let got = get(&router(), TECHNOLOGY).await;
    assert_eq!(got.status, StatusCode::OK);
    let text = got.text();
    assert!(!text.contains('⟦'), "{}", text.split('⟦').nth(1).unwrap_or_default());
    let table = both.release("demo-2026-1").unwrap().table("m3").unwrap();
    let roles = &table.spec.dimensions[2].categories;
    assert!(roles.iter().any(|c| c.id == "unknown"));
    for role in roles {
        let id = &table.cell(&["female", "a15_17", &role.id]).unwrap().id;
        assert!(text.contains(&format!("href=\"/f/{id}\"")), "{id}");
    }
    // The whole group is a published cell of another table; what is not known stands beside it.
    let whole = both.release("demo-2026-1").unwrap().table("m1").unwrap();
    assert!(text.contains("The whole group") && text.contains("Not known"));
    assert!(whole.cell(&["female", "a15_17"]).is_some());
    assert!(text.contains("Detected, not all who exist") && text.contains("INVENTED DATA"));
    assert!(text.contains("They do not add up to the group."));
}

#[tokio::test]
async fn whoever_has_not_asked_yet_sees_an_example_and_the_same_address_shows_it_for_ever() {
    let router = router();
    let first = get(&router, "/explore").await;
    assert_eq!(first.status, StatusCode::OK);
    let address = links(&first.text()).into_iter().find(|l| l.contains("table=m3") && l.starts_with("/explore?"));
    let address = address.unwrap();
    assert_eq!(address, "/explore?release=demo-2026-1&table=m3&sex=sex.female&age=age_band.a15_17&by=technology_role");
    let second = get(&router, &address).await;
    let numbers =
        |text: &str| text.split("class=\"answer-table\"").nth(1).unwrap().split("</table>").next().unwrap().to_owned();
    assert_eq!(numbers(&first.text()), numbers(&second.text()));
}

#[tokio::test]
async fn page_csv_json_and_workbook_of_a_selection_hold_the_same_figures_and_nothing_else() {
    let router = router();
    let page = get(&router, TECHNOLOGY).await.text();
    let numbers = page.split("class=\"answer-table\"").nth(1).unwrap().split("</table>").next().unwrap();
    let on_page: Vec<String> = numbers
        .split("<tr")
        .filter_map(|row| Some(row.split("href=\"/f/").nth(1)?.split('"').next()?.to_owned()))
        .collect();
    assert_eq!(on_page.len(), 8);
    let exports: Vec<String> = links(&page).into_iter().filter(|l| l.starts_with("/explore/selection")).collect();
    assert_eq!(exports.len(), 5);
    let find = |ending: &str| exports.iter().find(|l| l.contains(&format!("selection{ending}?"))).unwrap().clone();
    let csv = get(&router, &find(".csv")).await;
    assert_eq!(csv.status, StatusCode::OK);
    let mut reader = csv::Reader::from_reader(csv.body.as_slice());
    let head = reader.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|h| h == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let ids: Vec<&str> = rows.iter().map(|r| &r[column("figure_id")]).collect();
    assert_eq!(ids, on_page);
    for (row, cells) in rows.iter().zip(numbers.split("<tr").skip(2)) {
        let value = cells.split("<td class=\"n\">").nth(1).unwrap().split('<').next().unwrap().replace(',', "");
        let (own, low, high) = (&row[column("value")], &row[column("low")], &row[column("high")]);
        let range = format!("{low}–{high}");
        assert!(value == own || value == range || value == row[column("symbol")], "{value}: {row:?}");
    }
    let json: serde_json::Value = serde_json::from_slice(&get(&router, &find(".json")).await.body).unwrap();
    let ids: Vec<&str> = json["figures"].as_array().unwrap().iter().map(|f| f["figure_id"].as_str().unwrap()).collect();
    assert_eq!(ids, on_page);
    use calamine::{Data, Reader as _, Xlsx};
    let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(get(&router, &find(".xlsx")).await.body)).unwrap();
    let sheet = book.worksheet_range("data").unwrap();
    let ids: Vec<String> =
        sheet.rows().skip(1).map(|r| if let Data::String(s) = &r[0] { s.clone() } else { String::new() }).collect();
    assert_eq!(ids, on_page);
}

#[tokio::test]
async fn what_no_table_holds_is_greyed_with_the_reason() {
    let router = router();
    // The study has no year for girls of 15 to 17: its years are of children and adults.
    let path = "/explore?release=demo-technology-2026-1&sex=sex.female&age=age_group.a15_17&by=year";
    let got = get(&router, path).await;
    assert_eq!(got.status, StatusCode::OK);
    let text = got.text();
    assert!(text.contains("it would need more of the privacy budget"), "{text}");
    assert!(text.contains("<option value=\"year\" selected disabled>"));
    assert!(!text.contains("class=\"answer-table\""), "a number is shown of what is not published");
    let near: Vec<String> = links(&text).into_iter().filter(|l| l.starts_with("/explore?")).collect();
    assert!(near.iter().any(|l| l.ends_with("by=use_group")), "{near:?}");
    for link in near {
        assert_eq!(get(&router, &link).await.status, StatusCode::OK, "{link}");
    }
}

#[tokio::test]
async fn a_table_that_tells_more_apart_asks_for_the_rest() {
    let router = router();
    let path = "/explore?release=demo-technology-2026-1&sex=sex.female&age=age_band_unodc.a0_17&by=year";
    let text = get(&router, path).await.text();
    assert!(text.contains("name=\"also\"") && !text.contains("class=\"answer-table\""));
    let text = get(&router, &format!("{path}&also=technology_involved.yes")).await.text();
    assert!(text.contains("href=\"/f/demo-technology-2026-1.trend.female.a0_17.yes.y2024\""), "{text}");
    // Sex left open where the table tells it apart is asked for too, never added up.
    let text = get(&router, "/explore?release=demo-2026-1&sex=&age=age_band.a15_17&by=exploitation").await.text();
    assert!(!text.contains("class=\"answer-table\"") && text.contains("sex=sex.unknown"));
}

#[tokio::test]
async fn mistakes_are_answered_with_the_nearest_choice_and_no_number() {
    let router = router();
    for (query, nearest) in [
        ("release=demo-2026-2&by=age_band", "release=demo-2026-1"),
        ("release=demo-2026-1&sex=sex.femal&by=age_band", "sex=sex.female"),
        ("release=demo-2026-1&sex=sex.female&age=age_band.a15_18&by=exploitation", "age=age_band.a15_17"),
        ("release=demo-2026-1&sex=sex.female&age=age_band.a15_17&by=exploitatio", "by=exploitation"),
        ("table=m33&sex=sex.female&by=age_band", "by=age_band"),
        ("by=a&by=b", "by=technology_role"),
        ("by=%ff", "by=technology_role"),
        ("release=%3Cscript%3Ealert(1)%3C/script%3E", "release=demo-2026-1"),
    ] {
        let got = get(&router, &format!("/explore?{query}")).await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST, "{query}");
        let text = got.text();
        let wrong = text.split("id=\"wrong\"").nth(1).unwrap().split("</section>").next().unwrap();
        assert!(links(wrong).iter().any(|l| l.contains(nearest)), "{query}: {wrong}");
        assert!(!text.contains("class=\"answer-table\"") && !text.contains("<script"), "{query}");
        assert_eq!(get(&router, &format!("/explore/selection.csv?{query}")).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn what_another_release_has_is_no_mistake() {
    let router = router();
    let got =
        get(&router, "/explore?release=demo-technology-2026-1&sex=sex.female&age=age_group.a15_17&by=exploitation")
            .await;
    assert_eq!(got.status, StatusCode::OK);
    assert!(got.text().contains("Another one on this site has it."));
    // The same band under another name is found.
    let text =
        get(&router, "/explore?release=demo-technology-2026-1&sex=sex.female&age=age_band.a15_17&by=use_group").await;
    assert!(text.text().contains("href=\"/f/demo-technology-2026-1.uses.female.a15_17.recruit\""));
    let flat = get(&router, "/explore?release=demo-flat-2026-1").await.text();
    assert!(flat.contains("href=\"/releases/demo-flat-2026-1\""));
}

#[tokio::test]
async fn groups_that_a_release_names_are_shown_as_they_are_declared() {
    let router = router();
    let text = get(&router, "/explore?release=demo-2026-1&by=headlines").await.text();
    for group in ["girls-10-17", "sex-unknown", "age-unknown"] {
        assert!(text.contains(&format!("href=\"/f/demo-2026-1.m1.group.{group}\"")), "{group}");
    }
    let cut = get(&router, "/explore?release=demo-2026-1&sex=sex.female&by=headlines").await.text();
    assert!(!cut.contains("class=\"answer-table\"") && cut.contains("are not cut any further"));
}

#[tokio::test]
async fn drafts_say_so_and_other_languages_keep_the_question() {
    let draft = site(testdata::draft_site(), SiteOptions::default());
    let text = get(&draft, "/explore").await.text();
    assert!(text.contains("DRAFT: not decided by a council") && text.contains("noindex"));
    let words = vec![
        crate::words::Words::new("en", crate::words::ENGLISH),
        crate::words::Words::new("ar", crate::words::ENGLISH),
    ];
    let router = crate::build(crate::page::App::new(testdata::published_site(), SiteOptions::default(), words));
    let text = get(&router, &format!("/ar{TECHNOLOGY}")).await.text();
    assert!(links(&text).iter().any(|l| l.starts_with("/en/explore?") && l.contains("by=technology_role")));
    assert!(text.contains("action=\"/ar/explore\"") && text.contains("direction=\"rtl\""));
}

#[tokio::test]
async fn a_site_without_tables_says_so() {
    let router = site(Site::new(), SiteOptions::default());
    for path in ["/explore", "/explore?by=x"] {
        let got = get(&router, path).await;
        assert_eq!(got.status, StatusCode::OK);
        assert!(!got.text().contains('⟦'));
    }
    assert_eq!(get(&router, "/explore/selection.csv").await.status, StatusCode::NOT_FOUND);
}

/// Every selection that the sentence can make of the study: all of it leads to an answer, and every number to a figure.
#[test]
fn every_selection_that_can_be_made_is_answered_and_shows_published_cells_alone() {
    let both = both();
    let mut shown = BTreeSet::new();
    for release in both.releases() {
        let dimensions = crate::explore::choice::dimensions(release);
        for by in &dimensions {
            for age in dimensions.iter().filter(|d| d.id.starts_with("age")) {
                let ask = Ask {
                    release: Some(release.id().to_owned()),
                    sex: Some("female".to_owned()),
                    age: Some(format!("{}.{}", age.id, age.categories[0].id)),
                    by: Some(by.id.clone()),
                    ..Ask::default()
                };
                let (choice, wrong) = Choice::find(&both, &ask).unwrap();
                assert!(wrong.is_empty());
                if let Answer::Cells { table, by, cells, .. } = choice.answer() {
                    assert_eq!(cells.len(), by.size());
                    assert_eq!(cells.iter().collect::<BTreeSet<_>>().len(), cells.len());
                    for (cell, category) in cells.iter().zip(&by.categories) {
                        let key = table.spec.key_of(*cell);
                        assert!(key.split('.').any(|id| id == category.id));
                        assert!(choice.picks().all(|p| key.split('.').any(|id| id == p.category.id)), "{key}");
                        assert!(both.figure(&table.table.figures[*cell].id).is_some());
                    }
                    shown.insert((release.id().to_owned(), by.id.clone()));
                }
            }
        }
    }
    assert!(shown.len() >= 8, "{shown:?}");
}

#[test]
fn the_nearest_of_a_mistyped_part_is_taken_and_told() {
    let both = both();
    let ask = Ask { by: Some("agebnd".to_owned()), sex: Some("femle".to_owned()), ..Ask::default() };
    let (choice, wrong) = Choice::find(&both, &ask).unwrap();
    assert_eq!(wrong.iter().map(|w| w.part).collect::<Vec<_>>(), [Part::Sex, Part::By]);
    assert_eq!(choice.by.as_ref().map(By::key), Some("age_band"));
    assert_eq!(choice.sex.map(|p| p.key()).as_deref(), Some("sex.female"));
    let ask = Ask { age: Some("15".to_owned()), by: Some("sex".to_owned()), ..Ask::default() };
    let (choice, _) = Choice::find(&both, &ask).unwrap();
    assert_eq!(choice.age.map(|p| p.key()).as_deref(), Some("age_band.a15_17"));
}

#[tokio::test]
async fn the_explorers_page_reads_like_this() {
    let text =
        crate::tests::reading(&get(&site(testdata::published_site(), SiteOptions::default()), TECHNOLOGY).await.text());
    insta::assert_snapshot!(text);
}

proptest! {
    #[test]
    fn any_question_is_answered_without_a_fault(
        release in "demo-2026-1|demo-technology-2026-1|[a-z0-9-]{0,12}|%[0-9a-f]{2}",
        sex in "sex\\.female|unknown|[a-z_.]{0,12}|%F0%9F%92%A9",
        age in "age_band\\.a15_17|age_group\\.unknown|[a-z0-9_.]{0,12}",
        also in "technology_role\\.none|technology_involved\\.yes|[a-z_.]{0,16}",
        by in "year|use_group|technology_role|headlines|[a-z_]{0,10}|\\PC{0,4}",
        table in "m1|m3|trend|[a-z0-9]{0,3}",
        file in "|/selection\\.csv|/selection\\.xlsx|/[a-z.]{1,12}",
    ) {
        use std::sync::OnceLock;
        static SITE: OnceLock<Router> = OnceLock::new();
        let by = by.bytes().map(|b| format!("%{b:02x}")).collect::<Vec<_>>().concat();
        let path = format!("/explore{file}?release={release}&sex={sex}&age={age}&also={also}&by={by}&table={table}");
        let request = Request::builder().uri(&path).header("host", "localhost").body(Body::empty()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let router = SITE.get_or_init(router).clone();
        let status = runtime.block_on(async { router.oneshot(request).await.unwrap().status() });
        prop_assert!(matches!(status, StatusCode::OK | StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND), "{path}: {status}");
    }
}
