-- The vault's own tables. What can be read without a key: counts, years of import, and opaque tokens (keyed hashes).

-- Settings and small facts, each sealed to its name.
CREATE TABLE setting (
    name   TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
) WITHOUT ROWID;

-- One file imported. `state`: 0 there, 1 undone. `sealed`: its name, its day, how it was read.
CREATE TABLE batch (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    state   INTEGER NOT NULL,
    records INTEGER NOT NULL,
    sealed  BLOB NOT NULL
);

-- Up to 256 sealed records; their keys are in keys.db under the same number. Numbers are never used twice.
CREATE TABLE page (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    batch   INTEGER NOT NULL,
    records INTEGER NOT NULL,
    sealed  BLOB NOT NULL
);
CREATE INDEX page_batch ON page (batch);

-- One row for every local identifier that was ever imported. `state`: 0 there, 1 its import was undone, 2 erased.
-- `cohort`: year of first import; kept when the record goes, so that a privacy account is never started afresh.
CREATE TABLE record (
    token  BLOB PRIMARY KEY,
    page   INTEGER,
    slot   INTEGER,
    cohort INTEGER NOT NULL,
    state  INTEGER NOT NULL
) WITHOUT ROWID;

-- Append-only, hash-chained ledgers (consent, erasure, budget, import). `entry_hash` is over the sealed bytes, so that an
-- erased person's consent entries can be emptied while the chain stays whole; an entry of the erasure ledger names them.
-- What an entry is sealed to includes its number, its page and its token. `import`: hashes of the sealed records of a page.
CREATE TABLE ledger_head (
    ledger TEXT PRIMARY KEY,
    count  INTEGER NOT NULL,
    hash   BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE ledger_entry (
    ledger     TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    entry_hash BLOB NOT NULL,
    page       INTEGER,
    token      BLOB,
    sealed     BLOB
);
CREATE UNIQUE INDEX ledger_seq ON ledger_entry (ledger, seq);
CREATE INDEX ledger_token ON ledger_entry (token) WHERE token IS NOT NULL;

-- Pages that have changed or gone and whose keys are still to be destroyed; finished at the next opening after a crash.
CREATE TABLE pending_key (
    page INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    PRIMARY KEY (page, slot)
) WITHOUT ROWID;
