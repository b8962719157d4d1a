//! Records: the model of what one organisation holds about one person, streaming readers and writers, checks, crosswalks
//! and derived fields. Desk side only.
//!
//! **It must never know** databases, HTTP or the hub. Bytes come in, cells go out; opening files is the shell's work.
//!
//! Start reading at [`model::Record`], then [`input`], [`check`], [`codec`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod check;
pub mod codec;
pub mod derive;
pub mod flat;
pub mod form;
pub mod input;
pub mod model;
pub mod write;
