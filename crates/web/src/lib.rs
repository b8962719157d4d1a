//! Accord: web.
