-- The key file: every record's own key, sealed page by page under the vault key.
CREATE TABLE page_key (
    page   INTEGER PRIMARY KEY,
    sealed BLOB NOT NULL
);
-- Keys for everything that isn't a record, sealed under the vault key.
CREATE TABLE subkey (
    name   TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
) WITHOUT ROWID;
-- Which vault key everything here is sealed under.
CREATE TABLE epoch (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL
);
