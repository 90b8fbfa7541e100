//! Simulations: labels are drawn with known probabilities, which calibrators must find.

use deepcross_calibration::{CalibrationMap, Method, Observation, cross_fit};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Rows with true logits from −5 to 3, for which a model gives `logit_of`, and labels by chance.
fn simulated(n: usize, seed: u64, logit_of: impl Fn(f64) -> f64) -> Vec<Observation> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut row = || {
        let logit = random.random_range(-5.0..3.0);
        let label = if random.random::<f64>() < sigmoid(logit) { 1.0 } else { 0.0 };
        Observation::new(logit_of(logit) as f32, label, 1.0).unwrap()
    };
    (0..n).map(|_| row()).collect()
}

/// The largest distance from the true probability, for true logits that have rows around them.
fn error(map: &CalibrationMap, logit_of: impl Fn(f64) -> f64) -> f64 {
    let logits = (-45..=25).map(|i| f64::from(i) / 10.0);
    let gap = |z: f64| (f64::from(map.probability(logit_of(z) as f32)) - sigmoid(z)).abs();
    logits.map(gap).fold(0.0, f64::max)
}

/// A row that stands for infinitely many: each logit is a click with the weight of its probability.
#[test]
fn the_scale_of_a_model_is_recovered() {
    for scale in [0.25, 1.0, 2.5, 8.0] {
        let mut rows = Vec::new();
        for i in -40..=20 {
            let logit = f64::from(i) / 8.0;
            let given = (scale * logit) as f32;
            for label in [0.0, 1.0] {
                let p = if label == 1.0 { sigmoid(logit) } else { sigmoid(-logit) };
                rows.push(Observation::new(given, label, p as f32).unwrap());
            }
        }
        let fit = CalibrationMap::fit(Method::Temperature, &rows).unwrap();
        let CalibrationMap::Temperature(map) = fit else { panic!("{fit:?}") };
        let found = map.temperature();
        assert!((found / scale - 1.0).abs() < 1e-6, "{found}, not {scale}");
    }
}

#[test]
fn chance_moves_the_fit_within_its_standard_error() {
    let rows = simulated(40_000, 1, |z| 2.0 * z);
    let fit = CalibrationMap::fit(Method::Temperature, &rows).unwrap();
    let CalibrationMap::Temperature(map) = fit else { panic!("{fit:?}") };
    // The standard error of the slope is 0.006: five of them.
    assert!((1.0 / map.temperature() - 0.5).abs() < 0.03, "{map:?}");
}

#[test]
fn each_map_finds_probabilities_of_its_form() {
    let (scaled, moved) = (|z: f64| 1.7 * z, |z: f64| 1.7 * z + 1.0);
    let bent = |z: f64| if z < 0.0 { 0.5 * z } else { 3.0 * z };
    let fit = |method, logit_of: &dyn Fn(f64) -> f64| {
        CalibrationMap::fit(method, &simulated(40_000, 2, logit_of)).unwrap()
    };
    for method in Method::ALL {
        assert!(error(&fit(method, &scaled), scaled) < 0.05, "{method:?}");
    }
    assert!(error(&fit(Method::Temperature, &moved), moved) > 0.05);
    for method in [Method::Platt, Method::Isotonic] {
        assert!(error(&fit(method, &moved), moved) < 0.05, "{method:?}");
    }
    assert!(error(&fit(Method::Platt, &bent), bent) > 0.05);
    assert!(error(&fit(Method::Isotonic, &bent), bent) < 0.05);
}

/// Cross-fitting gives the loss on other rows; the loss on the rows of the fit is too low.
#[test]
fn cross_fitting_gives_the_loss_on_other_rows() {
    let logit_of = |z: f64| 3.0 * z;
    let loss = |rows: &[Observation], probabilities: &[f32]| -> f64 {
        let loss = |(row, p): (&Observation, &f32)| {
            let p = f64::from(*p);
            if row.label() == 1.0 { -p.ln() } else { -(-p).ln_1p() }
        };
        rows.iter().zip(probabilities).map(loss).sum::<f64>() / rows.len() as f64
    };
    let other = simulated(100_000, 9, logit_of);
    let (mut own, mut crossed, mut true_loss) = (0.0, 0.0, 0.0);
    for seed in 10..30 {
        let rows = simulated(1000, seed, logit_of);
        let map = CalibrationMap::fit(Method::Isotonic, &rows).unwrap();
        let apply = |rows: &[Observation]| -> Vec<f32> {
            rows.iter().map(|row| map.probability(row.logit())).collect()
        };
        own += loss(&rows, &apply(&rows)) / 20.0;
        crossed += loss(&rows, &cross_fit(Method::Isotonic, &rows).unwrap()) / 20.0;
        true_loss += loss(&other, &apply(&other)) / 20.0;
    }
    assert!(
        own < true_loss && (crossed - true_loss).abs() < 0.5 * (true_loss - own),
        "{own} {crossed} {true_loss}"
    );
}
