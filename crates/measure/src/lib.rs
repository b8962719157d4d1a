//! Everything that touches exact counts: contribution bounds, tallies, mechanisms and the accountant. Desk side only.
//!
//! **It must never know** SQL, HTTP or files.
