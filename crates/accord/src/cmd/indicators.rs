//! `accord indicators`: the tables that a national rapporteur must fill in, from a release.

use super::{Exit, hub};
use crate::say::{printable, say, say_json};
use accord_release::files::{self, Files};
use accord_release::indicators::population::Population;
use accord_release::indicators::{self, Area, Request, Sheet};
use accord_release::official::OfficialFigures;
use accord_standard::indicator::{self, Indicator};
use anyhow::{Context as _, bail, ensure};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Longest file of denominators or official figures, as it lies on disk.
const MOST_BYTES: u64 = 256 << 20;

/// Arguments of `accord indicators`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  accord indicators                     the indicators that there are\n  accord indicators \
release-2026-1 --indicator g7 --year 2024\n  accord indicators release-2026-1 --year 2020 --area NAM --denominators \
wpp.csv.gz --official glotip.csv.gz --out namibia-2020.xlsx\n\nThe release must be of the workload `rapporteur`: draw it with \
`accord release draft --workload rapporteur --no-microdata`. Nothing is spent. Denominators: CSV (or gzip) with \
iso3, year, sex, age, pop_thousands, or the Population Division's own columns. Official figures: UNODC's long form (data_glotip); what is hidden \
there stays hidden. The file's ending chooses the format: .xlsx, .csv or .json. Exit code 1: the release has no such table, year \
or country, or a file can't be read; or it does not verify."
)]
pub struct Args {
    /// Folder of the release, draft or published; without it the indicators are listed.
    #[arg(value_name = "RELEASE_DIR")]
    release: Option<PathBuf>,
    /// An indicator, such as g7 or sdg-16-2-2, or all.
    #[arg(long, value_name = "ID", default_value = "all")]
    indicator: String,
    /// One year; default: every year that the tables have.
    #[arg(long)]
    year: Option<u16>,
    /// Country or area that reports, as an ISO 3166-1 code of three letters. A release does not know it.
    #[arg(long, value_name = "ISO3")]
    area: Option<String>,
    /// Residents by sex and age, for rates.
    #[arg(long, value_name = "FILE", requires = "area")]
    denominators: Option<PathBuf>,
    /// Official figures to stand beside ours.
    #[arg(long, value_name = "FILE", requires = "area")]
    official: Option<PathBuf>,
    /// New file: .xlsx, .csv or .json; default: standard output, one line a row.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs `accord indicators`.
pub fn run(args: Args, json: bool) -> anyhow::Result<Exit> {
    let Some(dir) = &args.release else { return list(json) };
    if let Some(out) = &args.out {
        ensure!(out.symlink_metadata().is_err(), "{} is there already; nothing is overwritten", out.display());
        format_of(out)?;
    }
    let chosen = chosen(&args.indicator)?;
    let area = match &args.area {
        None => None,
        Some(code) => Some(Area::find(&code.to_ascii_uppercase()).with_context(|| {
            format!("there is no country or area with the code {code}; three letters are needed, such as NAM")
        })?),
    };
    let files = hub::read_folder(dir).with_context(|| dir.display().to_string())?;
    let bundle = read(&files, dir)?;
    let residents = match &args.denominators {
        None => None,
        Some(path) => Some(Population::parse(&bytes_of(path)?).with_context(|| path.display().to_string())?),
    };
    let official = match &args.official {
        None => None,
        Some(path) => Some(OfficialFigures::parse(&bytes_of(path)?).with_context(|| path.display().to_string())?),
    };
    if let (Some(official), Some(area)) = (&official, &area) {
        ensure!(official.has_country(&area.iso3), "the file of official figures has nothing on {}", area.iso3);
    }
    let asks: Vec<Request<'_>> = chosen
        .iter()
        .map(|indicator| Request {
            bundle: &bundle,
            indicator,
            year: args.year,
            area: area.as_ref(),
            residents: residents.as_ref(),
        })
        .collect();
    let sheets = asks.iter().map(|ask| ask.sheet(official.as_ref())).collect::<Result<Vec<Sheet<'_>>, _>>()?;
    match &args.out {
        Some(out) => write(out, &bundle, &sheets)?,
        None if json => say_json(&indicators::json_value(&bundle, &sheets))?,
        None => say(&in_words(&bundle, &sheets))?,
    }
    if let Some(out) = &args.out {
        let of = |sheet: &Sheet<'_>| {
            let [numbers, ranges, without] = sheet.tally();
            (sheet.indicator.id.clone(), numbers, ranges, without)
        };
        let tally: Vec<_> = sheets.iter().map(of).collect();
        if json {
            let rows: Vec<_> = tally
                .iter()
                .map(|(id, n, r, w)| serde_json::json!({ "indicator": id, "numbers": n, "ranges": r, "without": w }))
                .collect();
            say_json(&serde_json::json!({ "out": out, "indicators": rows, "invented": bundle.info.invented }))?;
        } else {
            for (id, numbers, ranges, without) in tally {
                say(&format!("{id:<11} {numbers:>5} numbers, {ranges:>5} ranges, {without:>5} without a number"))?;
            }
            say(&format!("Written: {}", printable(&out.display().to_string())))?;
        }
    }
    Ok(Exit::Fine)
}

