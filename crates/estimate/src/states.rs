//! Where people stand as a clock runs: the Aalen–Johansen estimator for a clock in whole steps (age in years, time bands),
//! with late entry, early leaving, competing ends and any number of states, from noisy counts.
//!
//! A table is a list of cells. Each cell counts people who do the same: enter the risk set in a state at a step, move, leave.
//! [`Table::history`] adds whole histories (one cell, several effects: their noise is shared, and this is known here);
//! [`Table::flow`] adds single effects, for tables that count entries, moves and leavings apart.
//!
//! Within a step, in this order: turns of the clock (everyone in a state stands in another from now on, such as exploited as
//! a minor, then as an adult, at 18: no risk, a certainty), entries, moves, leavings. Who leaves at a step was at risk in it.
//!
//! Risk sets are sums of noisy counts over all earlier steps, so their noise grows with the clock. Nothing is clipped before
//! the end. Once the noise of a risk set reaches further than the set, that step and all later ones are refused.
//!
//! Sources: Aalen and Johansen 1978; Andersen, Borgan, Gill, Keiding 1993, section IV.4 (variance 4.4.19); the robust
//! variance is the infinitesimal jackknife of R's `survfit` (Therneau). Held against R's `survival` and `etm`.

mod run;
#[cfg(test)]
mod tests;

use crate::chance::{Assumes, Target, checked, two_sided};
use crate::value::{Counted, Estimate, Outcome, Refused};

/// Bounds of a table: what is larger is refused before anything is computed.
const MOST_STATES: usize = 16;
const MOST_STEPS: usize = 512;
const MOST_CELLS: usize = 20_000;
const MOST_WORK: usize = 400_000_000;

/// What one person of a cell does to a risk set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Comes under observation in a state.
    Enter(usize),
    /// Moves from a state to another.
    Move(usize, usize),
    /// Goes out of observation in a state.
    Leave(usize),
}

/// One kind of person: entry, moves (at most one a step), and leaving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Step and state of entry.
    pub enter: (usize, usize),
    /// Steps and states moved to, in order.
    pub moves: Vec<(usize, usize)>,
    /// The last step under observation; none is to the end.
    pub leave: Option<usize>,
}

#[derive(Clone, Debug)]
struct Cell {
    count: Counted,
    effects: Vec<(usize, Effect)>,
}

/// Counts of people by what they do.
#[derive(Clone, Debug)]
pub struct Table {
    states: usize,
    steps: usize,
    turns: Vec<(usize, usize, usize)>,
    cells: Vec<Cell>,
    flows: bool,
    notes: Vec<Assumes>,
}

/// Where the curve begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// Everyone in one state.
    In(usize),
    /// As the risk set stands at the first step.
    AtRisk,
}

/// What is asked of a table.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The first step: people who enter earlier count as entering then (a landmark). Choose one where the risk set is large.
    pub from: usize,
    /// Where people stand at its beginning.
    pub start: Start,
    /// Groups of states to report, each as the chance to be in any of them. Empty: every state alone.
    pub groups: Vec<Vec<usize>>,
    /// What the intervals should hold.
    pub target: Target,
    /// Their level, such as 0.95.
    pub level: f64,
}

/// Where the variance of chance comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// From moves and risk sets, step by step (Greenwood's): right if the process is Markov.
    Greenwood,
    /// From whole histories (infinitesimal jackknife): right for occupation even if it is not.
    Robust,
}

/// Where people stand after a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Occupation {
    /// The step.
    pub step: usize,
    /// How many were at risk in each state during it.
    pub at_risk: Vec<Estimate>,
    /// The share in each group of states at its end.
    pub share: Vec<Estimate>,
    /// By how much every interval is widened, because moves out of states that nobody can be told to be in were left out.
    pub slack: f64,
}

/// Occupation step by step.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// One for each step from [`Ask::from`]; once refused, always refused.
    pub steps: Vec<Outcome<Occupation>>,
    /// How chance was reckoned, where it was.
    pub spread: Spread,
    /// What the curve takes for granted.
    pub assumes: Vec<Assumes>,
}

impl Table {
    /// An empty table.
    ///
    /// # Errors
    /// `Malformed` for more states (16) or steps (512) than are taken, or none.
    pub fn new(states: usize, steps: usize) -> Outcome<Self> {
        if (1..=MOST_STATES).contains(&states) && (1..=MOST_STEPS).contains(&steps) {
            Ok(Self { states, steps, turns: Vec::new(), cells: Vec::new(), flows: false, notes: Vec::new() })
        } else {
            Err(malformed("a clock has 1 to 512 steps and 1 to 16 states"))
        }
    }

    /// Lets everyone in `from` stand in `to` from the beginning of a step on. Turns come before histories that meet them.
    ///
    /// # Errors
    /// `Malformed` for a step or state outside the table, or after the first cell.
    pub fn turn(&mut self, step: usize, from: usize, to: usize) -> Outcome<()> {
        self.inside(step, &[from, to])?;
        if !self.cells.is_empty() || self.turns.len() >= MOST_STATES || from == to {
            return Err(malformed("a turn leads to another state and is declared before the counts"));
        }
        self.turns.push((step, from, to));
        Ok(())
    }

