//! Compares several models, each trained with several seeds, on the same rows.
//!
//! The encoder is fitted once, and the rows held out are the same in all runs. If they are chosen at random, then by
//! `split_seed`, or by the seed of the first model if that is left out: neither depends on the seed of a run.
//! A run gives the same model as [`train`](crate::train) with its configuration and seed.

mod event;
mod test_set;

use crate::checkpoint::FittedRows;
use crate::config_file::RunConfig;
use crate::error::TrainError;
use crate::event::{EpochReport, Event, Observer};
use crate::options::{Files, Stop};
use crate::run::{Rows, check_settings, fit_encoder, thread_pool, train_fitted};
use crate::warning::Warning;
use deepcross_autodiff::Params;
use deepcross_data::{Fitted, Input, Partition, Source, check_first_rows};
use deepcross_features::Encoder;
use deepcross_metrics::Summary;
use deepcross_metrics::inference::{SeedDifference, SeedEstimate, SeedRuns, holm};
use deepcross_model::{Model, Predictor, TrainedModel, TrainingSummary};
pub use event::{CompareEvent, CurrentRun};
use serde::Serialize;
use std::collections::BTreeSet;
use test_set::TestSet;

/// A model that takes part in a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The name of the model; all names of a comparison differ.
    pub name: String,
    /// The configuration. Data, fields, and the choice of the rows held out must be the same for all models of a
    /// comparison; the seed is that of each run.
    pub config: RunConfig,
}

/// The options of a comparison.
#[derive(Clone, Copy)]
pub struct CompareOptions<'a> {
    /// The seeds that each model is trained with, at least one; all differ.
    pub seeds: &'a [u64],
    /// The number of threads; the result does not depend on it.
    pub threads: usize,
    /// The probability that intervals cover, in (0, 1).
    pub level: f64,
    /// Asked after each step; if it returns true, the comparison ends with [`TrainError::Interrupted`].
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Whether the first [`Warning`] ends the comparison, as [`TrainError::Warned`].
    pub strict: bool,
}

impl std::fmt::Debug for CompareOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seeds, threads, level, strict, .. } = self;
        let mut debug = f.debug_struct("CompareOptions");
        debug
            .field("seeds", seeds)
            .field("threads", threads)
            .field("level", level)
            .field("strict", strict);
        debug.finish_non_exhaustive()
    }
}

/// The rows that models are tested on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestedOn {
    /// The rows of test files, which no model was trained on.
    Test,
    /// The validation rows. They have chosen the epoch that is kept, so that each model looks a little better than it
    /// is.
    Validation,
}

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The rows that models were tested on.
    pub tested_on: TestedOn,
    /// The number of these rows.
    pub rows: u64,
    /// The positive ones among them.
    pub positives: u64,
    /// The probability that intervals cover.
    pub level: f64,
    /// The index in `models` of the model with the highest mean AUC; of several, the first.
    pub best: usize,
    /// The models, in the order in which they were given.
    pub models: Vec<ComparedModel>,
}

/// A model of a [`Comparison`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedModel {
    /// The name of the model.
    pub name: String,
    /// The number of its weights.
    pub n_parameters: u64,
    /// The area under the ROC curve: the mean over seeds.
    pub auc: SeedEstimate,
    /// The log loss: the mean over seeds.
    pub log_loss: SeedEstimate,
    /// The validation metrics of the kept epochs; `None` without validation rows, and if these are the rows that models
    /// were tested on.
    pub valid: Option<ValidationMeans>,
    /// Its metrics − those of the best model; `None` for the best model itself.
    pub to_best: Option<DifferenceToBest>,
    /// One run for each seed, in their order.
    pub runs: Vec<ComparedRun>,
}

/// Metrics on the validation rows: means over seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ValidationMeans {
    /// The area under the ROC curve; `None` if the rows do not define it.
    pub auc: Option<f64>,
    /// The log loss.
    pub log_loss: f64,
}

/// The differences between a model and the best one, on the same rows.
///
/// The best model is chosen by the same rows, so that on average it looks a little better than it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DifferenceToBest {
    /// Its AUC − that of the best; 0 or below.
    pub auc: SeedDifference,
    /// The p-value of `auc`, adjusted by [`holm`] for the comparisons with all other models.
    pub auc_p_adjusted: Option<f64>,
    /// Its log loss − that of the best.
    pub log_loss: SeedDifference,
    /// The p-value of `log_loss`, adjusted in the same way.
    pub log_loss_p_adjusted: Option<f64>,
}

