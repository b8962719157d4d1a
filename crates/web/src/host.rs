//! Under which names the site answers. A page elsewhere can make a visitor's browser ask this machine under a name of its
//! own (DNS rebinding) and read the answer as its own: drafts would leave the machine. Asked under a name that the host did
//! not give, the site says nothing.

use crate::page::App;
use axum::extract::Request;
use axum::http::{StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

/// Names of this machine for itself.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Answers only under a known name; else with 421 and nothing else.
pub async fn answer(app: Arc<App>, request: Request, next: Next) -> Response {
    let mut headers = request.headers().get_all(header::HOST).iter();
    let one = match (headers.next(), headers.next()) {
        (Some(host), None) => host.to_str().is_ok_and(|host| is_known(host, &app.options.hosts)),
        _ => false,
    };
    // An address in the request line counts over the header.
    let also = request.uri().authority().is_none_or(|a| is_known(a.as_str(), &app.options.hosts));
    if one && also {
        return next.run(request).await;
    }
    (StatusCode::MISDIRECTED_REQUEST, "421\n").into_response()
}

/// Whether a `Host` names the loopback or one of `hosts`, at any port.
fn is_known(host: &str, hosts: &[String]) -> bool {
    let name = match host.rsplit_once(':') {
        // The colons of a bare IPv6 address are no port's.
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    LOOPBACK.iter().any(|l| name.eq_ignore_ascii_case(l)) || hosts.iter().any(|h| name.eq_ignore_ascii_case(h))
}

/// A name for [`crate::SiteOptions::hosts`], in lower case, or `None` if it is no host's name (with a port or an address
/// in front, say).
pub fn host_name(given: &str) -> Option<String> {
    let name = given.to_ascii_lowercase();
    let uri: Uri = format!("http://{name}/").parse().ok()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
    (uri.host() == Some(name.as_str()) && uri.port().is_none() && name.bytes().all(plain)).then_some(name)
}
