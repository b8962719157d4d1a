//! `accord convert`

use super::Exit;

/// Arguments of `accord convert`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs `accord convert`.
pub fn run(_args: Args, _json: bool) -> anyhow::Result<Exit> {
    anyhow::bail!("`accord convert` is not built yet")
}
