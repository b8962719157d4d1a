//! `accord verify`

use super::Exit;

/// Arguments of `accord verify`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs `accord verify`.
pub fn run(_args: Args, _json: bool) -> anyhow::Result<Exit> {
    anyhow::bail!("`accord verify` is not built yet")
}