/// The release, if its files are what they say they are: figures for a ministry are not made from a changed folder.
fn read(files: &Files, dir: &Path) -> anyhow::Result<accord_release::bundle::Bundle> {
    let report = super::verify::verify(files, None, None);
    if !report.is_sound() {
        bail!("{} does not verify: {}", dir.display(), printable(&super::verify::failures(&report)));
    }
    if !files.contains_key("release.json") {
        bail!("{} is a release of a table of categories; indicators need one of a workload", dir.display());
    }
    files::read_bundle(files).with_context(|| dir.display().to_string())
}

fn chosen(id: &str) -> anyhow::Result<Vec<Indicator>> {
    if id == "all" {
        return Ok(indicator::ids().into_iter().filter_map(indicator::embedded).collect());
    }
    let one = indicator::embedded(&id.to_ascii_lowercase());
    let one = one.with_context(|| format!("there is no indicator {id}; there are: {}", indicator::ids().join(", ")))?;
    Ok(vec![one])
}

fn bytes_of(path: &Path) -> anyhow::Result<Vec<u8>> {
    let cannot = || format!("{} can't be read", path.display());
    let file = File::open(path).with_context(cannot)?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).with_context(cannot)?;
    ensure!(bytes.len() as u64 <= MOST_BYTES, "{} is larger than {} MiB", path.display(), MOST_BYTES >> 20);
    Ok(bytes)
}

enum Format {
    Workbook,
    Csv,
    Json,
}

fn format_of(out: &Path) -> anyhow::Result<Format> {
    match out.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("xlsx") => Ok(Format::Workbook),
        Some("csv") => Ok(Format::Csv),
        Some("json") => Ok(Format::Json),
        _ => bail!("{}: the ending chooses the format: .xlsx, .csv or .json", out.display()),
    }
}

fn write(out: &Path, bundle: &accord_release::bundle::Bundle, sheets: &[Sheet<'_>]) -> anyhow::Result<()> {
    let bytes = match format_of(out)? {
        Format::Workbook => indicators::workbook(bundle, sheets)?,
        Format::Csv => indicators::csv_file(bundle, sheets)?,
        Format::Json => {
            let mut bytes = serde_json::to_vec_pretty(&indicators::json_value(bundle, sheets))?;
            bytes.push(b'\n');
            bytes
        }
    };
    let cannot = || format!("{} can't be written", out.display());
    let mut file = File::options().write(true).create_new(true).open(out).with_context(cannot)?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).with_context(cannot)
}

/// One line a row, under each indicator's title and wording.
fn in_words(bundle: &accord_release::bundle::Bundle, sheets: &[Sheet<'_>]) -> String {
    let mut out = String::new();
    if bundle.info.invented {
        out.push_str("INVENTED DATA: these people do not exist.\n");
    }
    if bundle.decision.is_none() {
        out.push_str("DRAFT: not decided on by a council.\n");
    }
    for sheet in sheets {
        let indicator = sheet.indicator;
        out.push_str(&format!("\n{}  {}\n  Say: {}.\n", indicator.id, printable(&indicator.title), indicator.wording));
        for (at, row) in sheet.rows.iter().enumerate() {
            let (value, low, high, symbol) = files::value_cells(&row.value);
            let shown = match (symbol.as_str(), value.as_str()) {
                ("", "") => format!("{low} to {high}"),
                ("", value) => format!("{value} ({low} to {high})"),
                (symbol, _) => symbol.to_owned(),
            };
            let year = printable(&row.year);
            let place = [&row.indicator, &row.category, &row.sex, &row.age].map(String::as_str).join(", ");
            out.push_str(&format!("  {year}  {place}; {}: {shown}", row.unit));
            if let Some(Some(official)) = sheet.official.get(at) {
                let values: Vec<String> = official.values.iter().map(ToString::to_string).collect();
                out.push_str(&format!("  | official: {}. {}", values.join("; "), official.words));
            }
            out.push('\n');
        }
    }
    out.push_str("\nDefinitions and caveats: --out FILE.xlsx, or --json.");
    out
}

fn list(json: bool) -> anyhow::Result<Exit> {
    let all: Vec<Indicator> = indicator::ids().into_iter().filter_map(indicator::embedded).collect();
    if json {
        let all: Vec<_> = all
            .iter()
            .map(|i| {
                let held = i.parts.iter().any(|p| p.table.is_some());
                serde_json::json!({ "id": i.id, "title": i.title, "requester": i.requester, "held": held })
            })
            .collect();
        say_json(&serde_json::json!({ "indicators": all }))?;
        return Ok(Exit::Fine);
    }
    for indicator in all {
        let held = indicator.parts.iter().any(|p| p.table.is_some());
        let mark = if held { "" } else { " [x] not collected" };
        say(&format!("{:<11} {}{mark}", indicator.id, indicator.title))?;
    }
    say("\nFill them in: accord indicators RELEASE_DIR --year 2024 --area NAM --out FILE.xlsx")?;
    Ok(Exit::Fine)
}
