//! Accord: invent.
