use super::*;
use accord_testnoise::seeded;
use proptest::prelude::*;

proptest! {
    /// The way for far sizes is the same coin, thrown on big integers.
    #[test]
    fn privacy_08_the_way_for_far_sizes_falls_as_the_near_one_does(
        sigma_milli in 1..=LARGEST_ON_128_BITS, size in 0_u64..100_000, seed in any::<u64>(),
    ) {
        let shape = Shape::new(sigma_milli);
        let (mut one, mut other) = (seeded(seed), seeded(seed));
        prop_assert_eq!(shape.keeps(u128::from(size), &mut one), shape.keeps_far(u128::from(size), &mut other));
        prop_assert_eq!(one.next_u64(), other.next_u64(), "as many words were asked for");
    }

    /// A coin's exponent, against the formula of algorithm 3 in exact fractions:
    /// n / d = (|y| - sigma²/t)² / (2 sigma²) with sigma² = s² / 10^6, both sides multiplied out.
    #[test]
    fn privacy_08_the_exponent_is_that_of_the_algorithm(sigma_milli in 1..=LARGEST_ON_128_BITS, size in 0_u64..10_000_000) {
        let shape = Shape::new(sigma_milli);
        let (s, t, million) = (BigUint::from(sigma_milli), BigUint::from(sigma_milli / 1000 + 1), BigUint::from(1_000_000_u32));
        let square = s.pow(2);
        // |y| - sigma²/t = (|y| t 10^6 - s²) / (t 10^6); its square over 2 s² / 10^6.
        let up = BigUint::from(size) * &t * &million;
        let difference = if up > square { up - &square } else { &square - up };
        let (n, d) = (difference.pow(2) * &million, (&t * &million).pow(2) * 2_u32 * &square);
        let ours = size.checked_mul(1_000_000 * shape.t).unwrap().abs_diff(shape.square);
        prop_assert_eq!(BigUint::from(ours).pow(2) * d, n * BigUint::from(shape.denominator));
    }
}

#[test]
fn absurdly_far_sizes_are_refused_and_nothing_overflows() {
    let mut rng = seeded(5);
    for sigma_milli in [1, 999, 20_000, LARGEST_ON_128_BITS] {
        for size in [u128::MAX, u128::from(u64::MAX), 1 << 70, u128::from(u64::MAX / 1_000_000)] {
            assert!(!Shape::new(sigma_milli).keeps(size, &mut rng), "{sigma_milli} {size}");
        }
    }
}

#[test]
fn coins_of_the_last_sigma_fit_and_of_one_twice_as_large_would_not() {
    assert!(Shape::new(LARGEST_ON_128_BITS).denominator < DENOMINATORS);
    assert!(Shape::new(2 * LARGEST_ON_128_BITS).denominator > DENOMINATORS);
}
