//! `accord check`

use super::Exit;

/// Arguments of `accord check`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs `accord check`.
pub fn run(_args: Args, _json: bool) -> anyhow::Result<Exit> {
    anyhow::bail!("`accord check` is not built yet")
}

/// Arguments of the hidden reader.
#[derive(Debug, clap::Args)]
pub struct ReadArgs {}

/// Reads an untrusted file inside limits.
pub fn read(_args: ReadArgs) -> anyhow::Result<Exit> {
    anyhow::bail!("not built yet")
}
