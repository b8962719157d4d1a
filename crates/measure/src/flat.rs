//! Measuring a flat table: what it costs, in which order, and the measurements themselves.

use crate::combinations::{Combinations, draw_for};
use crate::cut::choose_bound;
use crate::grid::Grid;
use crate::mechanism::MeasureError;
use crate::noise::ExactNoise;
use crate::plan::{Bound, FlatPlan, Plan, PlanError, Population, ROWS_SHARE, Step, sigma_milli};
use crate::selection::{SelectionError, selection_epsilon};
use accord_release::account::{Rho, rho_of};
use accord_release::flat::choice::Choice;
use accord_release::flat::layout::{Layout, LayoutError, Shape};
use accord_release::flat::{CUT, MOST_FILLED, Measured, ROWS, length_id};
use accord_release::noisy::NoisyTable;
use accord_standard::columns::Columns;
use accord_standard::workload::Workload;

/// Share of the budget for choosing the bound on filled columns.
const BOUND_SHARE: u32 = 10;
/// Of a thousand rows, about so many are to be counted whole: all, as far as the choice can tell.
const COUNTED_WHOLE: u32 = 1000;
/// Share of the budget for the count of rows that are cut all the same.
const CUT_SHARE: u32 = 20;
/// Largest squared sensitivity that a reader of a release accepts.
const MOST_SENSITIVE: u64 = 1_000_000_000_000;

/// Why a flat table can't be measured.
#[derive(Debug, thiserror::Error)]
pub enum FlatMeasureError {
    /// The domain can't be laid out.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The bound can't be chosen.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// A measurement can't be made.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// The plan is not one of a flat table, or of another domain.
    #[error("the plan is not one for this table")]
    Plan,
}

/// Shares of what is left for the counts of each length, in thousandths, for the longest length of 1, 2 and 3. Longer
/// combinations get more: where blank counts as a value, shorter ones are sums of them, many times over.
pub(crate) fn shares(longest: u8, dense: bool) -> &'static [u32] {
    match (longest, dense) {
        (1, _) => &[1000],
        (2, true) => &[80, 920],
        (2, false) => &[200, 800],
        (_, true) => &[20, 30, 950],
        (_, false) => &[130, 320, 550],
    }
}

/// The layout that a plan is made for: with a bound that is to be chosen, the one that the domain allows at most.
///
/// # Errors
/// If the domain can't be laid out.
pub fn layout_of(columns: &Columns, longest: u8, bound: Bound) -> Result<Layout, LayoutError> {
    let most_filled = match bound {
        Bound::Dense => None,
        Bound::Declared(most) => Some(most),
        Bound::Chosen => Some(columns.columns.len().min(usize::from(u16::MAX)) as u16),
    };
    Layout::new(columns, Shape { longest, most_filled })
}

/// The plan for a flat table.
///
/// # Privacy
///
/// The costs of the steps sum to at most `rho_of(epsilon, delta)`: every split rounds down, every sigma rounds up. The
/// sensitivities stated here are the largest that the domain allows; a bound that is chosen can only lower them.
pub fn plan(
    columns: &Columns,
    longest: u8,
    bound: Bound,
    epsilon: f64,
    delta: f64,
    rows_per_person: u32,
) -> Result<Plan, FlatPlanError> {
    let whole = rho_of(epsilon, delta).map_err(PlanError::from)?;
    if !(1..=1000).contains(&rows_per_person) {
        return Err(PlanError::Rows(rows_per_person).into());
    }
    if bound == Bound::Declared(0) {
        return Err(FlatPlanError::Bound);
    }
    let layout = layout_of(columns, longest, bound)?;
    let most_filled = layout.shape.most_filled;
    let squared = u64::from(rows_per_person) * u64::from(rows_per_person);
    let mut steps = Vec::new();
    let mut step = |id: String, rho: Rho, sensitivity_squared: u64| -> Result<(), PlanError> {
        if sensitivity_squared > MOST_SENSITIVE {
            return Err(PlanError::Rows(rows_per_person));
        }
        let sigma_milli = sigma_milli(sensitivity_squared, rho).ok_or_else(|| PlanError::Nothing(id.clone()))?;
        steps.push(Step { population: Population::Microdata, table: id, rho, sensitivity_squared, sigma_milli });
        Ok(())
    };
    step(ROWS.to_owned(), whole.share(ROWS_SHARE), squared)?;
    let chosen = if bound == Bound::Chosen { BOUND_SHARE } else { 0 };
    if chosen > 0 {
        if selection_epsilon(whole.share(chosen)) == 0 {
            return Err(PlanError::Nothing(MOST_FILLED.to_owned()).into());
        }
        step(MOST_FILLED.to_owned(), whole.share(chosen), squared)?;
    }
    let cuts = most_filled.is_some_and(|most| bound == Bound::Chosen || usize::from(most) < columns.columns.len());
    let cut = if cuts { CUT_SHARE } else { 0 };
    if cuts {
        step(CUT.to_owned(), whole.share(cut), squared)?;
    }
    let rest = whole.share(1000 - ROWS_SHARE - chosen - cut);
    for (at, share) in shares(layout.lengths() as u8, layout.dense()).iter().enumerate() {
        step(length_id(at + 1), rest.share(*share), squared * layout.most_cells(at + 1).max(1))?;
    }
    let flat = Some(FlatPlan { domain: accord_release::flat::domain_hash(columns), longest, bound });
    Ok(Plan { workload: no_workload(), rows_per_person, steps, flat })
}

