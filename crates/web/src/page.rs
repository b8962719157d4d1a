//! What all pages share: the language of the visit, the banners, the addresses, the headers.

use crate::SiteOptions;
use crate::assets::{self, Asset};
use crate::words::{Arg, Words};
use accord_hub::{Shown, Site, Status};
use askama::Template;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

/// Everything that handlers read. Nothing in it changes while the site runs.
#[derive(Debug)]
pub struct App {
    /// What is shown.
    pub site: Site,
    /// What the host chose.
    pub options: SiteOptions,
    /// Shipped languages, English first.
    pub words: Vec<Words>,
    /// Style sheet.
    pub css: Asset,
    /// Icon.
    pub icon: Asset,
    /// SHA-256 of each bundle file, by release and path.
    pub checksums: BTreeMap<(String, String), String>,
}

impl App {
    /// Gathers it, and computes the checksums once.
    pub fn new(site: Site, options: SiteOptions, words: Vec<Words>) -> App {
        let mut checksums = BTreeMap::new();
        for release in site.all() {
            for (path, bytes) in release.files() {
                let sum = hex::encode(Sha256::digest(bytes));
                checksums.insert((release.id().to_owned(), path.clone()), sum);
            }
        }
        App { site, options, words, css: assets::css(), icon: assets::icon(), checksums }
    }
}

/// The language in a request's path, put there by [`strip_language`].
#[derive(Clone, Debug)]
struct Chosen(usize);

/// Takes a leading `/fr` (or other shipped language) off the path, so that routes are written once.
pub fn strip_language(app: &App, mut request: Request) -> Request {
    let path = request.uri().path();
    let mut parts = path.splitn(3, '/');
    let (_, first, rest) = (parts.next(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Some(language) = app.words.iter().position(|w| w.tag == first) else { return request };
    let query = request.uri().query().map(|q| format!("?{q}")).unwrap_or_default();
    if let Ok(uri) = format!("/{rest}{query}").parse::<Uri>() {
        *request.uri_mut() = uri;
        request.extensions_mut().insert(Chosen(language));
    }
    request
}

/// One request: its language and path. From it handlers make the [`Page`].
#[derive(Debug)]
pub struct Visit {
    /// The site.
    pub app: Arc<App>,
    language: usize,
    prefix: String,
    path: String,
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let (language, prefix) = match parts.extensions.get::<Chosen>() {
            Some(Chosen(at)) => (*at, format!("/{}", app.words[*at].tag)),
            None => (negotiate(app, parts), String::new()),
        };
        Ok(Visit { app: Arc::clone(app), language, prefix, path: parts.uri.path().to_owned() })
    }
}

/// The language of a visit without one in its path: `?lang=`, else what the browser asks for, else English.
fn negotiate(app: &App, parts: &Parts) -> usize {
    let asked = parts.uri.query().and_then(|q| q.split('&').find_map(|pair| pair.strip_prefix("lang=")));
    if let Some(at) = asked.and_then(|tag| app.words.iter().position(|w| w.tag == tag)) {
        return at;
    }
    let accept = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let wanted = fluent_langneg::accepted_languages::parse(accept);
    let wanted: Vec<String> = wanted.iter().map(|tag| tag.to_string().to_ascii_lowercase()).collect();
    let base = |tag: &str| tag.split('-').next().unwrap_or_default().to_owned();
    wanted.iter().find_map(|tag| app.words.iter().position(|w| w.tag == base(tag))).unwrap_or(0)
}

impl Visit {
    /// The page's frame; `section` names the word of the navigation that it belongs to.
    pub fn page(&self, title_key: &str, section: &'static str) -> Page {
        let worst = self.app.site.all().map(Shown::status).find(|s| s.is_draft());
        Page {
            app: Arc::clone(&self.app),
            language: self.language,
            prefix: self.prefix.clone(),
            path: self.path.clone(),
            title: self.app.words[self.language].t(title_key),
            section,
            status: worst,
            invented: self.app.site.all().any(|r| r.info().invented),
            sheet: String::new(),
        }
    }

    /// The frame of a page about one release: its banners are that release's.
    pub fn page_of<'a>(&self, title_key: &str, release: impl Into<Shown<'a>>) -> Page {
        let release = release.into();
        let mut page = self.page(title_key, "releases");
        page.status = release.status().is_draft().then_some(release.status());
        page.invented = release.info().invented;
        page.sheet = page.href(&format!("/releases/{}/sheet.css", release.id()));
        page
    }

    /// The same plain answer for everything that isn't there.
    pub fn not_found(&self) -> Response {
        let mut page = self.page("missing-title", "");
        "/".clone_into(&mut page.path);
        (StatusCode::NOT_FOUND, render(&Missing { page })).into_response()
    }
}

