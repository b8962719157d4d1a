//! `accord hub`: the public site, from bundles on disk, on this machine only.

use super::Exit;
use accord_hub::Site;
use accord_web::SiteOptions;

/// Arguments of `accord hub`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs `accord hub`.
pub fn run(_args: Args, _json: bool) -> anyhow::Result<Exit> {
    anyhow::bail!("`accord hub` is not built yet")
}

/// Serves a site at `http://127.0.0.1:port` until Ctrl-C; `ready` is told the address once the port is bound.
pub fn serve(site: Site, options: SiteOptions, port: u16, ready: impl FnOnce(std::net::SocketAddr)) -> anyhow::Result<()> {
    let _ = (accord_web::site(site, options), port, ready);
    anyhow::bail!("`accord hub serve` is not built yet")
}
