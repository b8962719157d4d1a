//! Accord: hub.
