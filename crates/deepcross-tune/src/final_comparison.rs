//! The last comparison: winner and default with several seeds each, on rows that the search has not seen.
//!
//! The best of many trials looks better than it is, since luck has chosen it too. These rows and seeds had no part in the
//! choice, so that the difference on them has no such gain.

use crate::error::TuneError;
use crate::event::{RunName, TuneEvent};
use crate::queue::for_each;
use crate::runner::{Failure, Progress, RunFiles, Runner};
use crate::trial::Trial;
use deepcross_data::{Input, Labels};
use deepcross_metrics::inference::{SeedDifference, SeedEstimate, SeedRuns, TestRows};
use deepcross_train::config::{Monitor, ValidBy};
use deepcross_train::{
    EvaluateOptions, RunConfig, Stop, TrainError, TrainedRun, evaluate, on_threads,
};
use serde::Serialize;
use std::path::Path;

/// The probability that intervals cover.
pub const LEVEL: f64 = 0.95;

/// The difference between winner and default on rows that the search has not seen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FinalComparison {
    /// The seeds of the runs of each side.
    pub seeds: Vec<u64>,
    /// The rows.
    pub rows: u64,
    /// The positive ones among them.
    pub positives: u64,
    /// The metrics of the configuration as it is.
    pub default: FinalMetrics,
    /// The metrics of the winner.
    pub winner: FinalMetrics,
    /// The AUC of the winner − that of the default.
    pub auc: SeedDifference,
    /// The log loss of the winner − that of the default.
    pub log_loss: SeedDifference,
    /// The gain by the metric that trials were chosen by; above 0 if the winner is better.
    pub gain: Gain,
}

/// The metrics of one side: means over seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FinalMetrics {
    /// The area under the ROC curve.
    pub auc: SeedEstimate,
    /// The log loss.
    pub log_loss: SeedEstimate,
}

/// A gain, with its interval over other rows and other seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Gain {
    /// The gain.
    pub value: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// What a search has found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No trial was better than the configuration as it is, already in validation.
    DefaultIsBest,
    /// The winner is better by more than chance explains.
    Better,
    /// The difference may be chance.
    NotBetter,
    /// The winner is worse by more than chance explains.
    Worse,
    /// The last comparison could not be made; the reason.
    Unknown(String),
}

/// The two sides of a comparison.
#[derive(Clone, Copy)]
pub(crate) struct Sides<'a> {
    pub(crate) default: &'a Trial,
    pub(crate) winner: &'a Trial,
}

/// What the sides are tested with.
#[derive(Clone, Copy)]
pub(crate) struct FinalTest<'a> {
    /// The rows, which the search has not seen.
    pub(crate) rows: &'a Input,
    /// The metric that trials were chosen by.
    pub(crate) by: Monitor,
    /// The seeds of each side.
    pub(crate) n_seeds: usize,
    /// The threads that score the rows.
    pub(crate) threads: usize,
}

/// The names of the sides.
const NAMES: [&str; 2] = ["default", "winner"];

impl Gain {
    /// The gain by a metric. The interval of a sum of two metrics is the sum of theirs, which is at least as wide as it
    /// must be, however the two depend on each other.
    fn of(by: Monitor, auc: &SeedDifference, log_loss: &SeedDifference) -> Self {
        let of_auc = Self { value: auc.difference, low: auc.low, high: auc.high };
        let of_loss =
            Self { value: -log_loss.difference, low: -log_loss.high, high: -log_loss.low };
        match by {
            Monitor::Auc => of_auc,
            Monitor::LogLoss => of_loss,
            Monitor::AucLogLoss => Self {
                value: of_auc.value + of_loss.value,
                low: of_auc.low + of_loss.low,
                high: of_auc.high + of_loss.high,
            },
        }
    }

    /// The verdict that the gain allows.
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self { low, .. } if *low > 0.0 => Verdict::Better,
            Self { high, .. } if *high < 0.0 => Verdict::Worse,
            _ => Verdict::NotBetter,
        }
    }
}

impl Sides<'_> {
    /// Trains all runs, then tests all; `Err` with a verdict if a run cannot be trained.
    pub(crate) fn compare(
        self,
        (runner, jobs, folder): (&Runner<'_>, usize, &Path),
        test: FinalTest<'_>,
    ) -> Result<Result<FinalComparison, Verdict>, TuneError> {
        let n_seeds = test.n_seeds;
        let first = self.default.config.train.seed;
        // The seed of the search had a part in the choice.
        let seeds: Vec<u64> = (1..=n_seeds as u64).map(|n| seed_after(first, n)).collect();
        let sides = [self.default, self.winner];
        let runs = seeds.iter().flat_map(|&seed| {
            NAMES.into_iter().zip(sides).map(move |(side, trial)| (side, trial, seed))
        });
        match for_each(runs, jobs, |run| train_once(run, runner, folder)) {
            Ok(()) => match on_threads(test.threads, || {
                tested(folder, (sides, &seeds), (test, runner.stop))
            })? {
                // What the search has found does not depend on the test rows.
                Err(TuneError::Train(error)) => Ok(Err(unscored(&*error))),
                Err(TuneError::Data(error)) => Ok(Err(unscored(&error))),
                found => found,
            },
            Err(End::Verdict(verdict)) => Ok(Err(verdict)),
            Err(End::Error(error)) => Err(*error),
        }
    }
}

