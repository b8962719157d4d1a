//! What does not depend on the rows: the shape of a transcript, every text, and all that the source of noise is asked for
//! (PRIVACY 4, 5, 10 and 11).

use crate::audit_game::{DELTA, Transcript, columns, grid, transcript};
use crate::audit_noise::{Asked, Seeded, Silent};
use accord_measure::combinations::Combinations;
use accord_measure::flat::{FlatMeasureError, measure, plan};
use accord_measure::grid::Grid;
use accord_measure::plan::{Bound, Plan};
use accord_release::flat::MOST_FILLED;
use accord_release::flat::layout::{Layout, Shape};
use accord_release::noisy::Draw;
use accord_standard::columns::Columns;
use proptest::prelude::*;

/// A domain and two tables over it that need not have anything in common, and the rows of one more person.
#[derive(Clone, Debug)]
struct Worlds {
    columns: Columns,
    longest: u8,
    bound: Bound,
    rows_per_person: u32,
    one: Vec<Vec<u16>>,
    other: Vec<Vec<u16>>,
    person: Vec<Vec<u16>>,
}

fn rows(sizes: &[usize], count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Vec<u16>>> + use<> {
    // Codes beyond the domain too, which count as blank.
    let row: Vec<_> = sizes.iter().map(|n| 0..=(*n as u16 + 1)).collect();
    prop::collection::vec(row, count)
}

fn worlds() -> impl Strategy<Value = Worlds> {
    let bound = prop_oneof![Just(Bound::Dense), Just(Bound::Chosen), (1_u16..7).prop_map(Bound::Declared)];
    (prop::collection::vec(0_usize..4, 1..6), 1_u8..=3, bound, 1_u32..4).prop_flat_map(|(sizes, longest, bound, m)| {
        (rows(&sizes, 0..30), rows(&sizes, 0..30), rows(&sizes, 1..(m as usize + 1))).prop_map(
            move |(one, other, person)| Worlds {
                columns: columns(&sizes),
                longest,
                bound,
                rows_per_person: m,
                one,
                other,
                person,
            },
        )
    })
}

impl Worlds {
    fn plan(&self, epsilon: f64) -> Plan {
        plan(&self.columns, self.longest, self.bound, epsilon, DELTA, self.rows_per_person).unwrap()
    }

    /// The two tables, and the first one with the person.
    fn grids(&self) -> [Grid; 3] {
        let joined = [self.one.as_slice(), self.person.as_slice()].concat();
        [&self.one, &self.other, &joined].map(|rows| grid(&self.columns, rows))
    }
}

/// All of a transcript but its noisy values.
fn outline(transcript: &Transcript) -> Vec<(String, usize, Vec<Draw>)> {
    transcript.iter().map(|t| (t.table.clone(), t.values.len(), t.draws.clone())).collect()
}

fn chosen(transcript: &Transcript) -> Option<i64> {
    transcript.iter().find(|t| t.table == MOST_FILLED).map(|t| t.values[0])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Ids, their order, sizes, scales, costs and entries are the same whatever the rows, but for the bound that was
    /// chosen; and that bears on scales only.
    #[test]
    fn privacy_05_a_transcript_has_the_same_outline_whatever_the_rows(worlds in worlds(), seed in any::<u64>()) {
        let plan = worlds.plan(1.0);
        let transcripts = worlds.grids().map(|g| transcript(&g, &worlds.columns, &plan, &mut Seeded::new(seed)));
        for other in &transcripts[1..] {
            if chosen(other) == chosen(&transcripts[0]) {
                prop_assert_eq!(outline(other), outline(&transcripts[0]));
            }
            let sizes = |t: &Transcript| t.iter().map(|t| (t.table.clone(), t.values.len())).collect::<Vec<_>>();
            prop_assert_eq!(sizes(other), sizes(&transcripts[0]));
            let costs = |t: &Transcript| t.iter().map(|t| t.draws[0].rho).collect::<Vec<_>>();
            prop_assert_eq!(costs(other), costs(&transcripts[0]));
        }
        let bound = (worlds.bound == Bound::Chosen).then_some(());
        prop_assert_eq!(bound.is_some(), chosen(&transcripts[0]).is_some());
    }

    /// What the source of noise is asked for, in which order and how often, is the same whatever the rows; where a bound is
    /// chosen, given that bound.
    #[test]
    fn privacy_10_no_row_changes_what_noise_is_asked_for(worlds in worlds(), bound in 0_usize..7) {
        let plan = worlds.plan(1.0);
        let bound = bound.min(worlds.columns.columns.len());
        let asked = worlds.grids().map(|g| {
            let mut noise = Silent::choosing(bound);
            let transcript = transcript(&g, &worlds.columns, &plan, &mut noise);
            (noise.asked, outline(&transcript))
        });
        prop_assert_eq!(&asked[0], &asked[1]);
        prop_assert_eq!(&asked[0], &asked[2]);
        // Every value of every table has its own draw, empty cells too, and the bound one choice.
        let (asked, outline) = &asked[0];
        let mut expected = Vec::new();
        for (table, size, draws) in outline {
            if table == MOST_FILLED {
                let step = plan.steps.iter().find(|s| s.table == MOST_FILLED).unwrap();
                expected.push(Asked::Choice {
                    candidates: worlds.columns.columns.len() + 1,
                    range: u64::from(worlds.rows_per_person),
                    epsilon_milli: accord_measure::selection::selection_epsilon(step.rho),
                });
            } else {
                expected.extend(vec![Asked::Gaussian { sigma_milli: draws[0].sigma_milli }; *size]);
            }
        }
        prop_assert_eq!(asked, &expected);
    }

    /// With the same noise, two neighbours' transcripts differ in cells of the person's own combinations alone, and there by
    /// her rows alone. (Where a bound is chosen: given that it is the same, as the counting is then the same.)
    #[test]
    fn privacy_10_with_the_same_noise_a_person_moves_her_own_cells_alone(worlds in worlds(), seed in any::<u64>()) {
        let plan = worlds.plan(1.0);
        let [one, _, joined] = worlds.grids();
        // The choice reads the histogram, so it may turn; hold it where it falls without her.
        let run = |grid: &Grid, bound: usize| {
            let mut noise = Held { source: Seeded::new(seed), bound };
            transcript(grid, &worlds.columns, &plan, &mut noise)
        };
        let bound = seed as usize % (worlds.columns.columns.len() + 1);
        let (without, with) = (run(&one, bound), run(&joined, bound));
        let alone = {
            let grid = grid(&worlds.columns, &worlds.person);
            transcript(&grid, &worlds.columns, &plan, &mut Silent::choosing(bound))
        };
        for ((a, b), own) in without.iter().zip(&with).zip(&alone) {
            let added: Vec<i64> = b.values.iter().zip(&a.values).map(|(b, a)| b - a).collect();
            if a.table == MOST_FILLED {
                prop_assert_eq!(added, vec![0]);
            } else {
                prop_assert_eq!(&added, &own.values);
            }
        }
    }

    /// What holds exact counts prints nothing of them, whatever they are.
    #[test]
    fn privacy_11_what_is_exact_prints_nothing(worlds in worlds()) {
        for grid in worlds.grids() {
            let most_filled = if worlds.bound == Bound::Dense { None } else { Some(2) };
            let layout = Layout::new(&worlds.columns, Shape { longest: worlds.longest, most_filled }).unwrap();
            let exact = Combinations::count(&grid, &layout);
            prop_assert_eq!(format!("{grid:?} {grid:#?} {exact:?} {exact:#?}"), "Grid(..) Grid(..) Combinations(..) Combinations(..)");
        }
    }

    /// What is refused is refused in the same words whatever the rows, and before any noise is asked for.
    #[test]
    fn privacy_11_a_refusal_says_nothing_of_the_rows(worlds in worlds()) {
        let texts = worlds.grids().map(|grid| {
            let mut texts = Vec::new();
            let mut noise = Silent::choosing(1);
            let mut refuse = |columns: &Columns, plan: &Plan| {
                let committed = &mut |_: usize, _: &_| -> Result<(), FlatMeasureError> { Err(FlatMeasureError::Plan) };
                let error = measure::<FlatMeasureError>(&grid, columns, plan, "audit", &mut noise, committed).unwrap_err();
                texts.push(format!("{error} {error:?}"));
            };
            let plan = worlds.plan(1.0);
            let mut none = plan.clone();
            none.flat = None;
            refuse(&worlds.columns, &none);
            refuse(&columns(&[9, 9]), &plan);
            let mut free = plan.clone();
            free.steps[0].rho = accord_release::account::Rho(0);
            refuse(&worlds.columns, &free);
            let mut unknown = plan.clone();
            unknown.steps[0].table = "length-9".into();
            refuse(&worlds.columns, &unknown);
            let asked = noise.asked.len();
            let layout = Layout::new(&worlds.columns, Shape { longest: worlds.longest, most_filled: None }).unwrap();
            let exact = Combinations::count(&grid, &layout);
            let draw = Draw { sigma_milli: 1, rho: plan.steps[0].rho, sensitivity_squared: 1, entry: String::new() };
            for length in [0, layout.lengths() + 1, usize::MAX] {
                let error = exact.measure_length(length, draw.clone(), &mut noise).unwrap_err();
                texts.push(format!("{error} {error:?}"));
            }
            (texts, asked, noise.asked.len())
        });
        prop_assert_eq!(&texts[0], &texts[1]);
        prop_assert_eq!(&texts[0], &texts[2]);
        prop_assert_eq!((texts[0].1, texts[0].2), (0, 0));
    }
}

/// Seeded noise, and a choice that falls where it is held.
struct Held {
    source: Seeded,
    bound: usize,
}

impl accord_measure::noise::NoiseSource for Held {
    fn draw(&mut self, sigma_milli: u64) -> i64 {
        self.source.draw(sigma_milli)
    }
}

impl accord_measure::noise::ExactNoise for Held {
    fn draw_laplace(&mut self, scale_milli: u64) -> i64 {
        self.source.draw_laplace(scale_milli)
    }

    fn select_by_range(
        &mut self,
        utilities: &[i64],
        _range: u64,
        _epsilon_milli: u64,
    ) -> Result<usize, accord_measure::selection::SelectionError> {
        Ok(self.bound.min(utilities.len() - 1))
    }
}