    /// Counts one effect alone: its noise is its own.
    ///
    /// # Errors
    /// `Malformed` for a step or state outside the table or a count that is none.
    pub fn flow(&mut self, step: usize, effect: Effect, count: Counted) -> Outcome<()> {
        match effect {
            Effect::Enter(h) | Effect::Leave(h) => self.inside(step, &[h])?,
            Effect::Move(h, j) if h != j => self.inside(step, &[h, j])?,
            Effect::Move(..) => return Err(malformed("a move leads to another state")),
        }
        self.flows = true;
        self.push(Cell { count, effects: vec![(step, effect)] })
    }

    /// Counts people with the same whole history.
    ///
    /// # Errors
    /// `Malformed` for a history that can't be: steps out of order, two moves in a step, moves to where one stands.
    pub fn history(&mut self, history: &History, count: Counted) -> Outcome<()> {
        let (start, mut state) = history.enter;
        self.inside(start, &[state])?;
        let mut effects = vec![(start, Effect::Enter(state))];
        let mut at = start;
        for (number, &(step, to)) in history.moves.iter().enumerate() {
            self.inside(step, &[to])?;
            if step < at || (number > 0 && step == at) {
                return Err(malformed("moves of a history are in order, one a step"));
            }
            state = self.turned(state, at, step);
            if to == state {
                return Err(malformed("a move leads to another state"));
            }
            effects.push((step, Effect::Move(state, to)));
            (state, at) = (to, step);
        }
        if let Some(step) = history.leave {
            self.inside(step, &[])?;
            if step < at {
                return Err(malformed("nobody leaves before the last move"));
            }
            effects.push((step, Effect::Leave(self.turned(state, at, step))));
        }
        self.push(Cell { count, effects })
    }

    /// Says of the table what its figures take for granted, beyond what the method does.
    pub fn note(&mut self, assumes: Assumes) {
        if !self.notes.contains(&assumes) {
            self.notes.push(assumes);
        }
    }

    /// The counts, in the order they were added: what a simulation of the noise replaces.
    pub fn counts(&self) -> Vec<Counted> {
        self.cells.iter().map(|c| c.count).collect()
    }

    /// The occupation of all groups at all steps, one after the other, were these the exact counts: the estimator as a plain
    /// function of a table. Its first refusal is its answer.
    ///
    /// # Errors
    /// As [`Table::curve`], and `Malformed` for another number of counts.
    pub fn values(&self, counts: &[f64], ask: &Ask) -> Outcome<Vec<f64>> {
        if counts.len() != self.cells.len() {
            return Err(malformed("as many counts as cells"));
        }
        let mut table = self.clone();
        for (cell, value) in table.cells.iter_mut().zip(counts) {
            cell.count = checked(Counted { value: *value, sigma: 0.0 })?;
        }
        let mut all = Vec::new();
        for step in table.curve(&Ask { target: Target::Records, ..ask.clone() })?.steps {
            all.extend(step?.share.iter().map(|e| e.value));
        }
        Ok(all)
    }

    /// Occupation from `ask.from` on.
    ///
    /// # Errors
    /// `Malformed` for a question that doesn't fit the table. Single steps are refused inside the curve: with `Noise` where
    /// the noise of a risk set that matters reaches further than it, with `NotIdentified` where nobody is at risk.
    pub fn curve(&self, ask: &Ask) -> Outcome<Curve> {
        let z = two_sided(ask.level)?;
        let states: Vec<usize> = ask.groups.iter().flatten().copied().collect();
        self.inside(ask.from, &states)?;
        if let Start::In(h) = ask.start {
            self.inside(ask.from, &[h])?;
        }
        let mut groups = ask.groups.clone();
        for group in &mut groups {
            group.sort_unstable();
            group.dedup();
        }
        if groups.is_empty() {
            groups = (0..self.states).map(|h| vec![h]).collect();
        }
        if groups.len() > 64 || self.cells.len() * self.steps * self.states * self.states > MOST_WORK {
            return Err(malformed("a table larger than what is taken"));
        }
        let spread = if self.flows { Spread::Greenwood } else { Spread::Robust };
        let mut assumes = vec![Assumes::IndependentCensoring, Assumes::IndependentEntry];
        if spread == Spread::Greenwood {
            assumes.push(Assumes::Markov);
        }
        assumes.extend(&self.notes);
        Ok(Curve { steps: run::run(self, ask, &groups, z, spread), spread, assumes })
    }

    fn push(&mut self, cell: Cell) -> Outcome<()> {
        checked(cell.count)?;
        if self.cells.len() >= MOST_CELLS {
            return Err(malformed("more cells than are taken"));
        }
        self.cells.push(cell);
        Ok(())
    }

    fn inside(&self, step: usize, states: &[usize]) -> Outcome<()> {
        if step < self.steps && states.iter().all(|h| *h < self.states) {
            Ok(())
        } else {
            Err(malformed("a step or a state outside the table"))
        }
    }

    /// The state at `to` of someone who stood in `state` in step `from` and hasn't moved since.
    fn turned(&self, state: usize, from: usize, to: usize) -> usize {
        let mut now = state;
        for step in from + 1..=to {
            for (_, h, j) in self.turns.iter().filter(|turn| turn.0 == step) {
                if *h == now {
                    now = *j;
                }
            }
        }
        now
    }
}

fn malformed(why: &str) -> Refused {
    Refused::Malformed(why.into())
}
