//! Seeded and zero noise, for tests only. The shipped binary does not contain this crate: `cargo xtask tidy` checks it
//! (PRIVACY 8).
