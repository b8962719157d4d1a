//! `accord hub`: the public site, from bundles on disk, on this machine only.
//!
//! Bundles are checked before they are shown: one that is damaged, or whose signatures don't hold under the given root, is
//! not served. Without `--trust` no signature can be believed, so that everything is shown as a draft.

use super::Exit;
use super::verify::{failures, verify};
use crate::ambient;
use crate::say::{printable, say, say_json, warn};
use accord_crypto::trust::{TrustList, TrustRoot};
use accord_hub::{Flat, Proof, Published, Release, Site, Status};
use accord_release::files::{self, Files};
use accord_release::flat::again::is_flat;
use accord_web::{HelpLine, SiteOptions};
use anyhow::{Context as _, bail};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Arguments of `accord hub`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Serve the public site on this machine (127.0.0.1).
    Serve(Serve),
}

#[derive(Debug, clap::Args)]
struct Serve {
    /// Folder of a release; repeat it for several, oldest first.
    #[arg(long, value_name = "DIR")]
    bundle: Vec<PathBuf>,
    /// Folder whose subfolders are releases; they are put in order by calendar slot and day of decision. One that can't be
    /// shown is passed over, and said.
    #[arg(long, value_name = "DIR")]
    site: Option<PathBuf>,
    /// Port on 127.0.0.1; 0 takes any free one.
    #[arg(long, default_value_t = 7878)]
    port: u16,
    /// Root of trust (JSON). Without it no decision can be believed, and everything is shown as a draft.
    #[arg(long, value_name = "ROOT")]
    trust: Option<PathBuf>,
    /// Newest list of trusted keys, signed by the root: revocations after a release are found only with it.
    #[arg(long, value_name = "FILE", requires = "trust")]
    trust_list: Option<PathBuf>,
    /// Help lines that this host reviewed (TOML, `[[line]]`).
    #[arg(long, value_name = "FILE")]
    help_lines: Option<PathBuf>,
    /// Where "Exit this page" leads: an https:// address. Without it, to a neutral page of the site itself.
    #[arg(long, value_name = "URL")]
    exit_to: Option<String>,
    /// Name under which the site may be asked, where a web server stands in front of it; repeat it for several. Without it,
    /// only 127.0.0.1, localhost and [::1].
    #[arg(long, value_name = "NAME", value_parser = checked_host)]
    host: Vec<String>,
    /// Check everything, say what would be shown, and stop: with exit code 1 if anything in --site would not be.
    #[arg(long)]
    check: bool,
}

/// Runs `accord hub`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let Command::Serve(args) = args.command;
    let root = args.trust.as_deref().map(read_root).transpose()?;
    let newest = args.trust_list.as_deref().map(read_list).transpose()?;
    let (site, passed_over) = read_site(&args, root.as_ref(), newest.as_ref())?;
    for why in &passed_over {
        warn(&format!("warning: {}", printable(why)));
    }
    let options = SiteOptions {
        exit_to: args.exit_to.map(checked_exit).transpose()?,
        help_lines: args.help_lines.as_deref().map(read_help_lines).transpose()?.unwrap_or_default(),
        today: Some(ambient::today_iso()),
        hosts: args.host,
    };
    say_site(&site, json)?;
    if !args.check {
        serve(site, options, args.port, |address| say_address(address, json))?;
    } else if !passed_over.is_empty() {
        return Ok(Exit::No);
    }
    Ok(Exit::Fine)
}

/// Serves a site at `http://127.0.0.1:port` until Ctrl-C; `ready` is told the address once the port is bound.
pub fn serve(
    site: Site,
    options: SiteOptions,
    port: u16,
    ready: impl FnOnce(SocketAddr) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let router = accord_web::site(site, options);
    let runtime = tokio::runtime::Runtime::new().context("the server's threads could not be started")?;
    runtime.block_on(async move {
        // Loopback only: a public host puts a web server with TLS in front.
        let listener = match tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(listener) => listener,
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => bail!(
                "port {port} is in use by another program; choose another one with --port N, or --port 0 for any free one"
            ),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                bail!("this user may not open port {port}; choose one over 1023 with --port N")
            }
            Err(error) => return Err(error).with_context(|| format!("port {port} could not be opened")),
        };
        ready(listener.local_addr().context("the port has no address")?)?;
        axum::serve(listener, router)
            .with_graceful_shutdown(async {
                // If the signal can't be listened for, the server runs until it is ended from outside.
                if tokio::signal::ctrl_c().await.is_err() {
                    std::future::pending::<()>().await;
                }
            })
            .await
            .context("the server stopped")
    })
}

