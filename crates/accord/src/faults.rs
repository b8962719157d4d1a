//! Named points at which a test may end the process at once, to see what a crash there leaves behind. Compiled out of
//! release builds.

/// Ends the process as `kill -9` would, if a test asked for it here.
pub fn point(name: &str) {
    #[cfg(debug_assertions)]
    if crate::ambient::variable("ACCORD_TEST_DIE_AT").as_deref() == Some(name) {
        std::process::abort();
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}
