//! The exit: forgets this visit as far as a site can, and leads to something neutral. It needs no script.

use crate::page::{Page, Visit, render};
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

#[derive(Template)]
#[template(path = "exit.html")]
struct Exit {
    page: Page,
}

/// Clears what this site left in the browser and goes to the host's neutral address, or to a page of our own that says
/// nothing about where the visitor was.
pub async fn exit(visit: Visit) -> Response {
    let away = visit.app.options.exit_to.as_deref().filter(|a| a.starts_with("https://"));
    let away = away.and_then(|a| HeaderValue::from_str(a).ok());
    let mut response = match away {
        Some(address) => (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response(),
        None => render(&Exit { page: visit.page("title-exit", "") }),
    };
    let clear = HeaderValue::from_static("\"cache\", \"cookies\", \"storage\"");
    response.headers_mut().insert("clear-site-data", clear);
    response
}
