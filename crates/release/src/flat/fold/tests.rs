use super::*;
use proptest::prelude::*;

fn column(values: usize, groups: usize) -> Column {
    let mut column = Column::new("c", (0..values).map(|i| format!("v{i}")).collect());
    if groups > 0 {
        column.groups = (0..groups).map(|g| format!("g{g}")).collect();
        column.group_of = (0..values).map(|v| (v % groups) as u16).collect();
    }
    column
}

/// Every code has one value in the model, which has it among its members.
fn check(column: &Column, fold: &Fold) {
    assert_eq!(fold.of.len(), column.codes());
    assert!(fold.size() <= MOST.max(1), "{} values", fold.size());
    let mut seen = vec![0; column.codes()];
    for (value, members) in fold.members.iter().enumerate() {
        assert!(!members.is_empty(), "a value stands for nothing");
        for (code, weight) in members {
            assert_eq!(fold.of[usize::from(*code)], value);
            assert!(*weight > 0.0 && weight.is_finite());
            seen[usize::from(*code)] += 1;
        }
    }
    assert!(seen.iter().all(|n| *n == 1));
    assert_eq!(fold.members[0], [(0, 1.0)], "blank stays apart");
}

#[test]
fn up_to_twenty_three_values_and_blank_are_held_as_they_are() {
    for values in [0, 1, 22, 23] {
        let fold = Fold::new(&column(values, 0), &vec![-5.0; values + 1], 1.0);
        assert!(fold.is_plain());
        assert_eq!(fold.of, (0..=values).collect::<Vec<_>>());
        check(&column(values, 0), &fold);
    }
    let fold = Fold::new(&column(24, 0), &[0.0; 25], 1.0);
    assert!(!fold.is_plain());
    assert_eq!(fold.size(), 2, "blank, and all the rest");
}

#[test]
fn values_clear_of_their_noise_are_kept_apart_and_the_others_fold_into_their_groups() {
    let column = column(60, 4);
    let mut counts = vec![1.0; 61];
    // Codes 10 and 33 are clear; 20 is just not.
    (counts[10], counts[33], counts[20]) = (900.0, 31.0, 30.0);
    let fold = Fold::new(&column, &counts, 10.0);
    check(&column, &fold);
    assert_eq!(fold.size(), 1 + 2 + 4);
    for code in [10, 33] {
        assert_eq!(fold.members[fold.of[code]], [(code as u16, 1.0)]);
    }
    for members in fold.members.iter().filter(|m| m.len() > 1) {
        let groups: Vec<u16> = members.iter().map(|(c, _)| column.group_of[usize::from(*c) - 1]).collect();
        assert!(groups.iter().all(|g| *g == groups[0]), "a value stands for two groups");
    }
    // Within a group the weight is the noisy count.
    let group = &fold.members[fold.of[20]];
    let weight = |code: u16| group.iter().find(|m| m.0 == code).unwrap().1;
    assert!((weight(20) / weight(24) - 30.0).abs() < 0.1);
}

#[test]
fn the_count_of_blank_changes_nothing_and_no_count_but_the_noisy_one_is_looked_at() {
    let column = column(40, 0);
    let mut counts: Vec<f64> = (0..41).map(|c| f64::from(c) * 7.0 - 20.0).collect();
    let one = Fold::new(&column, &counts, 5.0);
    counts[0] = 1e9;
    assert_eq!(one, Fold::new(&column, &counts, 5.0));
    counts[3] = 1e9;
    assert_ne!(one, Fold::new(&column, &counts, 5.0));
}

#[test]
fn ten_thousand_values_become_twenty_four_the_most_frequent_apart() {
    let column = column(10_000, 0);
    let counts: Vec<f64> = (0..10_001).map(|c| f64::from(c * 7919 % 10_007)).collect();
    let fold = Fold::new(&column, &counts, 2.0);
    check(&column, &fold);
    assert_eq!(fold.size(), MOST);
    let apart = fold.members.iter().skip(1).filter(|m| m.len() == 1).map(|m| counts[usize::from(m[0].0)]);
    let least = apart.fold(f64::MAX, f64::min);
    let folded = fold.members.iter().filter(|m| m.len() > 1).flatten().map(|m| counts[usize::from(m.0)]);
    assert!(folded.fold(f64::MIN, f64::max) <= least);
}

#[test]
fn more_groups_than_the_model_holds_are_left_aside() {
    let column = column(200, 30);
    let fold = Fold::new(&column, &vec![0.0; 201], 1.0);
    check(&column, &fold);
    assert_eq!(fold.size(), 2);
}

proptest! {
    #[test]
    fn every_code_has_its_place(
        values in 0_usize..120,
        groups in 0_usize..40,
        cut in 0_usize..120,
        counts in prop::collection::vec(-1e6_f64..1e6, 121),
        sigma in 0.0_f64..1e5,
    ) {
        let mut column = column(values, groups.min(values));
        // Groups that aren't declared for every value, or aren't there, must not break it.
        column.group_of.truncate(cut);
        if let Some(group) = column.group_of.first_mut() {
            *group = 9999;
        }
        check(&column, &Fold::new(&column, &counts[..=values], sigma));
    }
}
