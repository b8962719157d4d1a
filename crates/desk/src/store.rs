//! The two SQLite files of a vault: opening them with the settings that its promises need, and bringing their tables up
//! to date.

use crate::{Result, VaultError};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection, SqlitePool};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// One step of a schema: its number, and its statements.
type Migration = (i64, &'static str);

/// Steps of `vault.db`, in order. Add at the end; never change one that was released.
pub const VAULT: &[Migration] = &[(1, include_str!("../migrations/0001_vault.sql"))];

/// Steps of `keys.db`.
pub const KEYS: &[Migration] = &[(1, include_str!("../migrations/keys/0001_keys.sql"))];

/// Opens (never creates) a database file of a vault and brings its tables up to date.
pub async fn open(path: &Path, migrations: &'static [Migration], connections: u32) -> Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(4))
        .foreign_keys(true)
        // What is deleted is overwritten (PRIVACY 19), and nothing goes to temporary files.
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", "-65536")
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON");
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(30))
        .connect_with(options)
        .await?;
    let mut conn = pool.acquire().await?;
    if let Err(e) = migrate(&mut conn, migrations).await {
        drop(conn);
        pool.close().await;
        return Err(e);
    }
    Ok(pool)
}

/// Makes an empty file that only its owner can read; SQLite gives its companions the same mode.
pub fn create_private(path: &Path) -> Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|e| VaultError::io(path, e))
}

async fn version(conn: &mut SqliteConnection) -> Result<i64> {
    Ok(sqlx::query("PRAGMA user_version").fetch_one(conn).await?.try_get(0)?)
}

async fn migrate(conn: &mut SqliteConnection, migrations: &'static [Migration]) -> Result<()> {
    let known = migrations.last().map_or(0, |m| m.0);
    let found = version(conn).await?;
    if found > known {
        return Err(VaultError::Newer { found: found as u32, known: known as u32 });
    }
    if found == known {
        return Ok(());
    }
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
    let found = version(&mut tx).await?;
    for (number, sql) in migrations.iter().filter(|m| m.0 > found) {
        sqlx::raw_sql(*sql).execute(&mut *tx).await?;
        // A pragma takes no parameters; the number is one of ours.
        sqlx::raw_sql(AssertSqlSafe(format!("PRAGMA user_version = {number}"))).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Moves everything from the write-ahead log into the file and cuts the log to nothing; `false` if somebody is reading, so
/// that the log stays until the next opening. What is in the database is the same either way.
pub async fn truncate_wal(pool: &SqlitePool) -> Result<bool> {
    match sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(pool).await.map_err(VaultError::from) {
        Ok(row) => Ok(row.try_get::<i64, _>(0)? == 0),
        Err(VaultError::Busy) => Ok(false),
        Err(e) => Err(e),
    }
}

/// As [`truncate_wal`], without waiting for those who read.
pub async fn truncate_wal_now(pool: &SqlitePool) -> Result<()> {
    let mut conn = pool.acquire().await?;
    sqlx::query("PRAGMA busy_timeout = 0").execute(&mut *conn).await?;
    // Best effort: whoever reads, the next opening tries again.
    let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *conn).await;
    sqlx::query("PRAGMA busy_timeout = 4000").execute(&mut *conn).await?;
    Ok(())
}

/// SQLite's own check of a file's structure.
pub async fn check(pool: &SqlitePool, name: &str) -> Result<()> {
    let rows = sqlx::query("PRAGMA integrity_check(4)").fetch_all(pool).await?;
    match rows.first().map(|r| r.try_get::<String, _>(0)).transpose()? {
        Some(word) if word == "ok" => Ok(()),
        _ => Err(VaultError::Damaged(format!("{name} fails SQLite's integrity check"))),
    }
}

/// Makes a rename or a new file in a folder last through a power cut.
pub fn sync_dir(dir: &Path) -> Result<()> {
    #[cfg(unix)]
    File::open(dir).and_then(|d| d.sync_all()).map_err(|e| VaultError::io(dir, e))?;
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}
