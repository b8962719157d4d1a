//! A flat release on the site: its page, its files, its place in the list.

use crate::tests::{get, links};
use crate::{SiteOptions, site, testdata};
use accord_hub::{Proof, Site, SiteError};
use accord_release::bundle::Outcome;
use axum::Router;
use axum::http::StatusCode;

const PAGE: &str = "/releases/flat-2026-1";

fn with(outcome: Option<Outcome>, proof: Proof) -> Router {
    let mut shown = Site::new();
    shown.add(testdata::flat("flat-2026-1", outcome, proof).unwrap()).unwrap();
    site(shown, SiteOptions::default())
}

fn published() -> Router {
    with(Some(Outcome::Approve), Proof::Checked)
}

#[tokio::test]
async fn a_flat_release_says_what_it_is_what_it_costs_and_how_far_to_lean_on_it() {
    let page = get(&published(), PAGE).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.text();
    assert!(!text.contains('⟦'), "words are missing: {}", text.split('⟦').nth(1).unwrap_or_default());
    for said in [
        "<h1 dir=\"auto\">An invented &#60;flat&#62; table for tests</h1>",
        "INVENTED DATA",
        "is at most",
        "taken from the file, on the user’s declaration that they are public",
        "Detected, not all who exist",
        "Say “detected” whenever you use these numbers.",
        "2 values together",
        "accord verify flat-2026-1 --trust ROOT",
    ] {
        assert!(text.contains(said), "the page does not say {said}");
    }
    assert!(!text.contains("<script") && !text.contains("style="), "the page needs more than the style sheet");
    // Girls stand first, the youngest before the others.
    let at = |word: &str| text.find(word).unwrap_or_else(|| panic!("{word} is missing"));
    assert!(at("10–14") < at("15–17") && at("15–17") < at("18–19") && at("id=\"girls\"") < at("id=\"quality\""));
}

#[tokio::test]
async fn every_file_of_a_flat_release_can_be_kept_with_its_kind() {
    let router = published();
    let files = testdata::flat("flat-2026-1", Some(Outcome::Approve), Proof::Checked).unwrap().files;
    let page = get(&router, PAGE).await.text();
    let offered = links(&page);
    assert!(files.len() > 8);
    for (path, bytes) in &files {
        let href = format!("{PAGE}/files/{path}");
        assert!(offered.contains(&href), "{path} is not offered");
        let got = get(&router, &href).await;
        assert_eq!((got.status, &got.body), (StatusCode::OK, bytes), "{path}");
        let kind = match path.rsplit('.').next().unwrap() {
            "csv" => "text/csv; charset=utf-8",
            "json" => "application/json",
            "html" => "text/html; charset=utf-8",
            other => panic!("a file ends in {other}"),
        };
        assert_eq!(got.header("content-type"), kind, "{path}");
        assert!(got.header("content-disposition").starts_with("attachment"), "{path}");
        assert!(page.contains(&accord_release::files::sha256(bytes)), "the page lacks the checksum of {path}");
    }
    assert_eq!(get(&router, &format!("{PAGE}/files/names.csv")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_link_of_the_page_of_a_flat_release_leads_somewhere() {
    let router = published();
    for page in ["/", "/releases", PAGE, "/call", "/privacy"] {
        for href in links(&get(&router, page).await.text()) {
            let path = href.split('#').next().unwrap_or_default();
            if path.starts_with('/') && path != "/exit" {
                assert_eq!(get(&router, path).await.status, StatusCode::OK, "{page} links to {href}");
            }
        }
    }
}

#[tokio::test]
async fn a_flat_release_that_no_council_decided_on_stands_under_the_banner_everywhere() {
    for (outcome, proof, words) in [
        (None, Proof::NotChecked, "DRAFT: not decided by a council"),
        (Some(Outcome::Approve), Proof::NotChecked, "DRAFT: the council’s decision was not checked on this host"),
        (Some(Outcome::Defer), Proof::Checked, "DRAFT"),
    ] {
        let router = with(outcome, proof);
        for path in [PAGE, "/releases", "/"] {
            let text = get(&router, path).await.text();
            assert!(text.contains(words) && text.contains("noindex"), "{path} lacks the banner for {outcome:?}");
            let council = testdata::decision(Outcome::Approve);
            let said = text.contains(&council.council) || text.contains(&council.note);
            assert!(
                !said || proof == Proof::Checked,
                "{path} says what a council that nobody checked is said to have said"
            );
        }
        assert!(get(&router, &format!("{PAGE}/sheet.css")).await.text().contains("DRAFT"));
    }
    for path in [PAGE, "/releases", "/"] {
        assert!(!get(&published(), path).await.text().contains("DRAFT"), "{path}");
    }
}

#[tokio::test]
async fn both_kinds_of_release_stand_in_one_list_newest_first_under_one_name_each() {
    let mut shown = testdata::published_site();
    shown.add(testdata::flat("flat-2026-1", Some(Outcome::Approve), Proof::Checked).unwrap()).unwrap();
    let again = testdata::flat("demo-2026-1", None, Proof::NotChecked).unwrap();
    assert_eq!(shown.add(again), Err(SiteError::SameRelease("demo-2026-1".into())));
    let router = site(shown, SiteOptions::default());
    let list = get(&router, "/releases").await.text();
    let (flat, tables) =
        (list.find("\"/releases/flat-2026-1\"").unwrap(), list.find("\"/releases/demo-2026-1\"").unwrap());
    assert!(flat < tables);
    // The figures of the home page are those of the newest release that has such figures.
    assert_eq!(get(&router, "/releases/demo-2026-1").await.status, StatusCode::OK);
    assert!(get(&router, "/").await.text().contains("/releases/demo-2026-1#privacy"));
}

#[test]
fn a_vetoed_flat_release_is_not_shown() {
    let refused = testdata::flat("flat-2026-1", Some(Outcome::Veto), Proof::Checked);
    assert!(matches!(refused, Err(SiteError::Vetoed(id)) if id == "flat-2026-1"));
}

#[test]
fn the_invented_flat_release_passes_the_checks_of_a_real_one() {
    let report = accord_release::verify::verify(&testdata::flat_files("flat-2026-1"), None, None, "2026-11-24");
    assert!(report.is_sound(), "{report:?}");
}
