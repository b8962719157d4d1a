use super::*;
use accord_testnoise::seeded;

#[test]
fn costs_of_small_exact_cases() {
    assert_eq!(rho_of_laplace(1000, 1), Some(Rho(Rho::UNIT / 2)));
    assert_eq!(rho_of_laplace(2000, 1), Some(Rho(Rho::UNIT / 8)));
    assert_eq!(rho_of_laplace(3000, 1), Some(Rho(55_555_555_556))); // 1/18, rounded up
    assert_eq!(rho_of_laplace(1, u64::MAX), None);
    assert_eq!(rho_of_laplace(u64::MAX, 1), None, "too large a scale is refused, not charged as nothing");
}

/// A scale is the same law however its fraction is written: 3/2 and 3000/2000, each against the ratio exp(-2/3).
#[test]
fn privacy_08_a_fraction_need_not_be_in_lowest_terms() {
    for (t, s) in [(3, 2), (3000, 2000), (3_u64 << 40, 2 << 40)] {
        let mut rng = seeded(t);
        let draws = 200_000;
        let nought = (0..draws).filter(|_| laplace(t, s, &mut rng).1 == 0).count() as f64 / f64::from(draws);
        let ratio = (-2.0_f64 / 3.0).exp();
        let p = (1.0 - ratio) / (1.0 + ratio);
        assert!((nought - p).abs() < 4.5 * (p * (1.0 - p) / f64::from(draws)).sqrt(), "{t}/{s}: {nought} against {p}");
    }
}
