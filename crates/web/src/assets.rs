//! The two files that every page uses: the style sheet and the icon, at addresses that carry their own hash, so that a
//! browser keeps them for ever and never shows an old one.

use crate::page::{App, Visit};
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A file with the name that holds its hash.
#[derive(Debug)]
pub struct Asset {
    /// Name under `/assets/`.
    pub name: String,
    /// Content type.
    pub kind: &'static str,
    /// Content.
    pub body: &'static str,
}

impl Asset {
    fn new(stem: &str, ending: &str, kind: &'static str, body: &'static str) -> Asset {
        let hash = hex::encode(Sha256::digest(body.as_bytes()));
        Asset { name: format!("{stem}-{}.{ending}", &hash[..16]), kind, body }
    }
}

/// The style sheet.
pub fn css() -> Asset {
    Asset::new("site", "css", "text/css; charset=utf-8", include_str!("../assets/site.css"))
}

/// A plain icon that says nothing about the site.
pub fn icon() -> Asset {
    Asset::new("icon", "svg", "image/svg+xml", include_str!("../assets/icon.svg"))
}

/// Serves an asset by its hashed name.
pub async fn serve(
    State(app): State<Arc<App>>,
    visit: Visit,
    name: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Response {
    let Ok(Path(name)) = name else { return visit.not_found() };
    match [&app.css, &app.icon].into_iter().find(|a| a.name == name) {
        Some(asset) => (
            [(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")],
            asset.body,
        )
            .into_response(),
        None => visit.not_found(),
    }
}
