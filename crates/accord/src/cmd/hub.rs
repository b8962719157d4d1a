//! `accord hub`

use super::Exit;

/// Arguments of `accord hub`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs `accord hub`.
pub fn run(_args: Args, _json: bool) -> anyhow::Result<Exit> {
    anyhow::bail!("`accord hub` is not built yet")
}
