//! Intervals and p-values of models with several seeds, in simulations where rows and seeds are drawn.

use crate::coverage::Normal;
use deepcross_metrics::inference::{SeedDifference, SeedEstimate, SeedRuns, TestRows};

const DRAWS: u64 = 1000;
const LEVEL: f64 = 0.95;

/// The effects on scores that are drawn: those of seeds, of rows, and of seeds and rows together.
#[derive(Clone, Copy)]
struct World {
    n_rows: usize,
    seeds: u64,
    /// The standard deviation, between seeds, of the distance of the classes.
    quality: f64,
    /// The share of a score's noise that the seeds of a model have in common.
    shared: f64,
}

/// Worlds in which rows decide, seeds decide, and both.
const WORLDS: [World; 3] = [
    World { n_rows: 200, seeds: 3, quality: 0.02, shared: 0.9 },
    World { n_rows: 2000, seeds: 3, quality: 0.3, shared: 0.9 },
    World { n_rows: 300, seeds: 4, quality: 0.15, shared: 0.5 },
];

impl World {
    /// Measures two models of the same true quality: 30 % of rows are positive and lie one standard deviation higher.
    fn draw<R>(self, seed: u64, work: impl FnOnce(SeedRuns<'_>, SeedRuns<'_>) -> R) -> R {
        let mut normal = Normal::new(seed << 32);
        let labels: Vec<u8> = (0..self.n_rows).map(|row| u8::from(row % 10 < 3)).collect();
        let none: [f64; 0] = [];
        let rows = TestRows::new(&labels, &none).expect("good rows");
        let hardness: Vec<f64> = labels.iter().map(|_| normal.next()).collect();
        let mut model = || {
            let own: Vec<f64> = labels.iter().map(|_| normal.next()).collect();
            let mut runs = rows.runs();
            for _ in 0..self.seeds {
                let distance = 1.0 + self.quality * normal.next();
                let mut score = |row: usize| {
                    let noise = (hardness[row] + own[row]) / 2.0_f64.sqrt() * self.shared.sqrt()
                        + normal.next() * (1.0 - self.shared).sqrt();
                    1.0 / (1.0 + (-(distance * f64::from(labels[row]) + noise)).exp())
                };
                let scores: Vec<f64> = (0..self.n_rows).map(&mut score).collect();
                runs.push(&scores).expect("probabilities");
            }
            runs
        };
        let first = model();
        let second = model();
        work(first, second)
    }

    /// The number of draws for which `is_so` holds.
    fn count(self, is_so: impl Fn(SeedRuns<'_>, SeedRuns<'_>) -> bool) -> u64 {
        (0..DRAWS).map(|seed| u64::from(self.draw(seed, &is_so))).sum()
    }

    /// The mean area and the mean log loss over seeds and rows, from a draw of many of both.
    fn truth(self) -> [f64; 2] {
        let many = World { n_rows: 3000, seeds: 60, ..self };
        let values = (0..8).map(|seed| {
            many.draw(!seed, |first, second| {
                [&first, &second]
                    .map(|runs| [of(runs.auc(LEVEL)).value, of(runs.log_loss(LEVEL)).value])
            })
        });
        let all: Vec<[f64; 2]> = values.flatten().collect();
        [0, 1].map(|metric| all.iter().map(|v| v[metric]).sum::<f64>() / all.len() as f64)
    }
}

fn of<T, E: std::fmt::Debug>(found: Result<Option<T>, E>) -> T {
    found.expect("a level").expect("both classes are there")
}

/// Checks a binomial count against 95 %, by four standard deviations and some more: if three seeds decide, 92 % are
/// covered, and if the variance is raised to that of rows, more than 95 %.
#[track_caller]
fn check_coverage(count: u64, what: &str) {
    assert!((900..=985).contains(&count), "{what}: {count} of {DRAWS} covered");
}

#[test]
fn intervals_cover_the_expectation_over_rows_and_seeds() {
    for (n, world) in WORLDS.into_iter().enumerate() {
        let [auc, log_loss] = world.truth();
        let covers = |found: SeedEstimate, truth| (found.low..=found.high).contains(&truth);
        let count = world.count(|first, _| covers(of(first.auc(LEVEL)), auc));
        check_coverage(count, &format!("world {n}, area"));
        let count = world.count(|first, _| covers(of(first.log_loss(LEVEL)), log_loss));
        check_coverage(count, &format!("world {n}, log loss"));
    }
}

#[test]
fn intervals_of_differences_cover_0_and_p_values_are_uniform() {
    type Compare = fn(&SeedRuns<'_>, &SeedRuns<'_>) -> SeedDifference;
    let metrics: [(&str, Compare); 2] = [
        ("area", |a, b| of(a.auc_difference(b, LEVEL))),
        ("log loss", |a, b| of(a.log_loss_difference(b, LEVEL))),
    ];
    for (n, world) in WORLDS.into_iter().enumerate() {
        for (metric, compare) in metrics {
            let what = format!("world {n}, {metric}");
            let found: Vec<_> =
                (0..DRAWS).map(|seed| world.draw(seed, |a, b| compare(&a, &b))).collect();
            let covered = found.iter().filter(|found| (found.low..=found.high).contains(&0.0));
            check_coverage(covered.count() as u64, &what);
            for (below, least, most) in
                [(0.05, 15, 78), (0.25, 190, 305), (0.5, 430, 565), (0.75, 690, 810)]
            {
                let p_below = found.iter().filter(|found| found.p_value < Some(below)).count();
                assert!((least..=most).contains(&p_below), "{what}: {p_below} below {below}");
            }
        }
    }
}

/// If seeds decide, an interval that ignores them promises far too much.
#[test]
fn one_seed_says_nothing_about_others() {
    let world = World { seeds: 1, ..WORLDS[1] };
    let count = world.count(|a, b| of(a.auc_difference(&b, LEVEL)).p_value < Some(0.05));
    assert!(count > 200, "{count} of {DRAWS}");
}
