-- The privacy-budget ledger. Entries are append-only and chained; nothing here is ever deleted or refunded.
CREATE TABLE IF NOT EXISTS budget_terms (
    dataset TEXT NOT NULL,
    cap INTEGER NOT NULL,          -- rho, in units of 10^-12
    delta REAL NOT NULL,
    account TEXT NOT NULL          -- random: the same in every release that this account pays for
);
CREATE TABLE IF NOT EXISTS budget_draw (
    id TEXT PRIMARY KEY,
    opened INTEGER NOT NULL DEFAULT (unixepoch()),
    slot TEXT NOT NULL,
    digest TEXT NOT NULL,          -- SHA-256 of the request: the same request finds its draw again
    request BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('reserved', 'measured', 'delivered', 'given_up'))
);
CREATE TABLE IF NOT EXISTS budget_entry (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    draw TEXT NOT NULL REFERENCES budget_draw (id),
    cohort TEXT NOT NULL,
    rho INTEGER NOT NULL,
    head TEXT NOT NULL             -- hash chain over all entries up to this one
);
CREATE TABLE IF NOT EXISTS budget_measurement (
    draw TEXT NOT NULL REFERENCES budget_draw (id),
    step INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (draw, step)
);
