//! Accord: crypto.
