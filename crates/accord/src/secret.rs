//! Where passphrases come from: a file descriptor, the environment, or a prompt on the terminal. Never an argument, which
//! other users of the machine can read.

use crate::ambient;
use crate::cmd::Refused;
use accord_crypto::Passphrase;
use anyhow::{Context as _, bail};
use std::io::{IsTerminal as _, Read as _};
use zeroize::Zeroizing;

/// Options of every command that needs a passphrase.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Source {
    /// Read the passphrase from this open file descriptor, up to the first line end.
    #[arg(long, value_name = "N")]
    pub passphrase_fd: Option<u32>,
}

/// Environment variable for scripts and tests.
const VARIABLE: &str = "ACCORD_PASSPHRASE";

impl Source {
    /// The passphrase that opens something.
    pub fn open(&self, what: &str) -> anyhow::Result<Passphrase> {
        Ok(Passphrase::typed(self.read(&format!("Passphrase of {what}: "))?.as_str()))
    }

    /// A new passphrase: checked for length, and asked for twice at a prompt. `None` if none was given and there is no
    /// terminal to ask at.
    pub fn choose(&self, what: &str) -> anyhow::Result<Option<Passphrase>> {
        let given = self.passphrase_fd.is_some() || ambient::variable(VARIABLE).is_some();
        if !given && !std::io::stdin().is_terminal() {
            return Ok(None);
        }
        let first = self.read(&format!("New passphrase for {what} (empty: make one of six words): "))?;
        if !given {
            if first.is_empty() {
                return Ok(None);
            }
            let second = Zeroizing::new(rpassword::prompt_password("The same again: ")?);
            if *first != *second {
                bail!("the two passphrases differ; nothing was made");
            }
        }
        Ok(Some(new_passphrase(&first)?))
    }

    fn read(&self, prompt: &str) -> anyhow::Result<Zeroizing<String>> {
        if let Some(fd) = self.passphrase_fd {
            return from_descriptor(fd);
        }
        if let Some(text) = ambient::variable(VARIABLE) {
            return Ok(Zeroizing::new(text));
        }
        if !std::io::stdin().is_terminal() {
            bail!("no passphrase: run it at a terminal, give --passphrase-fd N, or set {VARIABLE}");
        }
        Ok(Zeroizing::new(rpassword::prompt_password(prompt).context("the passphrase can't be read")?))
    }
}

/// A passphrase for something new; a weak one is a refusal.
pub fn new_passphrase(text: &str) -> anyhow::Result<Passphrase> {
    Passphrase::new(text).map_err(Refused::error)
}

/// Longest passphrase that is read from a descriptor.
const LONGEST: u64 = 4096;

fn from_descriptor(fd: u32) -> anyhow::Result<Zeroizing<String>> {
    let path = format!("/dev/fd/{fd}");
    let file = std::fs::File::open(&path).with_context(|| format!("file descriptor {fd} can't be read"))?;
    let mut text = Zeroizing::new(String::new());
    file.take(LONGEST).read_to_string(&mut text).with_context(|| format!("file descriptor {fd} can't be read"))?;
    let line = text.lines().next().unwrap_or_default().to_owned();
    if line.is_empty() {
        bail!("file descriptor {fd} holds no passphrase");
    }
    Ok(Zeroizing::new(line))
}