/// A run of a [`ComparedModel`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedRun {
    /// The seed.
    pub seed: u64,
    /// The summary of the training.
    pub training: TrainingSummary,
    /// The reports of its epochs.
    pub epochs: Vec<EpochReport>,
    /// Its metrics on the test rows.
    pub test: Summary,
}

/// Trains each model with each seed, then tests all models on the rows of `test`, or on the validation rows if `test` is
/// empty, and compares them by [`SeedRuns`].
///
/// No model is tested before all are trained, so that nothing about the test rows can have an influence on the training;
/// only their labels and weights are read before, for their problems.
/// `observe` gets the events of the comparison, on one of the threads. Memory holds the weights of all runs until they
/// are tested, and 16 bytes for each test row and model.
///
/// # Errors
/// Before the first training: [`TrainError::Comparison`] if models, seeds or `test` do not make a comparison,
/// [`TrainError::Config`] as [`train`](crate::train), [`TrainError::Data`] if the encoder cannot be fitted.
/// After that: [`TrainError::Candidate`] with the model and the seed of the run that failed, or
/// [`TrainError::Interrupted`].
pub fn compare(
    candidates: &[Candidate],
    files: &Files,
    test: &Input,
    options: CompareOptions<'_>,
    observe: &mut (dyn FnMut(CompareEvent<'_>) + Send),
) -> Result<Comparison, TrainError> {
    check_call(candidates, options)?;
    let runs: Vec<_> = candidates.iter().map(|candidate| with_split(candidate, files)).collect();
    let has_valid_files = !files.valid.is_empty();
    runs.iter().try_for_each(|run| check_settings(&run.config, has_valid_files))?;
    let pool = thread_pool(options.threads)?;
    pool.install(|| compare_here(&runs, files, test, options, observe))
}

/// The model with `split_seed` set if rows are held out, so that these rows do not change with the seed of a run.
fn with_split(candidate: &Candidate, files: &Files) -> Candidate {
    let mut candidate = candidate.clone();
    let is_random = candidate.config.valid_by().is_random();
    let train = &mut candidate.config.train;
    if files.valid.is_empty() && train.valid_fraction() > 0.0 && is_random {
        train.split_seed = Some(train.split_seed());
    }
    candidate
}

/// Refuses models and seeds that do not make a comparison.
fn check_call(candidates: &[Candidate], options: CompareOptions<'_>) -> Result<(), TrainError> {
    let fail = |problem: &str| Err(TrainError::Comparison(problem.to_owned()));
    let Some(first) = candidates.first() else { return fail("there is no model to compare") };
    let names: BTreeSet<_> = candidates.iter().map(|candidate| &candidate.name).collect();
    if names.len() < candidates.len() {
        return fail("two models of a comparison have the same name");
    }
    let seeds: BTreeSet<_> = options.seeds.iter().collect();
    if seeds.is_empty() || seeds.len() < options.seeds.len() {
        return fail("a comparison needs at least one seed, and each seed only once");
    }
    if !(options.level > 0.0 && options.level < 1.0) {
        return fail(&format!("the level must be in (0, 1), but is {}", options.level));
    }
    let shared = |candidate: &Candidate| {
        let RunConfig { data, field, train, .. } = &candidate.config;
        let valid_by = candidate.config.valid_by();
        let split_seed = valid_by.is_random().then(|| train.split_seed());
        (data.clone(), field.clone(), train.valid_fraction(), valid_by, split_seed)
    };
    match candidates.iter().find(|candidate| shared(candidate) != shared(first)) {
        Some(other) => fail(&format!(
            "`{}` and `{}` have different data, fields or rows held out",
            first.name, other.name
        )),
        None => Ok(()),
    }
}

fn compare_here(
    candidates: &[Candidate],
    files: &Files,
    test: &Input,
    options: CompareOptions<'_>,
    observe: &mut (dyn FnMut(CompareEvent<'_>) + Send),
) -> Result<Comparison, TrainError> {
    let shared = &candidates[0].config;
    let rows = Rows::open(shared, files)?;
    let (tested_on, (source, part)) = match (test.is_empty(), rows.valid()?) {
        (false, _) => (
            TestedOn::Test,
            (Source::open(test, &shared.data)?.in_run_of(&rows.train), Partition::All),
        ),
        (true, Some((source, part))) => (TestedOn::Validation, (source.clone(), part)),
        (true, None) => {
            let problem = "there are no rows to test on: give test files, or validation rows";
            return Err(TrainError::Comparison(problem.to_owned()));
        }
    };
    if tested_on == TestedOn::Test {
        check_first_rows(&source, &shared.schema()?, shared.data.bad_rows)?;
    }
    let fitted = fit_encoder(shared, &rows)?;
    let mut warned = |event: Event<'_>| {
        if let Event::Warning(warning) = event {
            observe(CompareEvent::Warning(warning));
        }
    };
    let mut observer = Observer::new(&mut warned, options.strict);
    FittedRows::of(&fitted).report(shared, &mut observer)?;
    let tested = fitted.encoder.clone().for_prediction();
    let test = TestSet::read((source, tested_on), Rows::plan(shared, part), &tested)?;
    test.skipped().map_or(Ok(()), |warning| observer.warn(warning))?;
    let (n_runs, mut place) = (candidates.len() * options.seeds.len(), 0);
    let mut said = Vec::new();
    let mut done: Vec<Done<'_>> = Vec::new();
    let CompareOptions { stop, strict, .. } = options;
    for candidate in candidates {
        let mut own = Done::new(candidate, test.rows.runs());
        for &seed in options.seeds {
            place += 1;
            let at = CurrentRun { name: &candidate.name, seed, run: place, of: n_runs };
            let run = Runner { rows: &rows, fitted: &fitted, test: &test, stop, strict };
            run.once(candidate, at, (&mut own, &mut said), observe)
                .map_err(|error| at.failed(error))?;
        }
        done.push(own);
    }
    place = 0;
    for own in &mut done {
        own.test(&test, &fitted.encoder, (&mut place, n_runs), stop, observe)?;
    }
    compared(done, tested_on, &test, options.level)
}

/// The arguments that all runs share.
#[derive(Clone, Copy)]
struct Runner<'a> {
    rows: &'a Rows,
    fitted: &'a Fitted,
    test: &'a TestSet,
    stop: Stop<'a>,
    strict: bool,
}

impl Runner<'_> {
    /// Trains a model with one seed; warnings about the rows are `said` in the first run that has them.
    fn once(
        self,
        candidate: &Candidate,
        place: CurrentRun<'_>,
        (done, said): (&mut Done<'_>, &mut Vec<Warning>),
        observe: &mut (dyn FnMut(CompareEvent<'_>) + Send),
    ) -> Result<(), TrainError> {
        let mut config = candidate.config.clone();
        config.train.seed = place.seed;
        observe(CompareEvent::Begins(place));
        let mut epochs = Vec::new();
        let mut observe_training = |event: Event<'_>| {
            if let Event::Epoch(report) = &event {
                epochs.push(report.clone());
            }
            if let Event::Warning(warning) = &event
                && warning.is_of_rows()
            {
                if said.iter().any(|before| before.repeats(warning)) {
                    return;
                }
                said.push((*warning).clone());
            }
            observe(CompareEvent::Training(place, &event));
        };
        let mut observer = Observer::new(&mut observe_training, self.strict);
        let trained = train_fitted(&config, self.rows, self.fitted, self.stop, &mut observer)?;
        observer.warn_all(self.test.unlike_training(&trained))?;
        observe(CompareEvent::Trained(place, &trained));
        done.n_parameters = trained.n_parameters() as u64;
        let TrainedModel { model, params, other_members, training, .. } = trained;
        done.untested.push(UntestedRun { model, params, other_members, training, epochs });
        Ok(())
    }
}

/// The runs of a model so far.
struct Done<'r> {
    name: String,
    n_parameters: u64,
    untested: Vec<UntestedRun>,
    runs: Vec<ComparedRun>,
    scores: SeedRuns<'r>,
}

/// A run that has been trained. Its encoder is that of all runs.
struct UntestedRun {
    model: Model,
    params: Params<f32>,
    other_members: Vec<Params<f32>>,
    training: TrainingSummary,
    epochs: Vec<EpochReport>,
}

impl<'r> Done<'r> {
    fn new(candidate: &Candidate, scores: SeedRuns<'r>) -> Self {
        let (name, n_parameters) = (candidate.name.clone(), 0);
        Self { name, n_parameters, untested: Vec::new(), runs: Vec::new(), scores }
    }

    /// Tests all runs; `place` is the number of the run before them, of all.
    fn test(
        &mut self,
        test: &TestSet,
        encoder: &Encoder,
        (place, of): (&mut usize, usize),
        stop: Stop<'_>,
        observe: &mut (dyn FnMut(CompareEvent<'_>) + Send),
    ) -> Result<(), TrainError> {
        let Self { name, untested, runs, scores, .. } = self;
        for run in std::mem::take(untested) {
            let UntestedRun { model, params, other_members, training, epochs } = run;
            *place += 1;
            let at = CurrentRun { name, seed: training.seed, run: *place, of };
            if stop() {
                return Err(TrainError::Interrupted { step: training.steps });
            }
            let predictor = Predictor::new(&model, &params).with_others(&other_members);
            let evaluated = test.evaluate(encoder, predictor);
            let (probabilities, tested) = evaluated.map_err(|error| at.failed(error))?;
            observe(CompareEvent::Tested(at, &tested));
            scores.push(&probabilities).map_err(|error| at.failed(error.into()))?;
            let (seed, test) = (training.seed, tested.summary);
            runs.push(ComparedRun { seed, training, epochs, test });
        }
        Ok(())
    }

    /// The validation metrics of all runs.
    fn validation(&self) -> Option<ValidationMeans> {
        let mean = |of: fn(&TrainingSummary) -> Option<f64>| {
            let values =
                self.runs.iter().map(|run| of(&run.training)).collect::<Option<Vec<_>>>()?;
            Some(values.iter().sum::<f64>() / values.len() as f64)
        };
        let log_loss = mean(|training| training.valid_log_loss)?;
        Some(ValidationMeans { auc: mean(|training| training.valid_auc), log_loss })
    }
}

/// The comparison of all models.
fn compared(
    done: Vec<Done<'_>>,
    tested_on: TestedOn,
    test: &TestSet,
    level: f64,
) -> Result<Comparison, TrainError> {
    let mut estimates = Vec::new();
    for Done { scores, .. } in &done {
        let pair = scores.auc(level)?.zip(scores.log_loss(level)?);
        estimates.push(pair.ok_or(TrainError::TestRows)?);
    }
    let best = (0..done.len())
        .rev()
        .max_by(|&a, &b| estimates[a].0.value.total_cmp(&estimates[b].0.value));
    let best = best.unwrap_or(0);
    let differences = differences(&done, best, level)?;
    let models = done.into_iter().zip(estimates).zip(differences);
    let models = models.map(|((done, (auc, log_loss)), to_best)| {
        let valid = done.validation().filter(|_| tested_on == TestedOn::Test);
        let Done { name, n_parameters, runs, .. } = done;
        ComparedModel { name, n_parameters, auc, log_loss, valid, to_best, runs }
    });
    let (rows, positives) = (test.rows.len() as u64, test.positives);
    Ok(Comparison { tested_on, rows, positives, level, best, models: models.collect() })
}

/// The differences between each model and the best one, with p-values adjusted for all of them.
fn differences(
    done: &[Done<'_>],
    best: usize,
    level: f64,
) -> Result<Vec<Option<DifferenceToBest>>, TrainError> {
    let mut found = Vec::new();
    for (place, model) in done.iter().enumerate() {
        let of_best = &done[best].scores;
        let auc = of_best.auc_difference(&model.scores, level)?;
        let log_loss = of_best.log_loss_difference(&model.scores, level)?;
        found.push(auc.zip(log_loss).filter(|_| place != best));
    }
    let adjusted = |p: fn(&(SeedDifference, SeedDifference)) -> Option<f64>| {
        holm(&found.iter().map(|pair| pair.as_ref().and_then(p)).collect::<Vec<_>>())
    };
    let (of_auc, of_loss) = (adjusted(|pair| pair.0.p_value), adjusted(|pair| pair.1.p_value));
    let pairs = found.iter().zip(of_auc.into_iter().zip(of_loss));
    let to_best = pairs.map(|(pair, (auc_p_adjusted, log_loss_p_adjusted))| {
        pair.map(|(auc, log_loss)| DifferenceToBest {
            auc,
            auc_p_adjusted,
            log_loss,
            log_loss_p_adjusted,
        })
    });
    Ok(to_best.collect())
}