/// Checks the files of a release and makes them ready to be shown. Refuses damaged ones, ones that the root does not vouch
/// for though they claim to be published, and ones that a council vetoed.
pub fn load(files: Files, root: Option<&TrustRoot>, newest: Option<&TrustList>) -> anyhow::Result<Release> {
    let report = verify(&files, root, newest);
    if !report.is_sound() {
        bail!("it does not pass its checks ({})", failures(&report));
    }
    let proof = if report.is_trusted() { Proof::Checked } else { Proof::NotChecked };
    if is_flat(&files) {
        return Ok(Flat::new(files, proof)?.into());
    }
    let bundle = files::read_bundle(&files)?;
    Ok(Published::new(bundle, files, proof)?.into())
}

/// The site, and what of the folder of `--site` is not shown, and why: one bad folder doesn't take the others with it. What
/// was named by `--bundle` is shown or refused.
fn read_site(
    args: &Serve,
    root: Option<&TrustRoot>,
    newest: Option<&TrustList>,
) -> anyhow::Result<(Site, Vec<String>)> {
    let load_folder = |folder: &Path| {
        let here = || format!("{} is not shown", folder.display());
        read_folder(folder).and_then(|files| load(files, root, newest)).with_context(here)
    };
    let mut releases = Vec::new();
    let mut passed_over = Vec::new();
    if let Some(parent) = &args.site {
        let entries = std::fs::read_dir(parent).with_context(|| format!("{} can't be read", parent.display()))?;
        for entry in entries {
            let path = entry.with_context(|| format!("{} can't be read", parent.display()))?.path();
            if path.join("manifest.json").is_file() {
                match load_folder(&path) {
                    Ok(release) => releases.push(release),
                    Err(error) => passed_over.push(format!("{error:#}")),
                }
            }
        }
        releases.sort_by_cached_key(age);
        one_of_each(&mut releases, &mut passed_over);
    }
    for folder in &args.bundle {
        releases.push(load_folder(folder)?);
    }
    if releases.is_empty() {
        for why in &passed_over {
            warn(&printable(why));
        }
        bail!("nothing to show: give --bundle DIR, or --site DIR with the folders of releases in it");
    }
    let mut site = Site::new();
    for release in releases {
        site.add(release)?;
    }
    Ok((site, passed_over))
}

/// Keeps one release of an id: the published one, such as beside its own draft, and of several alike the first.
fn one_of_each(releases: &mut Vec<Release>, passed_over: &mut Vec<String>) {
    let mut kept: Vec<Release> = Vec::new();
    for release in releases.drain(..) {
        let (id, is_draft) = (release.shown().id().to_owned(), release.shown().status().is_draft());
        let Some(same) = kept.iter_mut().find(|k| k.shown().id() == id) else {
            kept.push(release);
            continue;
        };
        passed_over.push(format!(
            "several releases here have the id `{id}`; one of them is shown, a published one before a draft"
        ));
        if same.shown().status().is_draft() && !is_draft {
            *same = release;
        }
    }
    *releases = kept;
}

/// What puts releases in order, oldest first: slot of the calendar, day of the decision, and of several on one day the one
/// with the most organisations last; then the name.
fn age(release: &Release) -> (String, String, usize, String) {
    let shown = release.shown();
    let info = shown.info();
    let day = shown.decision().map(|d| d.date.clone()).unwrap_or_default();
    (info.slot.clone(), day, info.organisations.len(), info.id.clone())
}

/// The most that is read of one release, and its most files: a folder that was given by mistake must not fill the memory.
const MOST_BYTES: u64 = 2 << 30;
const MOST_FILES: usize = 10_000;

/// The files of a folder by their paths in it. Links are not followed.
pub fn read_folder(folder: &Path) -> anyhow::Result<Files> {
    if !folder.join("manifest.json").is_file() {
        bail!("there is no release in it (no manifest.json)");
    }
    let mut files = Files::new();
    let mut left = vec![(folder.to_path_buf(), String::new())];
    let mut total = 0_u64;
    while let Some((path, prefix)) = left.pop() {
        for entry in std::fs::read_dir(&path).with_context(|| format!("{} can't be read", path.display()))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { bail!("a file name in it is not text") };
            let kind = entry.file_type()?;
            let inside = format!("{prefix}{name}");
            if kind.is_dir() {
                left.push((entry.path(), format!("{inside}/")));
            } else if kind.is_file() {
                total = total.saturating_add(entry.metadata()?.len());
                if total > MOST_BYTES || files.len() >= MOST_FILES {
                    bail!("it is larger than a release can be ({MOST_FILES} files, {} GiB)", MOST_BYTES >> 30);
                }
                let bytes = std::fs::read(entry.path()).with_context(|| format!("{inside} can't be read"))?;
                files.insert(inside, bytes);
            } else {
                bail!("{inside} is neither a file nor a folder");
            }
        }
    }
    Ok(files)
}

