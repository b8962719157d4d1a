//! `accord release`

use super::Exit;

/// Arguments of `accord release`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs `accord release`.
pub fn run(_args: Args, _json: bool) -> anyhow::Result<Exit> {
    anyhow::bail!("`accord release` is not built yet")
}
