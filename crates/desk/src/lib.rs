//! Accord: desk.
