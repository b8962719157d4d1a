//! The site as a visitor meets it: every route, every link, every header, hostile names, other languages.

use crate::testdata;
use crate::words::{ENGLISH, Words};
use crate::{HelpLine, SiteOptions, build, page::App, site};
use accord_hub::{Proof, Published, Site};
use accord_release::bundle::{Organisation, Outcome};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use proptest::prelude::*;
use std::collections::{BTreeSet, VecDeque};
use tower::ServiceExt as _;

pub struct Got {
    pub status: StatusCode,
    headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Got {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|v| v.to_str().unwrap()).unwrap_or_default()
    }
}

async fn ask(router: &Router, method: &str, path: &str, accept: &str) -> Got {
    let request =
        Request::builder().method(method).uri(path).header("accept-language", accept).header("host", "localhost:7878");
    let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    Got { status: parts.status, headers: parts.headers, body: body.collect().await.unwrap().to_bytes().to_vec() }
}

pub async fn get(router: &Router, path: &str) -> Got {
    ask(router, "GET", path, "en").await
}

fn published() -> Router {
    site(testdata::published_site(), SiteOptions::default())
}

/// Addresses that a page links to, without those that lead elsewhere.
pub fn links(page: &str) -> BTreeSet<String> {
    let all = page.split(" href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    all.map(|href| href.replace("&#38;", "&").replace("&amp;", "&")).collect()
}

const PAGES: [&str; 18] = [
    "/explore",
    "/explore?release=demo-2026-1&sex=sex.female&age=&by=age_band",
    "/",
    "/releases",
    "/releases/demo-2026-1",
    "/releases/demo-2026-1/tables/m1",
    "/releases/demo-2026-1/tables/m2",
    "/releases/demo-2026-1/tables/m3",
    "/releases/demo-2026-1/tables/headlines",
    "/f/demo-2026-1.m1.female.a15_17",
    "/f/demo-2026-1.m3.female.a15_17.recruitment",
    "/f/demo-2026-1.m1.group.girls-10-17",
    "/call",
    "/help",
    "/about",
    "/privacy",
    "/method",
    "/exit",
];

#[tokio::test]
async fn every_page_is_there_and_finds_all_its_words() {
    let router = published();
    for path in PAGES {
        let got = get(&router, path).await;
        assert_eq!(got.status, StatusCode::OK, "{path}");
        assert!(got.header("content-type").starts_with("text/html"), "{path}");
        assert!(!got.text().contains('⟦'), "{path} misses words: {}", got.text().split('⟦').nth(1).unwrap_or_default());
    }
}

#[tokio::test]
async fn every_link_inside_the_site_leads_somewhere() {
    let router = published();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut left: VecDeque<String> = VecDeque::from(["/".to_owned()]);
    let mut anchors: Vec<(String, String)> = Vec::new();
    let mut ids: BTreeSet<(String, String)> = BTreeSet::new();
    while let Some(path) = left.pop_front() {
        // Of the many figures, a sample: each page is made by the same code.
        if !seen.insert(path.clone()) || (path.starts_with("/f/demo-2026-1.m") && !seen.len().is_multiple_of(11)) {
            continue;
        }
        let got = get(&router, &path).await;
        assert_eq!(got.status, StatusCode::OK, "{path}");
        if !got.header("content-type").starts_with("text/html") {
            continue;
        }
        let text = got.text();
        for id in text.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.insert((path.clone(), id.to_owned())), "{path} has the id {id} twice");
        }
        for href in links(&text) {
            if href.starts_with("https://") {
                assert_eq!((path.as_str(), href.as_str()), ("/exit", "https://www.wikipedia.org/"));
                continue;
            }
            let (to, anchor) = href.split_once('#').unwrap_or((&href, ""));
            let to = if to.is_empty() { &path } else { to };
            if !anchor.is_empty() {
                anchors.push((to.to_owned(), anchor.to_owned()));
            }
            left.push_back(to.to_owned());
        }
    }
    for (path, anchor) in anchors {
        let read = ids.iter().any(|(p, _)| *p == path);
        assert!(!read || ids.contains(&(path.clone(), anchor.clone())), "{path} has no #{anchor}");
    }
    assert!(seen.len() > 100, "{}", seen.len());
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_keep_visitors_safe() {
    let router = published();
    let files = ["/f/demo-2026-1.m1.female.a15_17/figure.csv", "/f/demo-2026-1.m1.female.a15_17/chart.svg", "/nowhere"];
    let bundle = ["/releases/demo-2026-1/files/release.json", "/releases/demo-2026-1/files/tables/m1.csv"];
    for path in PAGES.into_iter().chain(files).chain(bundle) {
        let got = get(&router, path).await;
        assert_eq!(
            got.header("content-security-policy"),
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'",
            "{path}"
        );
        assert_eq!(got.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(got.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(got.header("cache-control"), "no-store", "{path}");
        assert_eq!(got.header("set-cookie"), "", "{path}");
        let text = got.text();
        for foreign in ["<script", "<style", " style=\"", "<iframe", "<img", " src=\"", " onclick", "@import"] {
            assert!(
                !got.header("content-type").starts_with("text/html") || !text.contains(foreign),
                "{path}: {foreign}"
            );
        }
    }
}

#[tokio::test]
async fn assets_stand_at_addresses_that_carry_their_hash_and_are_kept_for_ever() {
    let router = published();
    let page = get(&router, "/").await.text();
    let assets: Vec<String> = links(&page).into_iter().filter(|l| l.starts_with("/assets/")).collect();
    assert_eq!(assets.len(), 2);
    for asset in assets {
        let got = get(&router, &asset).await;
        assert_eq!(got.status, StatusCode::OK);
        assert_eq!(got.header("cache-control"), "public, max-age=31536000, immutable");
        assert!(!got.text().contains("url(") && !got.text().contains("@import"));
    }
    assert_eq!(get(&router, "/assets/site.css").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_not_there_looks_the_same_everywhere() {
    let router = published();
    let first = get(&router, "/nowhere").await;
    assert_eq!(first.status, StatusCode::NOT_FOUND);
    let ways = [
        "/releases/none",
        "/releases/demo-2026-1/tables/none",
        "/releases/demo-2026-1/tables/m1/none.csv",
        "/releases/demo-2026-1/files/none",
        "/releases/demo-2026-1/files/..%2f..%2fetc%2fpasswd",
        "/releases/demo-2026-1/files/%ff",
        "/f/none",
        "/f/%ff",
        "/f/demo-2026-1.m1.female.a15_17/none.csv",
        "/assets/%ff",
        "/RELEASES",
        "/help/",
    ];
    for path in ways {
        let got = get(&router, path).await;
        assert_eq!((got.status, got.body == first.body), (StatusCode::NOT_FOUND, true), "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let got = ask(&router, method, "/help", "en").await;
        assert_eq!((got.status, got.body == first.body), (StatusCode::NOT_FOUND, true), "{method}");
    }
}

#[tokio::test]
async fn pages_stay_small_enough_for_a_slow_line() {
    let router = published();
    let css =
        get(&router, &links(&get(&router, "/").await.text()).into_iter().find(|l| l.contains("/site-")).unwrap()).await;
    for path in PAGES {
        let got = get(&router, path).await;
        let mut all = got.body.clone();
        all.extend(&css.body);
        let packed = zip_size(&all);
        assert!(packed <= 60 * 1024, "{path}: {packed} bytes packed");
    }
}

/// Size after deflate at its usual level.
fn zip_size(bytes: &[u8]) -> usize {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap().len()
}

#[tokio::test]
async fn invented_data_is_said_on_every_page_and_in_every_export() {
    let router = published();
    for path in PAGES.into_iter().filter(|p| *p != "/exit") {
        assert!(get(&router, path).await.text().contains("INVENTED DATA"), "{path}");
    }
    let base = ["/f/demo-2026-1.m1.female.a15_17/figure", "/releases/demo-2026-1/tables/m1/table"];
    for base in base {
        for ending in [".csv", "-excel.csv", ".json", ".metadata.json"] {
            assert!(get(&router, &format!("{base}{ending}")).await.text().contains("INVENTED DATA"), "{base}{ending}");
        }
    }
    assert!(get(&router, "/f/demo-2026-1.m1.female.a15_17/chart.svg").await.text().contains("INVENTED DATA"));
}

#[tokio::test]
async fn a_draft_says_so_on_every_page_figure_and_export() {
    let router = site(testdata::draft_site(), SiteOptions::default());
    for path in PAGES.into_iter().filter(|p| *p != "/exit") {
        let text = get(&router, path).await.text();
        assert!(text.contains("DRAFT: not decided by a council"), "{path}");
        assert!(text.contains("noindex"), "{path}");
    }
    for file in ["figure.csv", "figure.json", "figure.metadata.json", "chart.svg"] {
        let text = get(&router, &format!("/f/demo-2026-1.m1.female.a15_17/{file}")).await.text();
        assert!(text.contains("DRAFT: not decided by a council"), "{file}");
    }
}

#[tokio::test]
async fn no_figure_stands_without_its_caveat() {
    let router = published();
    for path in PAGES {
        let text = get(&router, path).await.text();
        let figures = text.matches("<div class=\"figure\">").count();
        let caveats = text.matches("<p class=\"detected\">Detected, not all who exist</p>").count();
        assert!(caveats >= figures, "{path}: {figures} figures, {caveats} caveats");
    }
    let chart = get(&router, "/f/demo-2026-1.m1.female.a15_17/chart.svg").await.text();
    assert!(chart.contains("Detected, not all who exist"));
}

#[tokio::test]
async fn the_home_page_keeps_its_order() {
    let text = get(&published(), "/").await.text();
    let marks = [
        "class=\"voice\"",
        "id=\"known\"",
        "id=\"acted\"",
        "id=\"helps\"",
        "id=\"council\"",
        "id=\"help\"",
        "id=\"doors\"",
    ];
    let at: Vec<usize> = marks.iter().map(|m| text.find(m).unwrap_or_else(|| panic!("no {m}"))).collect();
    assert!(at.is_sorted(), "{at:?}");
    assert_eq!(text.matches("<li id=\"q-").count(), 5);
    assert_eq!(text.matches("class=\"hollow\"").count(), 30);
    assert_eq!(text.matches("No cycle is open yet").count(), 2);
}

#[tokio::test]
async fn headings_go_down_one_step_at_a_time_and_there_is_one_first() {
    let router = published();
    for path in PAGES {
        let text = get(&router, path).await.text();
        let levels: Vec<u8> = text
            .match_indices("<h")
            .filter_map(|(at, _)| text.as_bytes().get(at + 2).filter(|b| b.is_ascii_digit()).map(|b| b - b'0'))
            .collect();
        assert_eq!(text.matches("<h1").count(), 1, "{path}");
        assert!(levels.windows(2).all(|w| w[1] <= w[0] + 1), "{path}: {levels:?}");
    }
}

#[tokio::test]
async fn page_csv_json_and_workbook_show_the_same_value_for_every_cell_of_a_table() {
    let router = published();
    let site = testdata::published_site();
    let w = Words::new("en", ENGLISH);
    let page = get(&router, "/releases/demo-2026-1/tables/m1").await.text();
    let csv = get(&router, "/releases/demo-2026-1/tables/m1/table.csv").await;
    let mut reader = csv::Reader::from_reader(csv.body.as_slice());
    let head = reader.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|h| h == name).unwrap();
    let mut cells = 0;
    for record in reader.records() {
        let record = record.unwrap();
        let cell = |name: &str| &record[column(name)];
        let link = format!("<a href=\"/f/{}\">", cell("figure_id"));
        let shown = page.split(&link).nth(1).unwrap();
        let (value, rest) = shown.split_once("</a>").unwrap();
        let words = |text: &str| w.number(text.parse().unwrap());
        if cell("symbol").is_empty() {
            let range = format!("{}–{}", words(cell("low")), words(cell("high")));
            if cell("value").is_empty() {
                assert_eq!(value, range);
            } else {
                assert_eq!(value, words(cell("value")));
                assert!(rest.starts_with(&format!(" <span class=\"iv\">{range}</span>")), "{rest:.60}");
            }
        } else {
            assert_eq!(value, cell("symbol"));
            if !cell("low").is_empty() {
                let range = format!("{}–{}", words(cell("low")), words(cell("high")));
                assert!(rest.starts_with(&format!(" <span class=\"iv\">{range}</span>")), "{rest:.60}");
            }
        }
        cells += 1;
    }
    assert_eq!(cells, site.newest().unwrap().bundle.tables[0].figures.len());
}

/// A site whose names try everything.
fn hostile() -> Site {
    let mut bundle = testdata::bundle("demo-2026-1");
    let bad = "<script>alert(1)</script>\" onload=\"x' \u{202e}gnp.exe & {{7*7}} {$who}".to_owned();
    bundle.info.title = bad.clone();
    bundle.info.period = bad.clone();
    bundle.info.organisations.push(Organisation { name: bad.clone(), kind: bad.clone() });
    bundle.info.assumptions.push(bad.clone());
    bundle.refusals[0].why = bad.clone();
    bundle.workload.tables[0].title = bad.clone();
    bundle.workload.tables[0].dimensions[1].label = bad.clone();
    bundle.workload.tables[0].dimensions[1].categories[0].label = bad.clone();
    for figure in bundle.tables.iter_mut().flat_map(|t| &mut t.figures) {
        figure.subject = bad.clone();
        figure.caveats.push(bad.clone());
        figure.definition = bad.clone();
    }
    let mut decision = testdata::decision(Outcome::Approve);
    decision.note = bad.clone();
    decision.council = bad.clone();
    decision.date = bad;
    bundle.decision = Some(decision);
    let mut files = accord_release::files::Files::new();
    files.insert("a b/<script>.csv".to_owned(), b"x".to_vec());
    let mut site = Site::new();
    site.add(Published::new(bundle, files, Proof::Checked).unwrap()).unwrap();
    site
}

#[tokio::test]
async fn hostile_names_are_text_on_every_page_and_in_every_chart() {
    let router = site(hostile(), SiteOptions::default());
    let more = ["/f/demo-2026-1.m1.female.a0_4", "/f/demo-2026-1.m1.female.a0_4/chart.svg"];
    for path in PAGES.into_iter().chain(more) {
        let got = get(&router, path).await;
        assert_eq!(got.status, StatusCode::OK, "{path}");
        let text = got.text();
        for bad in ["<script", "onload=\"x", "\u{202e}"] {
            assert!(!text.contains(bad), "{path} lets {bad} through");
        }
    }
    let release = get(&router, "/releases/demo-2026-1").await.text();
    assert!(release.contains("/releases/demo-2026-1/files/a%20b/%3Cscript%3E.csv"));
    assert_eq!(get(&router, "/releases/demo-2026-1/files/a%20b/%3Cscript%3E.csv").await.body, b"x");
    let json = get(&router, "/f/demo-2026-1.m1.female.a0_4/figure.json").await;
    assert!(serde_json::from_slice::<serde_json::Value>(&json.body).is_ok());
}

#[tokio::test]
async fn the_exit_forgets_the_visit_and_says_nothing() {
    let router = published();
    let got = get(&router, "/exit").await;
    assert_eq!(got.header("clear-site-data"), "\"cache\", \"cookies\", \"storage\"");
    let text = got.text().to_lowercase();
    for word in ["accord", "traffick", "girl", "survivor", "exploit", "victim", "help"] {
        assert!(!text.contains(word), "the exit says {word}");
    }
    let options = SiteOptions { exit_to: Some("https://example.org/".into()), ..SiteOptions::default() };
    let got = get(&site(testdata::published_site(), options), "/exit").await;
    assert_eq!((got.status, got.header("location")), (StatusCode::SEE_OTHER, "https://example.org/"));
    assert_eq!(got.header("referrer-policy"), "no-referrer");
    let options = SiteOptions { exit_to: Some("javascript:alert(1)".into()), ..SiteOptions::default() };
    assert_eq!(get(&site(testdata::published_site(), options), "/exit").await.status, StatusCode::OK);
}

#[tokio::test]
async fn each_printed_sheet_carries_id_day_and_warnings_and_nothing_that_ends_the_rule() {
    let text = get(&published(), "/f/demo-2026-1.m1.female.a15_17/sheet.css").await.text();
    assert!(text.contains("demo-2026-1.m1.female.a15_17 · 2026-11-20 · INVENTED DATA"), "{text}");
    let text = get(&site(hostile(), SiteOptions::default()), "/releases/demo-2026-1/sheet.css").await.text();
    assert_eq!((text.matches('"').count(), text.matches('{').count()), (2, 3), "{text}");
}

#[tokio::test]
async fn titles_say_nothing_about_the_subject() {
    let router = published();
    for path in PAGES {
        let text = get(&router, path).await.text().to_lowercase();
        let title = text.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
        for word in ["traffick", "girl", "exploit", "victim", "survivor", "help", "abuse"] {
            assert!(!title.contains(word), "{path}: {title}");
        }
    }
}

#[tokio::test]
async fn help_lines_are_shown_with_source_and_day_or_not_at_all() {
    let text = get(&published(), "/help").await.text();
    assert!(text.contains("This host has not added any help line."));
    let line = |name: &str, source: &str, checked: &str| HelpLine {
        place: "Nowhere".into(),
        name: name.into(),
        reach: "000".into(),
        languages: String::new(),
        source: source.into(),
        checked: checked.into(),
    };
    let help_lines = vec![
        line("Invented line A", "its own page", "2026-11-01"),
        line("Invented line B", "", "2026-11-01"),
        line("Invented line C", "its own page", "lately"),
        line("Invented line D", "its own page", "2025-01-01"),
    ];
    let options = SiteOptions { help_lines, today: Some("2026-11-24".into()), ..SiteOptions::default() };
    let text = get(&site(testdata::published_site(), options), "/help").await.text();
    assert!(text.contains("Invented line A") && !text.contains("Invented line B") && !text.contains("Invented line C"));
    assert!(text.contains("Invented line D"));
    assert_eq!(text.matches("last checked more than half a year ago").count(), 1);
}

#[tokio::test]
async fn another_language_is_chosen_by_path_query_or_browser_and_mirrors_if_it_must() {
    let words = vec![Words::new("en", ENGLISH), Words::new("ar", ENGLISH)];
    let router = build(App::new(testdata::published_site(), SiteOptions::default(), words));
    let dir = |text: &str| text.split("<html ").nth(1).unwrap().split('>').next().unwrap().to_owned();
    assert_eq!(dir(&get(&router, "/ar").await.text()), "lang=\"ar\" dir=\"rtl\"");
    assert_eq!(dir(&get(&router, "/ar/releases").await.text()), "lang=\"ar\" dir=\"rtl\"");
    assert_eq!(dir(&get(&router, "/?lang=ar").await.text()), "lang=\"ar\" dir=\"rtl\"");
    assert_eq!(dir(&ask(&router, "GET", "/", "ar-EG, fr;q=0.5").await.text()), "lang=\"ar\" dir=\"rtl\"");
    assert_eq!(dir(&ask(&router, "GET", "/", "fr, *").await.text()), "lang=\"en\" dir=\"ltr\"");
    assert_eq!(dir(&ask(&router, "GET", "/en", "ar").await.text()), "lang=\"en\" dir=\"ltr\"");
    let text = get(&router, "/ar/releases").await.text();
    assert!(text.contains("href=\"/ar/releases/demo-2026-1\"") && text.contains("href=\"/en/releases\""));
    assert!(get(&router, "/ar/f/demo-2026-1.m1.female.a15_17").await.text().contains("direction=\"rtl\""));
    assert_eq!(get(&router, "/fr/releases").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_site_without_releases_says_what_it_does_not_know() {
    let router = site(Site::new(), SiteOptions::default());
    for path in ["/", "/releases", "/call", "/privacy", "/help", "/about", "/method"] {
        let got = get(&router, path).await;
        assert_eq!(got.status, StatusCode::OK, "{path}");
        assert!(!got.text().contains('⟦'), "{path}");
    }
    assert_eq!(get(&router, "/").await.text().matches("Not yet known.").count(), 5);
}

/// What a reader meets on a page: its text, without the frame.
pub fn reading(page: &str) -> String {
    let main = page.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
    let main = main.split_once('>').unwrap().1;
    let mut out = String::new();
    let mut inside = false;
    for c in main.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push('\n');
            }
            c if !inside => out.push(c),
            _ => {}
        }
    }
    let lines: Vec<&str> = out.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    lines.join("\n")
}

#[tokio::test]
async fn a_figure_page_reads_like_this() {
    let text = reading(&get(&published(), "/f/demo-2026-1.m1.group.girls-10-17").await.text());
    // Definition and caveats come from the workload, not from here.
    insta::assert_snapshot!(text.split("What it means").next().unwrap());
}

#[tokio::test]
async fn the_call_reads_like_this() {
    insta::assert_snapshot!(reading(&get(&published(), "/call").await.text()));
}

proptest! {
    #[test]
    fn any_address_is_answered_without_a_fault(path in "/[ -~]{0,60}|/(f|releases)/[a-z0-9./%-]{0,40}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        if let Ok(request) = Request::builder().uri(&path).header("host", "localhost").body(Body::empty()) {
            let router = site(Site::new(), SiteOptions::default());
            let status = runtime.block_on(async { router.oneshot(request).await.unwrap().status() });
            prop_assert!(status == StatusCode::OK || status == StatusCode::NOT_FOUND, "{path}: {status}");
        }
    }
}

#[test]
fn the_invented_release_passes_the_checks_of_a_real_one() {
    let files = testdata::files(&testdata::bundle("demo-2026-1"));
    let report = accord_release::verify::verify(&files, None, None, "2026-11-24");
    assert!(report.is_sound(), "{report:?}");
}

/// Writes the invented release as a folder for the browser's tests, where `ACCORD_WRITE_BUNDLE` says.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test helper that is told where to write")]
fn the_invented_release_can_be_written_for_the_browser() {
    let Ok(folder) = std::env::var("ACCORD_WRITE_BUNDLE") else { return };
    for (path, bytes) in testdata::files(&testdata::bundle("demo-2026-1")) {
        let path = std::path::Path::new(&folder).join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

/// The same of the invented flat release, where `ACCORD_WRITE_FLAT` says.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test helper that is told where to write")]
fn the_invented_flat_release_can_be_written_for_the_browser() {
    let Ok(folder) = std::env::var("ACCORD_WRITE_FLAT") else { return };
    for (path, bytes) in testdata::flat_files("demo-flat-2026-1") {
        let path = std::path::Path::new(&folder).join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

#[tokio::test]
async fn a_draft_is_not_read_under_a_name_that_another_page_chose() {
    let options = SiteOptions { hosts: vec!["figures.example.org".into()], ..SiteOptions::default() };
    let router = site(testdata::published_site(), options);
    let asked = |hosts: Vec<&'static str>, uri: &'static str| {
        let mut request = Request::builder().uri(uri);
        for host in hosts {
            request = request.header("host", host);
        }
        let router = router.clone();
        async move { router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap() }
    };
    for host in
        ["127.0.0.1", "127.0.0.1:7878", "localhost", "LocalHost:1", "[::1]", "[::1]:65535", "Figures.example.org:443"]
    {
        assert_eq!(asked(vec![host], "/").await.status(), StatusCode::OK, "{host}");
    }
    for host in [
        "rebind.example",
        "127.0.0.1.rebind.example",
        "localhost.rebind.example:7878",
        "localhost@rebind.example",
        "rebind.example:127.0.0.1",
        "",
        ":7878",
        "::1",
        "0.0.0.0",
        "192.168.1.9:7878",
        "localhost:",
        "x.figures.example.org",
    ] {
        for path in ["/", "/releases/demo-2026-1/files/release.json", "/assets/none", "/nowhere"] {
            let got = asked(vec![host], path).await;
            assert_eq!(got.status(), StatusCode::MISDIRECTED_REQUEST, "{host}{path}");
            assert_eq!(
                got.headers()["content-security-policy"].to_str().unwrap().split(';').next(),
                Some("default-src 'none'")
            );
            assert_eq!(got.into_body().collect().await.unwrap().to_bytes().as_ref(), b"421\n");
        }
    }
    // None, two, or another one in the request line.
    assert_eq!(asked(vec![], "/").await.status(), StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(asked(vec!["localhost", "rebind.example"], "/").await.status(), StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(asked(vec!["localhost"], "http://rebind.example/").await.status(), StatusCode::MISDIRECTED_REQUEST);
}

#[test]
fn a_name_of_a_host_has_neither_port_nor_address_around_it() {
    for (given, name) in
        [("Figures.Example.org", "figures.example.org"), ("10.0.0.7", "10.0.0.7"), ("[fe80::1]", "[fe80::1]")]
    {
        assert_eq!(crate::host_name(given).as_deref(), Some(name));
    }
    for given in ["", "a:80", "http://a", "a/b", "u@a", "a b", "*", "a\u{1b}", "a?b", "a#b", "ä.org"] {
        assert_eq!(crate::host_name(given), None, "{given:?}");
    }
}