#[derive(Template)]
#[template(path = "missing.html")]
struct Missing {
    page: Page,
}

/// Renders a template; if that fails, a plain answer without details.
pub fn render<T: Template>(template: &T) -> Response {
    match template.render() {
        Ok(text) => Html(text).into_response(),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be made.").into_response(),
    }
}

/// The frame that all templates extend.
#[derive(Debug)]
pub struct Page {
    app: Arc<App>,
    language: usize,
    prefix: String,
    path: String,
    /// Neutral title.
    pub title: String,
    /// Word of the navigation that is current.
    pub section: &'static str,
    /// Banner of a draft.
    pub status: Option<Status>,
    /// Banner of invented data.
    pub invented: bool,
    /// Address of the style that puts id and day at the foot of each printed sheet; empty if there is none.
    pub sheet: String,
}

/// A link to the same page in another language.
#[derive(Debug)]
pub struct LanguageLink {
    /// Tag.
    pub tag: &'static str,
    /// Name in its own script.
    pub name: &'static str,
    /// Address.
    pub href: String,
    /// Whether it is the one being read.
    pub current: bool,
}

impl Page {
    /// The words of the page.
    pub fn words(&self) -> &Words {
        &self.app.words[self.language]
    }

    /// The message with this key.
    pub fn t(&self, key: &str) -> String {
        self.words().t(key)
    }

    /// The message with this key and placeables.
    pub fn with(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.words().with(key, args)
    }

    /// Address of a path in the visit's language.
    pub fn href(&self, path: &str) -> String {
        if path == "/" && !self.prefix.is_empty() { self.prefix.clone() } else { format!("{}{path}", self.prefix) }
    }

    /// Language tag.
    pub fn lang(&self) -> &'static str {
        self.words().tag
    }

    /// Direction.
    pub fn dir(&self) -> &'static str {
        if self.words().rtl { "rtl" } else { "ltr" }
    }

    /// Address of the style sheet.
    pub fn css(&self) -> String {
        format!("/assets/{}", self.app.css.name)
    }

    /// Address of the icon.
    pub fn icon(&self) -> String {
        format!("/assets/{}", self.app.icon.name)
    }

    /// The page in the other languages; empty if only one is shipped.
    pub fn languages(&self) -> Vec<LanguageLink> {
        if self.app.words.len() < 2 {
            return Vec::new();
        }
        let path = if self.path == "/" { "" } else { &self.path };
        let link = |(at, w): (usize, &Words)| LanguageLink {
            tag: w.tag,
            name: w.name,
            href: format!("/{}{path}", w.tag),
            current: at == self.language,
        };
        self.app.words.iter().enumerate().map(link).collect()
    }

    /// Keeps a question in the links to the other languages: `path` with its query.
    pub fn stay(&mut self, path: &str) {
        path.clone_into(&mut self.path);
    }

    /// The style for printing a page about `id`, a release or a figure of it: id, day, and what must not get lost stand at
    /// the foot of each sheet. A file of its own, because the policy allows no style inside a page.
    pub fn sheet_for<'a>(&self, id: &str, release: impl Into<Shown<'a>>) -> Response {
        let undecided = self.t("sheet-undecided");
        let date = release.into().decision().map_or(undecided.as_str(), |d| d.date.as_str());
        let mut sheet = self.with("sheet", &[("id", id.into()), ("date", date.into())]);
        if self.invented {
            sheet.push_str(&format!(" · {}", self.t("invented-data")));
        }
        if let Some(draft) = self.draft() {
            sheet.push_str(&format!(" · {draft}"));
        }
        // Nothing that could end the string or the rule.
        sheet.retain(|c| c.is_alphanumeric() || " ·-.:,’_".contains(c));
        let css = format!(
            "@page{{@bottom-left{{content:\"{sheet}\";font:8pt sans-serif}}@bottom-right{{content:counter(page);font:8pt sans-serif}}}}"
        );
        ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], css).into_response()
    }

    /// Banner of a draft, in words.
    pub fn draft(&self) -> Option<String> {
        self.status.map(|status| self.t(draft_key(status)))
    }
}

/// Key of the words that say where a release stands.
pub fn draft_key(status: Status) -> &'static str {
    match status {
        Status::Draft => "banner-draft",
        Status::DecisionNotChecked => "banner-not-checked",
        Status::Deferred => "banner-deferred",
        Status::Published => "status-published",
    }
}

/// Headers of every answer: nothing from elsewhere, nothing left behind. Handlers that set one of them keep theirs.
pub async fn guard(mut response: Response) -> Response {
    const ALL: [(&str, &str); 8] = [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'",
        ),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
        ("vary", "Accept-Language"),
    ];
    for (name, value) in ALL {
        if !response.headers().contains_key(name) {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    response
}