/// The verdict if test rows cannot be scored.
fn unscored(error: &dyn std::error::Error) -> Verdict {
    Verdict::Unknown(format!("the test rows cannot be scored: {error}"))
}

/// Why the runs of a comparison ended early.
enum End {
    Verdict(Verdict),
    Error(Box<TuneError>),
}

impl From<TuneError> for End {
    fn from(error: TuneError) -> Self {
        Self::Error(Box::new(error))
    }
}

/// A seed that a configuration can name.
fn seed_after(first: u64, n: u64) -> u64 {
    first.wrapping_add(n) & (u64::MAX >> 1)
}

/// The files of a run. A search that goes on may have another winner, so that they bear its number.
fn run_files(folder: &Path, trial: &Trial, seed: u64) -> RunFiles {
    RunFiles::new(folder, &format!("trial-{}-seed{seed}", trial.number))
}

/// Trains a run to its end, unless an earlier call has.
fn train_once(
    (side, trial, seed): (&str, &Trial, u64),
    runner: &Runner<'_>,
    folder: &Path,
) -> Result<(), End> {
    let files = run_files(folder, trial, seed);
    let name = RunName::Final { side, seed };
    if !files.model.is_file() {
        let config = with_seed(&trial.config, seed, !runner.files.valid.is_empty());
        match runner.run(name, &config, &files, config.train.epochs) {
            Ok(Progress::Ended(_)) => {}
            Ok(Progress::Paused(_) | Progress::Stopped) => {
                return Err(TuneError::Interrupted.into());
            }
            Err(Failure::OfSettings(error)) => {
                let reason = format!("the {side} cannot be trained with the seed {seed}: {error}");
                return Err(End::Verdict(Verdict::Unknown(reason)));
            }
            Err(Failure::OfSearch(error)) => return Err(End::Error(error)),
        }
    }
    runner.events.send(TuneEvent::FinalRun { name });
    Ok(())
}

/// The configuration with another seed, and with the same rows held out.
fn with_seed(config: &RunConfig, seed: u64, has_valid_files: bool) -> RunConfig {
    let mut config = config.clone();
    if !has_valid_files && !matches!(config.valid_by(), ValidBy::Time(_)) {
        config.train.split_seed = Some(config.train.split_seed());
    }
    config.train.seed = seed;
    config
}

/// Tests all models on the same rows.
fn tested(
    folder: &Path,
    (sides, seeds): ([&Trial; 2], &[u64]),
    (test, stop): (FinalTest<'_>, Stop<'_>),
) -> Result<Result<FinalComparison, Verdict>, TuneError> {
    let score = |trial, seed| score(&run_files(folder, trial, seed).model, test.rows, stop);
    let first = score(sides[0], seeds[0])?;
    let Scored { labels, weights, .. } = &first;
    let positives = labels.iter().filter(|label| **label == 1.0).count() as u64;
    let rows = TestRows::new(labels, weights)?;
    let unknown = |reason: &str| Ok(Err(Verdict::Unknown(reason.to_owned())));
    let mut scores = [rows.runs(), rows.runs()];
    scores[0].push(&first.probabilities)?;
    for (at, (trial, runs)) in sides.into_iter().zip(&mut scores).enumerate() {
        // The first model is scored already.
        for &seed in seeds.iter().skip(usize::from(at == 0)) {
            let scored = score(trial, seed)?;
            if scored.labels != *labels {
                return unknown("other test rows are skipped with the fields of the winner");
            }
            runs.push(&scored.probabilities)?;
        }
    }
    let [default, winner] = &scores;
    let (auc, log_loss) =
        (default.auc_difference(winner, LEVEL)?, default.log_loss_difference(winner, LEVEL)?);
    let (of_default, of_winner) = (metrics(default)?, metrics(winner)?);
    let all = auc.zip(log_loss).zip(of_default.zip(of_winner));
    let Some(((auc, log_loss), (default, winner))) = all else {
        return unknown("the test rows need at least two rows of each class with a weight above 0");
    };
    let gain = Gain::of(test.by, &auc, &log_loss);
    let (seeds, rows) = (seeds.to_vec(), labels.len() as u64);
    Ok(Ok(FinalComparison { seeds, rows, positives, default, winner, auc, log_loss, gain }))
}

