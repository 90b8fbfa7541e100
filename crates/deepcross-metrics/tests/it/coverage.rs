//! Seeded simulations, in which intervals must cover the truth as often as they promise.

use deepcross_metrics::inference::{Bootstrap, auc_difference, auc_interval};
use deepcross_metrics::ranking::roc_auc;

const DRAWS: u32 = 1000;
const LEVEL: f64 = 0.95;

/// The mean of a binomial count of `DRAWS` at `LEVEL`, and four standard deviations either way.
const LEAST: u32 = 922;
const MOST: u32 = 978;

/// Normal numbers by Box and Muller over SplitMix64.
pub(crate) struct Normal(u64);

impl Normal {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn next(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// 60 positive and 140 negative rows: scores of two models that share half of their noise, in
/// which positives lie one standard deviation higher.
fn binormal(seed: u64) -> ([Vec<f64>; 2], Vec<u8>) {
    let mut normal = Normal(seed << 32);
    let labels: Vec<u8> = (0..200).map(|row| u8::from(row < 60)).collect();
    let mut scores = [Vec::new(), Vec::new()];
    for &label in &labels {
        let shared = normal.next();
        for scores in &mut scores {
            scores.push(f64::from(label) + (shared + normal.next()) / 2.0_f64.sqrt());
        }
    }
    (scores, labels)
}

/// Φ(1 / √2), the area of classes that are one standard deviation apart.
const TRUTH: f64 = 0.760_249_938_906_523_3;

const NONE: [f64; 0] = [];

#[track_caller]
fn check(covered: impl Fn(u64) -> bool) {
    let count = (0..u64::from(DRAWS)).filter(|&seed| covered(seed)).count() as u32;
    assert!((LEAST..=MOST).contains(&count), "{count} of {DRAWS} covered");
}

#[test]
fn intervals_cover_the_area() {
    check(|seed| {
        let (scores, labels) = binormal(seed);
        let found = auc_interval(&scores[0], &labels, &NONE, LEVEL).unwrap().expect("defined");
        (found.low..=found.high).contains(&TRUTH)
    });
}

#[test]
fn intervals_cover_the_difference_and_p_values_are_uniform() {
    let compare = |seed| {
        let ([first, second], labels) = binormal(seed);
        auc_difference(&first, &second, &labels, &NONE, LEVEL).unwrap().expect("defined")
    };
    check(|seed| (compare(seed).low..=compare(seed).high).contains(&0.0));
    check(|seed| compare(seed).p_value.is_some_and(|p| p > 1.0 - LEVEL));
    let below_half = (0..u64::from(DRAWS)).filter(|&seed| compare(seed).p_value < Some(0.5));
    let count = below_half.count();
    assert!((437..=563).contains(&count), "{count} of {DRAWS} below 0.5");
}

/// The rows have weights of 1 or 3, at random: importances that the truth does not depend on.
#[test]
fn weighted_intervals_cover_the_area() {
    check(|seed| {
        let (scores, labels) = binormal(seed);
        let mut random = Normal(!seed);
        let weights: Vec<f64> =
            (0..200).map(|_| if random.uniform() < 0.5 { 1.0 } else { 3.0 }).collect();
        let found = auc_interval(&scores[0], &labels, &weights, LEVEL).unwrap().expect("defined");
        (found.low..=found.high).contains(&TRUTH)
    });
}

#[test]
fn the_bootstrap_agrees_with_delong() {
    for seed in 0..5 {
        let (scores, labels) = binormal(seed);
        let delong = auc_interval(&scores[0], &labels, &NONE, LEVEL).unwrap().expect("defined");
        let bootstrap = Bootstrap { replicates: 1000, seed, level: LEVEL };
        let found = bootstrap
            .interval(200, &[], |weights| roc_auc(&scores[0], &labels, weights))
            .unwrap()
            .expect("defined");
        let ratio = found.standard_error / delong.standard_error;
        assert!((ratio - 1.0).abs() < 0.12, "{found:?} {delong:?}");
        assert!((found.low - delong.low).abs() < 0.02, "{found:?} {delong:?}");
    }
}
