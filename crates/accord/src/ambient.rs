//! The one place that reads the clock and the environment. Everything else takes them as parameters, so that it can be
//! tested on any day; `clippy.toml` bans the calls below everywhere but here.

#![expect(clippy::disallowed_methods, reason = "this is the composition root's door to the outside world")]
#![allow(dead_code, reason = "a door may stand before a command walks through it")]

/// Now, in universal time.
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Today, in universal time: a desk in Manila and one in Lima agree on what day a file was imported.
pub fn today() -> jiff::civil::Date {
    now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date()
}

/// Today as `YYYY-MM-DD`.
pub fn today_iso() -> String {
    today().to_string()
}

/// A variable of the environment that is set, is text and is not empty.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
