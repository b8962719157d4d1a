//! Running the binary, and files of invented people to run it on.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub const PASSPHRASE: &str = "invented test passphrase of nobody";

/// The binary with an environment of its own.
pub fn accord(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_accord"));
    command.args(args).env_clear().env("ACCORD_PASSPHRASE", PASSPHRASE).stdin(Stdio::null());
    command
}

/// What a run said.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

pub fn run(args: &[&str]) -> Ran {
    ran(accord(args).output().unwrap())
}

pub fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs and expects success; returns standard output.
pub fn fine(args: &[&str]) -> String {
    let ran = run(args);
    assert_eq!(ran.code, 0, "accord {args:?}\n{}\n{}", ran.out, ran.err);
    ran.out
}

/// Runs with `--json`, expects success, and reads the last line.
pub fn json(args: &[&str]) -> serde_json::Value {
    let out = fine(&[args, &["--json"]].concat());
    serde_json::from_str(out.lines().last().unwrap()).unwrap()
}

/// Every file below a folder.
pub fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![dir.to_path_buf()];
    while let Some(dir) = left.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { left.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// A file of `n` invented people in Accord's own columns.
pub fn invented(dir: &Path, n: u64) -> PathBuf {
    let path = dir.join(format!("INVENTED-{n}.csv"));
    let mut bytes = Vec::new();
    accord_invent::write_records(7, n, &mut bytes).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A folder's or file's path as an argument.
pub fn arg(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Whether the long counts were asked for.
pub fn long() -> bool {
    std::env::var_os("ACCORD_LONG").is_some()
}

/// The ledger beside a file.
pub fn ledger_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".accord-ledger");
    name.into()
}

/// What a ledger file holds.
pub struct Rows {
    pub entries: i64,
    pub measured: i64,
    pub tables: i64,
    pub most_per_draw: i64,
    pub most_per_slot: i64,
    pub values: Vec<String>,
}

/// Reads a ledger file.
pub fn rows(ledger: &Path) -> Rows {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let url = format!("sqlite://{}", ledger.display());
        let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
        let one = async |sql: &'static str| -> i64 { sqlx::query_scalar(sql).fetch_one(&pool).await.unwrap() };
        let sealed: Vec<Vec<u8>> =
            sqlx::query_scalar("SELECT sealed FROM budget_measurement").fetch_all(&pool).await.unwrap();
        let values =
            sealed.iter().map(|b| serde_json::from_slice::<serde_json::Value>(b).unwrap().to_string()).collect();
        Rows {
            entries: one("SELECT count(*) FROM budget_entry").await,
            measured: one("SELECT count(*) FROM budget_draw WHERE state IN ('measured', 'delivered')").await,
            tables: one("SELECT count(*) FROM budget_measurement").await,
            most_per_draw: one(
                "SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM budget_measurement GROUP BY draw)",
            )
            .await,
            most_per_slot: one("SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM budget_draw GROUP BY slot)")
                .await,
            values,
        }
    })
}
