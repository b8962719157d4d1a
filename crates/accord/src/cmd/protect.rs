//! `accord protect`

use super::Exit;

/// Arguments of `accord protect`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs `accord protect`.
pub fn run(_args: Args, _json: bool) -> anyhow::Result<Exit> {
    anyhow::bail!("`accord protect` is not built yet")
}
