//! What an estimator takes and gives.

/// One noisy count: what was measured and how far the noise reaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counted {
    /// The unbiased noisy count: may be negative, never clipped.
    pub value: f64,
    /// Standard deviation of the noise; nought where the count is exact.
    pub sigma: f64,
}

/// An estimate with its interval. No bare number leaves this crate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// What the interval includes.
    pub cause: Cause,
}

/// What the width of an interval comes from. Kept apart so that a page can say what is *not* in it (GS-09).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Noise added to protect people.
    Noise,
    /// Noise, and what missing values could be.
    NoiseAndMissing,
    /// Noise and chance: the people counted are taken as a sample of the process that is estimated.
    NoiseAndSampling,
}

/// Why nothing can be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Noise reaches further than the number.
    #[error("the noise reaches further than the number")]
    Noise,
    /// What it needs was not measured or not recorded.
    #[error("{0}")]
    NotRecorded(String),
    /// Several answers fit the counts equally well.
    #[error("{0}")]
    NotIdentified(String),
    /// The method did not settle.
    #[error("the method did not settle: {0}")]
    NotSettled(String),
    /// A table that can't be what it should be.
    #[error("{0}")]
    Malformed(String),
}

/// An estimate or the reason why there is none.
pub type Outcome<T> = Result<T, Refused>;
