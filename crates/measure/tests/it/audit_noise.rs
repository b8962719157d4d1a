//! Sources of noise for the audit: fast and seeded, silent, recording, and broken ones.

use accord_measure::laplace::draw_laplace_with;
use accord_measure::noise::{ExactNoise, NoiseSource, draw_with};
use accord_measure::selection::{SelectionError, select_by_range_with};
use accord_testnoise::audit::Fast;
use rand::Rng;

/// The shipped samplers, fed by a generator whose draws repeat: a fast one, unless another is given.
pub struct Seeded<R = Fast>(pub R);

impl Seeded {
    pub fn new(seed: u64) -> Seeded {
        Seeded(Fast::seeded(seed))
    }
}

impl<R: Rng> NoiseSource for Seeded<R> {
    fn draw(&mut self, sigma_milli: u64) -> i64 {
        draw_with(sigma_milli, &mut self.0)
    }
}

impl<R: Rng> ExactNoise for Seeded<R> {
    fn draw_laplace(&mut self, scale_milli: u64) -> i64 {
        draw_laplace_with(scale_milli, &mut self.0)
    }

    fn select_by_range(&mut self, utilities: &[i64], range: u64, epsilon_milli: u64) -> Result<usize, SelectionError> {
        select_by_range_with(utilities, range, epsilon_milli, &mut self.0)
    }
}

/// What a source of noise was asked for: all but what is chosen from, which is exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    Gaussian { sigma_milli: u64 },
    Laplace { scale_milli: u64 },
    Choice { candidates: usize, range: u64, epsilon_milli: u64 },
}

/// No noise at all, and the same choice whatever there is to choose from. It records what it was asked for.
#[derive(Default)]
pub struct Silent {
    pub chooses: usize,
    pub asked: Vec<Asked>,
}

impl Silent {
    pub fn choosing(bound: usize) -> Silent {
        Silent { chooses: bound, asked: Vec::new() }
    }
}

impl NoiseSource for Silent {
    fn draw(&mut self, sigma_milli: u64) -> i64 {
        self.asked.push(Asked::Gaussian { sigma_milli });
        0
    }
}

impl ExactNoise for Silent {
    fn draw_laplace(&mut self, scale_milli: u64) -> i64 {
        self.asked.push(Asked::Laplace { scale_milli });
        0
    }

    fn select_by_range(&mut self, utilities: &[i64], range: u64, epsilon_milli: u64) -> Result<usize, SelectionError> {
        self.asked.push(Asked::Choice { candidates: utilities.len(), range, epsilon_milli });
        Ok(self.chooses)
    }
}

/// Broken: half the noise that is asked for.
pub struct Halved<'a>(pub &'a mut Seeded);

impl NoiseSource for Halved<'_> {
    fn draw(&mut self, sigma_milli: u64) -> i64 {
        self.0.draw(sigma_milli / 2)
    }
}

impl ExactNoise for Halved<'_> {
    fn draw_laplace(&mut self, scale_milli: u64) -> i64 {
        self.0.draw_laplace(scale_milli / 2)
    }

    fn select_by_range(&mut self, utilities: &[i64], range: u64, epsilon_milli: u64) -> Result<usize, SelectionError> {
        self.0.select_by_range(utilities, range, epsilon_milli)
    }
}

/// Broken: every draw is used twice.
pub struct Reused<'a> {
    pub source: &'a mut Seeded,
    pub last: Option<(u64, i64)>,
}

impl NoiseSource for Reused<'_> {
    fn draw(&mut self, sigma_milli: u64) -> i64 {
        match self.last.take() {
            Some((sigma, value)) if sigma == sigma_milli => value,
            _ => {
                let value = self.source.draw(sigma_milli);
                self.last = Some((sigma_milli, value));
                value
            }
        }
    }
}

impl ExactNoise for Reused<'_> {
    fn draw_laplace(&mut self, scale_milli: u64) -> i64 {
        self.source.draw_laplace(scale_milli)
    }

    fn select_by_range(&mut self, utilities: &[i64], range: u64, epsilon_milli: u64) -> Result<usize, SelectionError> {
        self.source.select_by_range(utilities, range, epsilon_milli)
    }
}

/// Broken: the best is chosen, without noise.
pub struct Greedy<'a>(pub &'a mut Seeded);

impl NoiseSource for Greedy<'_> {
    fn draw(&mut self, sigma_milli: u64) -> i64 {
        self.0.draw(sigma_milli)
    }
}

impl ExactNoise for Greedy<'_> {
    fn draw_laplace(&mut self, scale_milli: u64) -> i64 {
        self.0.draw_laplace(scale_milli)
    }

    fn select_by_range(&mut self, utilities: &[i64], _range: u64, _epsilon: u64) -> Result<usize, SelectionError> {
        let best = utilities.iter().max().ok_or(SelectionError::NoCandidates)?;
        Ok(utilities.iter().position(|u| u == best).unwrap())
    }
}