fn metrics(runs: &SeedRuns<'_>) -> Result<Option<FinalMetrics>, TuneError> {
    let (auc, log_loss) = (runs.auc(LEVEL)?, runs.log_loss(LEVEL)?);
    Ok(auc.zip(log_loss).map(|(auc, log_loss)| FinalMetrics { auc, log_loss }))
}

/// Rows with labels, and what a model predicts for them.
#[derive(Default)]
struct Scored {
    labels: Vec<f32>,
    weights: Vec<f32>,
    probabilities: Vec<f32>,
}

fn score(model: &Path, test: &Input, stop: Stop<'_>) -> Result<Scored, TuneError> {
    let run = TrainedRun::load(model)?;
    let mut reader = run.reader(test, Labels::Required)?;
    let mut scored = Scored::default();
    let mut take = |rows: deepcross_train::EvaluatedRows<'_>| {
        scored.labels.extend_from_slice(rows.batch.labels());
        scored.weights.extend_from_slice(rows.batch.weights());
        scored.probabilities.extend_from_slice(rows.probabilities);
    };
    let options = EvaluateOptions {
        observe: Some(&mut take),
        stop: Some(stop),
        ..EvaluateOptions::default()
    };
    let evaluated = evaluate(run.trained.predictor(), &mut reader, options);
    evaluated.map_err(|error: TrainError| TuneError::from(error))?;
    Ok(scored)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(difference: f64, half: f64) -> SeedDifference {
        SeedDifference {
            difference,
            standard_error: half / 2.0,
            degrees_of_freedom: 9.0,
            low: difference - half,
            high: difference + half,
            p_value: None,
        }
    }

    #[test]
    fn a_gain_is_believed_if_its_interval_does_not_reach_0() {
        let (auc, loss) = (difference(0.02, 0.01), difference(-0.01, 0.02));
        let verdict = |by| Gain::of(by, &auc, &loss).verdict();
        assert_eq!(verdict(Monitor::Auc), Verdict::Better);
        assert_eq!(verdict(Monitor::LogLoss), Verdict::NotBetter);
        assert_eq!(verdict(Monitor::AucLogLoss), Verdict::NotBetter);
        let worse = Gain::of(Monitor::LogLoss, &auc, &difference(0.03, 0.02));
        assert_eq!((worse.value, worse.verdict()), (-0.03, Verdict::Worse));
    }

    /// A number of [0, 1) for each place.
    fn uniform(place: [u64; 4]) -> f64 {
        let bytes: Vec<u8> = place.iter().flat_map(|part| part.to_le_bytes()).collect();
        (xxhash_rust::xxh3::xxh3_64(&bytes) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The gains by each metric of one model over another that is as good, in a draw of rows and of seeds.
    fn gains_by_chance(draw: u64) -> [Gain; 3] {
        const ROWS: u64 = 150;
        let labels: Vec<f32> =
            (0..ROWS).map(|row| f32::from(u8::from(uniform([draw, 0, 0, row]) < 0.4))).collect();
        let rows = TestRows::new(&labels, &[0.0_f32; 0]).unwrap();
        let runs = [1, 2].map(|side| {
            let mut runs = rows.runs();
            for seed in 1..=4 {
                let probability = |row| {
                    let of_seed = uniform([draw, side, seed, row]) - 0.5;
                    (0.2 + 0.3 * uniform([draw, side, 0, row]) + 0.2 * of_seed) as f32
                };
                runs.push(&(0..ROWS).map(probability).collect::<Vec<_>>()).unwrap();
            }
            runs
        });
        let auc = runs[0].auc_difference(&runs[1], LEVEL).unwrap().unwrap();
        let log_loss = runs[0].log_loss_difference(&runs[1], LEVEL).unwrap().unwrap();
        [Monitor::Auc, Monitor::LogLoss, Monitor::AucLogLoss]
            .map(|by| Gain::of(by, &auc, &log_loss))
    }

    #[test]
    fn two_models_that_are_as_good_rarely_have_another_verdict() {
        const N: u64 = 300;
        let all: Vec<_> = (0..N).map(gains_by_chance).collect();
        // Five standard errors above what an interval of 95 % promises.
        let most = |share: f64| N as f64 * share + 5.0 * (N as f64 * share * (1.0 - share)).sqrt();
        for by in 0..3 {
            let n = |wanted: &[Verdict]| {
                all.iter().filter(|gains| wanted.contains(&gains[by].verdict())).count() as f64
            };
            let (better, other) = (n(&[Verdict::Better]), n(&[Verdict::Better, Verdict::Worse]));
            assert!(better <= most(0.025) && other <= most(0.05), "{better} and {other} of {N}");
            // The intervals are not so wide that nothing is ever found.
            assert!(other > 0.0 || by == 2, "none of {N}");
        }
    }

    #[test]
    fn seeds_can_be_named_by_a_configuration() {
        assert_eq!(seed_after(1, 1), 2);
        assert_eq!(seed_after(i64::MAX as u64, 2), 1);
    }
}
