//! Handlers, thin: find, make a view, render. One file a subject.

pub mod call;
pub mod exit;
pub mod explore;
pub mod figure;
pub mod flat;
pub mod home;
pub mod plain;
pub mod releases;
pub mod study;
pub mod table;

use crate::page::{App, Visit};
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
pub use releases::table_exports;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The placeholders of a path; what doesn't decode is simply not there.
pub struct At<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<App>> for At<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        if let Ok(Path(value)) = Path::<T>::from_request_parts(parts, app).await {
            return Ok(At(value));
        }
        let Ok(visit) = Visit::from_request_parts(parts, app).await;
        Err(visit.not_found())
    }
}

/// Every address and every method that there isn't.
pub async fn not_found(visit: Visit) -> Response {
    visit.not_found()
}

/// A file to keep, under its own name.
fn download(name: &str, kind: &str, bytes: Vec<u8>) -> Response {
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' }).collect();
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, bytes).into_response()
}

/// What a visitor sees when something of ours fails: nothing about why.
fn failed() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "This file could not be made.").into_response()
}
