//! The public site: pages, exports and charts of what a hub shows.
//!
//! **It must never know** SQL, cryptography, files on disk or what a number means; it shows what it is handed.
//!
//! Start reading at [`site`].

/// What a host can choose.
#[derive(Clone, Debug, Default)]
pub struct SiteOptions {
    /// Where the exit goes: an `https://` address that the visitor is sent to, or `None` for a neutral page of our own.
    pub exit_to: Option<String>,
}

/// The site as a router: every page, file and export of `site`.
pub fn site(site: accord_hub::Site, options: SiteOptions) -> axum::Router {
    let _ = (site, options);
    axum::Router::new()
}
