//! `accord release keys`

use super::Exit;
use crate::say::{say, say_json_surely, say_surely};
use crate::secret::Source;
use crate::{ambient, folder};
use accord_crypto::council::{self, CouncilShare};
use accord_crypto::sign::SigningKey;
use accord_crypto::trust::{TrustList, TrustRoot, TrustedKey};
use accord_crypto::{KdfParams, Passphrase};
use accord_release::files::Files;
use std::path::PathBuf;

/// Arguments of `accord release keys`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: accord release keys keys --council 'Survivor council' --holder 'Secretariat' --quorum 2 --members 3\n\n\
The council key is dealt on this machine: whoever runs this could keep it. For a council in earnest, run it where all members \
watch, give each her share, and destroy the folder."
)]
pub struct Args {
    /// New folder for the keys.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Name of the council.
    #[arg(long)]
    council: String,
    /// Who signs releases.
    #[arg(long, default_value = "Secretariat")]
    holder: String,
    /// Members who must sign together.
    #[arg(long, default_value_t = 2)]
    quorum: u16,
    /// Members who hold a share.
    #[arg(long, default_value_t = 3)]
    members: u16,
    #[command(flatten)]
    secret: Source,
}

/// Keys in memory, and what the world may know of them.
pub struct Keys {
    /// Root of trust.
    pub root: TrustRoot,
    /// List of trusted keys, signed by the root.
    pub list: TrustList,
    /// Signs releases.
    pub release: SigningKey,
    /// Shares of the council key.
    pub shares: Vec<CouncilShare>,
    roots: Vec<SigningKey>,
}

/// Runs `accord release keys`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    folder::is_free(&args.dir)?;
    let keys = make(&args.council, &args.holder, args.quorum, args.members)?;
    let chosen = args.secret.choose("the keys")?;
    let made = chosen.is_none();
    let passphrase = chosen.map_or_else(|| Passphrase::make(6), Ok)?;
    let files = keys.sealed(&passphrase, KdfParams::default())?;
    // Keys whose passphrase nobody saw must not come to be: it is shown first.
    if json {
        let given = made.then(|| passphrase.expose().to_owned());
        say_json_surely(&serde_json::json!({ "dir": args.dir, "passphrase": given }))?;
    } else if made {
        say_surely(&format!("Passphrase (write it down now, it is shown once): {}", passphrase.expose()))?;
    }
    folder::write_new(&args.dir, &files)?;
    if !json {
        say(&format!(
            "Keys: {}. All are sealed under one passphrase, which opens them all: a share can't be given a passphrase of its own yet.",
            args.dir.display()
        ))?;
    }
    Ok(Exit::Fine)
}

/// Makes a root of three keys of which two sign, a release key, and a council key in shares.
pub fn make(council_name: &str, holder: &str, quorum: u16, members: u16) -> anyhow::Result<Keys> {
    let roots = (0..3).map(|_| SigningKey::make()).collect::<Result<Vec<_>, _>>()?;
    let root = TrustRoot::new(council_name, 2, roots.iter().map(SigningKey::verifying_key).collect())?;
    let release = SigningKey::make()?;
    let (group, shares) = council::deal(quorum, members)?;
    let today = ambient::today_iso();
    let trusted =
        |key, holder: &str| TrustedKey { key, holder: holder.to_owned(), not_before: today.clone(), not_after: None };
    let mut list = TrustList {
        serial: 1,
        issued: today.clone(),
        release_keys: vec![trusted(release.verifying_key(), holder)],
        council_keys: vec![trusted(group, council_name)],
        ..TrustList::default()
    };
    for key in roots.iter().take(2) {
        list.sign(key);
    }
    Ok(Keys { root, list, release, shares, roots })
}

impl Keys {
    /// The list of trusted keys as it travels in releases.
    pub fn list_bytes(&self) -> anyhow::Result<Vec<u8>> {
        Ok(serde_json::to_vec_pretty(&self.list)?)
    }

    /// Everything as files, private halves sealed under the passphrase.
    fn sealed(&self, passphrase: &Passphrase, kdf: KdfParams) -> anyhow::Result<Files> {
        let mut files = Files::new();
        files.insert("root.json".into(), serde_json::to_vec_pretty(&self.root)?);
        files.insert("trust.json".into(), self.list_bytes()?);
        files
            .insert("release.json".into(), serde_json::to_vec_pretty(&self.release.seal("release", passphrase, kdf)?)?);
        for share in &self.shares {
            files.insert(
                format!("council-{}.json", share.number()),
                serde_json::to_vec_pretty(&share.seal(passphrase, kdf)?)?,
            );
        }
        for (key, number) in self.roots.iter().zip(1..) {
            files.insert(
                format!("root-key-{number}.json"),
                serde_json::to_vec_pretty(&key.seal("root", passphrase, kdf)?)?,
            );
        }
        Ok(files)
    }
}
