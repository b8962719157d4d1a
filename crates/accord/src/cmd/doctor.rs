//! `accord doctor`

use super::Exit;

/// Arguments of `accord doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs `accord doctor`.
pub fn run(_args: Args, _json: bool) -> anyhow::Result<Exit> {
    anyhow::bail!("`accord doctor` is not built yet")
}
