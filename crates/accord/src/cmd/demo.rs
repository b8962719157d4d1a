//! `accord demo`

use super::Exit;

/// Arguments of `accord demo`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs `accord demo`.
pub fn run(_args: Args, _json: bool) -> anyhow::Result<Exit> {
    anyhow::bail!("`accord demo` is not built yet")
}