pub fn read_root(path: &Path) -> anyhow::Result<TrustRoot> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not a root of trust", path.display()))
}

/// Reads a list of trusted keys; whether the root signed it is checked where it is used.
pub fn read_list(path: &Path) -> anyhow::Result<TrustList> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not a list of trusted keys", path.display()))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct HelpLines {
    #[serde(default)]
    line: Vec<HelpLine>,
}

fn read_help_lines(path: &Path) -> anyhow::Result<Vec<HelpLine>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
    let lines: HelpLines =
        toml::from_str(&text).with_context(|| format!("{} is not a list of help lines", path.display()))?;
    for line in &lines.line {
        if line.source.trim().is_empty() || line.checked.parse::<jiff::civil::Date>().is_err() {
            bail!("help line “{}” needs a source, and the day when it was checked as YYYY-MM-DD", line.name);
        }
    }
    Ok(lines.line)
}

fn checked_exit(address: String) -> anyhow::Result<String> {
    if !address.starts_with("https://") || address.chars().any(|c| c.is_control() || c.is_whitespace()) {
        bail!("--exit-to must be an https:// address");
    }
    Ok(address)
}

fn checked_host(name: &str) -> Result<String, String> {
    accord_web::host_name(name)
        .ok_or_else(|| "a host's name, such as figures.example.org, without port or address".into())
}

/// One line a release: what is shown, and under which banner.
fn say_site(site: &Site, json: bool) -> anyhow::Result<()> {
    let status = |status: Status| match status {
        Status::Draft => "draft: no council has decided on it",
        Status::DecisionNotChecked => "shown as a draft: its decision was not checked (give --trust ROOT)",
        Status::Deferred => "shown as a draft: the council put it off",
        Status::Published => "published",
    };
    if json {
        let releases = site.all().map(|r| {
            serde_json::json!({ "id": r.id(), "status": status(r.status()), "draft": r.status().is_draft(),
                                "invented": r.info().invented, "files": r.files().len() })
        });
        return say_json(&serde_json::json!({ "releases": releases.collect::<Vec<_>>() }));
    }
    for release in site.all() {
        let invented = if release.info().invented { ", INVENTED DATA" } else { "" };
        say(&format!("{}: {}{invented}", printable(release.id()), status(release.status())))?;
    }
    Ok(())
}

pub fn say_address(address: SocketAddr, json: bool) -> anyhow::Result<()> {
    if json {
        say_json(&serde_json::json!({ "url": format!("http://{address}/") }))
    } else {
        say(&format!("The site is at http://{address}/ (this machine only). Ctrl-C ends it."))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_said_with_the_way_out() {
        let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = serve(Site::new(), SiteOptions::default(), port, |_| Ok(())).unwrap_err().to_string();
        assert!(error.contains("in use") && error.contains("--port"), "{error}");
    }

    #[test]
    fn a_folder_without_a_release_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let error = read_folder(folder.path()).unwrap_err().to_string();
        assert!(error.contains("manifest.json"), "{error}");
    }

    #[test]
    fn a_help_line_without_source_or_day_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.toml");
        let line = "[[line]]\nplace = \"Nowhere\"\nname = \"Invented line\"\nreach = \"0\"\n";
        std::fs::write(&path, format!("{line}source = \"\"\nchecked = \"2026-01-02\"\n")).unwrap();
        assert!(read_help_lines(&path).is_err());
        std::fs::write(&path, format!("{line}source = \"its own page\"\nchecked = \"soon\"\n")).unwrap();
        assert!(read_help_lines(&path).is_err());
        std::fs::write(&path, format!("{line}source = \"its own page\"\nchecked = \"2026-01-02\"\n")).unwrap();
        assert_eq!(read_help_lines(&path).unwrap().len(), 1);
    }

    #[test]
    fn the_exit_leads_to_https_only() {
        assert!(checked_exit("javascript:alert(1)".into()).is_err());
        assert!(checked_exit("https://example.org/\r\nSet-Cookie: a=b".into()).is_err());
        assert!(checked_exit("https://example.org/".into()).is_ok());
    }
}
