//! Named points at which a test may end the process at once, to see what a crash there leaves behind. Compiled out of
//! release builds.

/// Ends the process as `kill -9` would, if a test asked for it here: `ACCORD_TEST_DIE_AT=name`, or `name:N` for the Nth time
/// that a point is passed.
pub fn point(name: &str) {
    #[cfg(debug_assertions)]
    {
        use std::sync::atomic::{AtomicU32, Ordering};
        static PASSED: AtomicU32 = AtomicU32::new(0);
        let Some(asked) = crate::ambient::variable("ACCORD_TEST_DIE_AT") else { return };
        let (at, times) = asked.split_once(':').unwrap_or((&asked, "1"));
        if at == name && times.parse() == Ok(PASSED.fetch_add(1, Ordering::Relaxed) + 1) {
            std::process::abort();
        }
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}
