//! The public site: pages, exports and charts of what a hub shows.
//!
//! Every page works without a script, asks no other machine for anything, and says with each figure its interval,
//! definition and caveat. **It must never know** SQL, cryptography, files on disk or what a number means: it shows the
//! figures that it is handed, the same value in page, CSV, JSON and workbook.
//!
//! Start reading at [`site`] (all routes in reading order), then [`page`] and one handler in [`routes`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod assets;
mod chart;
mod explore;
mod export;
mod host;
mod page;
mod routes;
mod say;
mod text;
mod view;
mod words;

#[cfg(test)]
mod explore_tests;
#[cfg(test)]
mod flat_tests;
#[cfg(test)]
mod study_tests;
#[cfg(test)]
mod testdata;
#[cfg(test)]
mod tests;

use accord_hub::Site;
use axum::routing::get;
use axum::{Router, middleware};
pub use host::host_name;
use page::App;
use std::sync::Arc;
use tower::ServiceExt as _;

/// What a host can choose.
#[derive(Clone, Debug, Default)]
pub struct SiteOptions {
    /// Where the exit goes: an `https://` address that the visitor is sent to, or `None` for a neutral page of our own.
    /// Anything else than `https://` is ignored.
    pub exit_to: Option<String>,
    /// Help lines that this host has reviewed; without any, the help page says that it has none.
    pub help_lines: Vec<HelpLine>,
    /// Today, as `YYYY-MM-DD`, to say when a help line's review is old; without it no age is shown.
    pub today: Option<String>,
    /// Names that this site is asked under, besides `127.0.0.1`, `localhost` and `[::1]`: lower case, without a port.
    pub hosts: Vec<String>,
}

/// A help line, sourced and dated, or it isn't shown.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HelpLine {
    /// Country in words, or "anywhere".
    pub place: String,
    /// Name of the service.
    pub name: String,
    /// How to reach it: number, address, hours, as one line.
    pub reach: String,
    /// Languages spoken, in words.
    #[serde(default)]
    pub languages: String,
    /// Where this entry was read: a page of the service itself.
    pub source: String,
    /// Day on which somebody last checked it, `YYYY-MM-DD`.
    pub checked: String,
}

/// The site as a router: every page, file and export of `site`.
pub fn site(site: Site, options: SiteOptions) -> Router {
    build(App::new(site, options, words::shipped()))
}

/// All routes, in reading order.
fn build(app: App) -> Router {
    let app = Arc::new(app);
    let names = Arc::clone(&app);
    let pages = Router::new()
        .route("/", get(routes::home::home))
        .route("/releases", get(routes::releases::list))
        .route("/releases/{release}", get(routes::releases::one))
        .route("/releases/{release}/sheet.css", get(routes::releases::sheet))
        .route("/releases/{release}/tables/{table}", get(routes::table::page))
        .route("/releases/{release}/tables/{table}/{file}", get(routes::table::file))
        .route("/releases/{release}/files/{*path}", get(routes::releases::bundle_file))
        .route("/releases/{release}/study/{figure}/{file}", get(routes::study::file))
        .route("/studies", get(routes::study::list))
        .route("/studies/{study}", get(routes::study::newest))
        .route("/studies/{study}/{release}", get(routes::study::release))
        .route("/f/{figure}", get(routes::figure::page))
        .route("/f/{figure}/{file}", get(routes::figure::file))
        .route("/explore", get(routes::explore::page))
        .route("/explore/{file}", get(routes::explore::file))
        .route("/call", get(routes::call::call))
        .route("/help", get(routes::plain::help))
        .route("/about", get(routes::plain::about))
        .route("/privacy", get(routes::plain::privacy))
        .route("/method", get(routes::plain::method))
        .route("/exit", get(routes::exit::exit))
        .route("/assets/{name}", get(assets::serve))
        .fallback(routes::not_found)
        .method_not_allowed_fallback(routes::not_found)
        .with_state(Arc::clone(&app));
    let translated = pages.map_request(move |request| page::strip_language(&app, request));
    Router::new()
        .fallback_service(translated)
        .layer(middleware::from_fn(move |request, next| host::answer(Arc::clone(&names), request, next)))
        .layer(middleware::map_response(page::guard))
}