/// Why there is no plan for a flat table.
#[derive(Debug, thiserror::Error)]
pub enum FlatPlanError {
    /// Epsilon, delta or the rows a person are out of range, or nothing would be measured.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The domain can't be laid out.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A declared bound of nought.
    #[error("the bound on filled columns must be at least 1")]
    Bound,
}

/// A flat table is measured by its own plan, and by no workload's.
fn no_workload() -> Workload {
    Workload {
        id: "flat".to_owned(),
        version: "1".to_owned(),
        title: String::new(),
        population: String::new(),
        definition: String::new(),
        caveats: Vec::new(),
        tables: Vec::new(),
        headlines: Vec::new(),
    }
}

/// Measures a flat table step by step. Each measurement is handed to `commit` as it is made, and only then the next is made
/// (PRIVACY 7).
///
/// # Privacy
///
/// Each step costs what the plan states: see [`Combinations`] and [`choose_bound`]. The caller has committed the debit
/// before the grid was read.
pub fn measure<E: From<FlatMeasureError>>(
    grid: &Grid,
    columns: &Columns,
    plan: &Plan,
    entry: &str,
    noise: &mut dyn ExactNoise,
    commit: &mut dyn FnMut(usize, &NoisyTable) -> Result<(), E>,
) -> Result<(), E> {
    let wrong = || FlatMeasureError::Plan;
    let flat = plan.flat.as_ref().ok_or_else(wrong)?;
    if flat.domain != accord_release::flat::domain_hash(columns) {
        return Err(wrong().into());
    }
    let squared = u64::from(plan.rows_per_person) * u64::from(plan.rows_per_person);
    let mut shape = Shape { longest: flat.longest, most_filled: None };
    if let Bound::Declared(most) = flat.bound {
        shape.most_filled = Some(most);
    }
    let mut rows = 0;
    let mut counted: Option<(Layout, Combinations)> = None;
    for (at, step) in plan.steps.iter().enumerate() {
        let entry = format!("{entry}/{at}");
        let draw = |sensitivity| draw_for(step.rho, sensitivity, &entry).ok_or_else(wrong);
        let table = if step.table == ROWS {
            let table = grid.measure_rows(draw(squared)?, noise);
            rows = table.values[0].max(1).cast_unsigned();
            table
        } else if step.table == MOST_FILLED {
            let epsilon = selection_epsilon(step.rho);
            let histogram = grid.filled();
            let most = choose_bound(&histogram, rows, COUNTED_WHOLE, plan.rows_per_person, epsilon, noise)
                .map_err(FlatMeasureError::from)?;
            shape.most_filled = Some(most.max(1) as u16);
            NoisyTable { table: step.table.clone(), values: vec![most.max(1) as i64], draws: vec![draw(squared)?] }
        } else if step.table == CUT {
            grid.measure_cut(shape.most_filled.unwrap_or(u16::MAX), draw(squared)?, noise)
        } else {
            if counted.is_none() {
                let layout = Layout::new(columns, shape).map_err(FlatMeasureError::from)?;
                let exact = Combinations::count(grid, &layout);
                counted = Some((layout, exact));
            }
            let (layout, exact) = counted.as_ref().ok_or_else(wrong)?;
            let length = (1..=layout.lengths()).find(|k| length_id(*k) == step.table).ok_or_else(wrong)?;
            let sensitivity = squared * layout.most_cells(length).max(1);
            exact.measure_length(length, draw(sensitivity)?, noise).map_err(FlatMeasureError::from)?
        };
        commit(at, &table)?;
    }
    Ok(())
}

/// What was measured, put together from the committed measurements of a plan.
///
/// A choice draws no noise: in the ledger it is kept like a count, with the scale that its cost would buy of noise; here it says
/// how it was made instead ([`Choice`]).
pub fn measured(plan: &Plan, columns: Columns, mut tables: Vec<NoisyTable>) -> Result<Measured, FlatMeasureError> {
    let flat = plan.flat.as_ref().ok_or(FlatMeasureError::Plan)?;
    let chosen = tables.iter().find(|t| t.table == MOST_FILLED).and_then(|t| t.values.first());
    let most_filled = match flat.bound {
        Bound::Dense => None,
        Bound::Declared(most) => Some(most),
        Bound::Chosen => Some(chosen.and_then(|v| u16::try_from(*v).ok()).ok_or(FlatMeasureError::Plan)?),
    };
    let mut choice = None;
    for draw in tables.iter_mut().filter(|t| t.table == MOST_FILLED).flat_map(|t| t.draws.drain(..)) {
        let epsilon_milli = selection_epsilon(draw.rho);
        choice = Some(Choice::new(draw.rho, epsilon_milli, plan.rows_per_person, columns.columns.len(), draw.entry));
    }
    Ok(Measured {
        choice,
        columns,
        shape: Shape { longest: flat.longest, most_filled },
        rows_per_person: plan.rows_per_person,
        tables,
    })
}
