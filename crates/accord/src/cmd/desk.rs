//! `accord desk`

use super::Exit;

/// Arguments of `accord desk`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs `accord desk`.
pub fn run(_args: Args, _json: bool) -> anyhow::Result<Exit> {
    anyhow::bail!("`accord desk` is not built yet")
}
