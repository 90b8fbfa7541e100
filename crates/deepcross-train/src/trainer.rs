//! A run: fit the encoder, train epoch by epoch, validate, keep the best.

mod keeping;
mod standing;
mod start;

use crate::checkpoint::FittedRows;
use crate::engine::total_weight;
use crate::event::{EpochReport, Event};
use crate::keeper::Keeper;
use crate::read_ahead::{Batches, ReadAhead};
use crate::row_cache::RowCache;
use crate::schedule::Rates;
use crate::units::rows_to_look_at;
use crate::validation::evaluate;
use crate::{Engine, Monitor, RunConfig, RunOptions, Schedule, Shuffle, TrainConfig, TrainError};
use deepcross_autodiff::Params;
use deepcross_data::{Fitted, Labels, Partition, RowPlan, RowReader, Shuffled, Source};
use deepcross_features::{Batch, Encoder, History};
use deepcross_metrics::Summary;
use deepcross_model::{Model, Predictor, TrainedModel, TrainingSummary, Unit};
pub(crate) use standing::{Best, Standing};
pub(crate) use start::fitted;
use start::{Start, anew, start};
use std::path::PathBuf;

/// The files of a run.
#[derive(Clone, Debug)]
pub struct Files {
    /// Read in order.
    pub train: Vec<PathBuf>,
    /// Validation files; where there are none, rows of the training files are held out.
    pub valid: Vec<PathBuf>,
}

/// Trains a model on so many threads; the result is the same for any number of them.
///
/// `observe` is told how it goes, on one of these threads.
///
/// # Errors
/// [`TrainError`]: configuration, data, or a number that is no longer finite.
pub fn train(
    config: &RunConfig,
    files: &Files,
    threads: usize,
    observe: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<TrainedModel, TrainError> {
    train_with(config, files, RunOptions::on_threads(threads), observe)
}

/// [`train`], from a model that was trained before or with checkpoints, or both.
///
/// A run that was stopped or killed and goes on from its checkpoint gives the model that it would have given if left alone,
/// to the bit, on any number of threads.
///
/// # Errors
/// As [`train`]; and [`TrainError::Stopped`] where the caller asked for it, [`TrainError::OtherRun`] where the checkpoint
/// is not of this run, [`TrainError::OtherModel`] where the model to begin from has another schema, and
/// [`TrainError::Checkpoint`] where the checkpoint cannot be read.
pub fn train_with(
    config: &RunConfig,
    files: &Files,
    options: RunOptions<'_>,
    observe: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<TrainedModel, TrainError> {
    let threads = options.threads;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| TrainError::Threads { threads, reason: error.to_string() })?;
    pool.install(|| train_here(config, files, options, observe))
}

/// The rows of a run: where they come from, and which are held out.
pub(crate) struct Rows {
    pub(crate) train: Source,
    pub(crate) train_part: Partition,
    /// `None` where nothing is held out or given.
    pub(crate) valid: Option<(Source, Partition)>,
}

impl Rows {
    pub(crate) fn open(config: &RunConfig, files: &Files) -> Result<Self, TrainError> {
        let train = Source::open(&files.train, &config.data)?;
        if !files.valid.is_empty() {
            let valid = (Source::open(&files.valid, &config.data)?, Partition::All);
            return Ok(Self { train, train_part: Partition::All, valid: Some(valid) });
        }
        let (valid_fraction, seed) = (config.train.valid_fraction(), config.train.split_seed());
        if valid_fraction == 0.0 {
            return Ok(Self { train, train_part: Partition::All, valid: None });
        }
        let valid = (train.clone(), Partition::Valid { valid_fraction, seed });
        Ok(Self {
            train,
            train_part: Partition::Train { valid_fraction, seed },
            valid: Some(valid),
        })
    }

    pub(crate) fn plan(config: &RunConfig, partition: Partition) -> RowPlan {
        RowPlan { labels: Labels::Required, partition, bad_rows: config.data.bad_rows }
    }
}

/// Settings that contradict the files.
pub(crate) fn check(config: &RunConfig, files: &Files) -> Result<(), TrainError> {
    let mut problems = Vec::new();
    if config.data.label().is_none() {
        problems.push("`data.label`: is needed to train: name the column of the label".to_owned());
    }
    let no_validation = files.valid.is_empty() && config.train.valid_fraction() == 0.0;
    let set = [
        ("monitor", config.train.monitor.is_some()),
        ("patience", config.train.patience.is_some()),
        ("split_seed", config.train.split_seed.is_some()),
        ("schedule", config.train.schedule == Schedule::Plateau),
    ];
    for (key, _) in set.iter().filter(|(_, set)| *set && no_validation) {
        let problem = "needs validation rows, but `train.valid_fraction` is 0";
        problems.push(format!("`train.{key}`: {problem}"));
    }
    let of_split = [
        ("valid_fraction", config.train.valid_fraction.is_some()),
        ("split_seed", config.train.split_seed.is_some()),
    ];
    for (key, _) in of_split.iter().filter(|(_, set)| *set && !files.valid.is_empty()) {
        problems.push(format!("`train.{key}`: has no meaning with a validation file; remove one"));
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(TrainError::Config { file: "the configuration".to_owned(), problems })
}

fn train_here(
    config: &RunConfig,
    files: &Files,
    options: RunOptions<'_>,
    observe: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<TrainedModel, TrainError> {
    check(config, files)?;
    let rows = Rows::open(config, files)?;
    let (start, keeper) = start(config, (files, &rows), options, observe)?;
    run(config, &rows, start, (keeper, None), observe)
}

/// Trains a new model on rows that an encoder has been fitted on, within the pool of the caller; `stop` is asked after each
/// batch.
///
/// # Errors
/// As [`train`], and [`TrainError::Interrupted`].
pub(crate) fn train_fitted(
    config: &RunConfig,
    rows: &Rows,
    fitted: &Fitted,
    stop: Stop<'_>,
    observe: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<TrainedModel, TrainError> {
    let start = anew(config, fitted.clone(), observe)?;
    run(config, rows, start, (None, Some(stop)), observe)
}

/// Whether a run is to end before its time.
pub(crate) type Stop<'s> = &'s (dyn Fn() -> bool + Sync);

/// Trains from where a run begins to its end.
fn run<'a>(
    config: &'a RunConfig,
    rows: &'a Rows,
    start: Start,
    (keeper, stop): (Option<Keeper<'a>>, Option<Stop<'a>>),
    observe: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<TrainedModel, TrainError> {
    let Start { encoder, history, fitted, engine, standing, best, cache } = start;
    let rates = Rates::new(&config.train, n_steps(&config.train, fitted.rows, fitted.positives));
    let run = Run {
        config,
        rows,
        fitted: &fitted,
        encoder: &encoder,
        engine,
        rates: rates.at(standing.level, standing.waited),
        standing,
        best,
        looked_at: encoder.new_batch(),
        valid: None,
        keeper,
        stop,
        cache,
    };
    let (model, params, training) = run.epochs(history, observe)?;

    let (config, spec) = (config.to_toml()?, config.model.check()?);
    let calibrator = None;
    Ok(TrainedModel { config, encoder, spec, model, params, training, calibrator })
}

struct Run<'a> {
    config: &'a RunConfig,
    rows: &'a Rows,
    fitted: &'a FittedRows,
    encoder: &'a Encoder,
    engine: Engine,
    standing: Standing,
    /// The weights of the best epoch; `None` while the engine's own weights are the best.
    best: Option<Params<f32>>,
    /// The rows that the units are looked at with; none before the first step.
    looked_at: Batch,
    /// The validation rows of the last epoch, read to their end; what was met in them.
    valid: Option<RowReader<'a>>,
    /// How learning rates change.
    rates: Rates,
    /// `None` where no checkpoints are written.
    keeper: Option<Keeper<'a>>,
    /// `None` where nobody is to be asked.
    stop: Option<Stop<'a>>,
    /// Where rows come from; `None` where that is the text.
    cache: Option<RowCache>,
}

/// Moves labels by `smoothing`, in [0, 1), towards one half (Szegedy et al., CVPR 2016); does nothing where it is 0.
fn smooth(labels: &mut [f32], smoothing: f64) {
    if smoothing > 0.0 {
        let (keep, add) = ((1.0 - smoothing) as f32, (0.5 * smoothing) as f32);
        labels.iter_mut().for_each(|label| *label = keep * *label + add);
    }
}

/// The steps of a run of all epochs, up to the chance of which negative rows are kept.
fn n_steps(train: &TrainConfig, rows: u64, positives: u64) -> u64 {
    let kept = n_kept(train, rows, positives);
    u64::from(train.epochs).saturating_mul((kept / train.batch as f64).ceil() as u64)
}

/// The rows of an epoch, likewise.
fn n_kept(train: &TrainConfig, rows: u64, positives: u64) -> f64 {
    positives as f64 + (rows - positives) as f64 * train.negative_rate
}

impl<'a> Run<'a> {
    fn epochs(
        mut self,
        history: Option<History>,
        observe: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<(Model, Params<f32>, TrainingSummary), TrainError> {
        let last =
            self.all_epochs(history, observe).map_err(|error| self.with_checkpoint(error))?;
        let summary = self.summary(last);
        let (model, own) = self.engine.into_parts();
        Ok((model, self.best.unwrap_or(own), summary))
    }

    /// Trains from where the run stands to its end; the last epoch.
    fn all_epochs(
        &mut self,
        history: Option<History>,
        observe: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<u32, TrainError> {
        let train = &self.config.train;
        let shuffled = self.shuffled(history)?;
        let (mut ahead, mut last) = (ReadAhead::new(Batches { shuffled, rows: train.batch }), 0);
        self.catch_up(ahead.source_mut())?;
        let first = self.standing.epoch;
        for epoch in first..=train.epochs {
            if epoch > first {
                ahead.source_mut().shuffled.restart(u64::from(epoch))?;
                self.standing.begin(epoch);
            }
            let train_loss = self.epoch(epoch, &mut ahead, observe)?;
            let valid = self.validate()?;
            let best = self.note(epoch, valid);
            self.rates.end_epoch(epoch, best);
            (self.standing.level, self.standing.waited) = self.rates.standing();
            let report = EpochReport { epoch, train_loss, valid, best };
            self.standing.reports.push(report.clone());
            observe(Event::Epoch(report));
            self.tell_units(epoch, observe);
            last = epoch;
            let waited = epoch - self.standing.best.epoch;
            if train.patience.is_some_and(|patience| waited >= patience) {
                break;
            }
        }
        let train = ahead.source().shuffled.reader();
        observe(Event::Read { train, valid: self.valid.as_ref() });
        Ok(last)
    }

    /// The training rows, in the order of the first epoch.
    fn shuffled(&self, history: Option<History>) -> Result<Shuffled<'a>, TrainError> {
        let (train, rows) = (&self.config.train, self.rows);
        let plan = Rows::plan(self.config, rows.train_part);
        let reader = RowReader::new(&rows.train, self.encoder, plan)?
            .with_negative_rate(train.negative_rate, train.seed);
        let reader = match (&self.cache, history) {
            (Some(cache), _) => cache.train(reader),
            (None, Some(history)) => reader.with_history(history),
            (None, None) => reader,
        };
        let shuffled = Shuffled::new(reader, train.shuffle_buffer, train.seed, 1);
        Ok(match train.shuffle {
            Shuffle::Buffer => shuffled,
            Shuffle::Whole => {
                let folder = self.cache.as_ref().map_or_else(std::env::temp_dir, RowCache::folder);
                let n_rows = n_kept(train, self.fitted.rows, self.fitted.positives);
                shuffled.as_a_whole(n_rows.ceil() as u64, folder)
            }
        })
    }

    /// Trains on the rows of the epoch that are still to come; the mean log loss of all.
    fn epoch(
        &mut self,
        epoch: u32,
        ahead: &mut ReadAhead<Batches<'a>>,
        observe: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<f64, TrainError> {
        observe(Event::BatchWanted);
        while let Some(done) = ahead.next(|batch| {
            observe(Event::BatchReady);
            let done = self.step(epoch, batch, observe);
            observe(Event::BatchWanted);
            done
        })? {
            done?;
        }
        observe(Event::BatchReady);
        self.check_weights()?;
        let sums = self.standing.sums;
        if sums.rows == 0 {
            let negatives = ahead.source().shuffled.reader().negatives().met;
            return Err(TrainError::NoRowKept { epoch, negatives });
        }
        if sums.weight > 0.0 {
            Ok(sums.mean_loss())
        } else {
            Err(TrainError::NoWeight { rows: sums.rows })
        }
    }

    /// Trains on a batch.
    fn step(
        &mut self,
        epoch: u32,
        batch: &mut Batch,
        observe: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<(), TrainError> {
        smooth(batch.labels_mut(), self.config.train.label_smoothing);
        let weight = total_weight(batch);
        if self.looked_at.n_rows() == 0 && weight > 0.0 {
            self.looked_at = rows_to_look_at(batch, self.encoder.new_batch());
            self.tell_units(0, observe);
        }
        self.engine.set_rate_factor(self.rates.factor(self.engine.n_steps()));
        let loss = self.engine.step(batch).map_err(|error| self.named(error))?;
        let sums = self.standing.add_batch(batch.n_rows() as u64, loss, weight);
        if sums.weight > 0.0 {
            let (rows, loss) = (sums.rows, sums.mean_loss());
            observe(Event::Step { epoch, rows, loss });
        }
        self.after_batch(observe)
    }

    fn tell_units(&mut self, epoch: u32, observe: &mut (dyn FnMut(Event<'_>) + Send)) {
        if !self.engine.model().units().iter().any(Unit::is_residual) {
            return;
        }
        let units = self.engine.units(&self.looked_at);
        observe(Event::Units { epoch, rows: self.looked_at.n_rows(), units: &units });
    }

    fn check_weights(&self) -> Result<(), TrainError> {
        let Some(what) = self.engine.find_non_finite() else { return Ok(()) };
        let step = self.engine.n_steps();
        Err(self.named(TrainError::NotFinite { step, what: Box::new(what), checkpoint: None }))
    }

    /// The error, which tells the value that the row of a table stands for.
    fn named(&self, mut error: TrainError) -> TrainError {
        if let TrainError::NotFinite { what, .. } = &mut error
            && let Some(element) = what.element_mut()
        {
            element.name_value(self.encoder);
        }
        error
    }

    fn validate(&mut self) -> Result<Option<Summary>, TrainError> {
        let Some((source, part)) = &self.rows.valid else { return Ok(None) };
        let reader = RowReader::new(source, self.encoder, Rows::plan(self.config, *part))?;
        let mut reader = match &self.cache {
            Some(cache) => cache.valid(reader),
            None => reader,
        };
        let predictor = Predictor::new(self.engine.model(), self.engine.params());
        let summary = evaluate(predictor, &mut reader, self.engine.tapes())?;
        self.valid = Some(reader);
        if summary.log_loss.is_none() {
            return Err(TrainError::NoValidationRows);
        }
        if self.config.train.monitor() == Monitor::Auc && summary.auc.is_none() {
            return Err(TrainError::OneClass);
        }
        Ok(Some(summary))
    }

    /// Keeps the weights of this epoch if they are better than the best so far; whether they are.
    fn note(&mut self, epoch: u32, valid: Option<Summary>) -> bool {
        let better = match (valid, self.standing.best.valid) {
            (Some(valid), Some(best)) => self.is_better(&valid, &best),
            _ => true,
        };
        if better {
            let is_last = epoch == self.config.train.epochs || valid.is_none();
            self.standing.best = Best { epoch, steps: self.engine.n_steps(), valid };
            self.keep(is_last);
        }
        better
    }

    /// Copies the weights, unless no step follows that would change them.
    fn keep(&mut self, is_last: bool) {
        let params = self.engine.params();
        match &mut self.best {
            kept if is_last => *kept = None,
            Some(kept) => kept.copy_from(params),
            kept => *kept = Some(params.clone()),
        }
    }

    /// Whether the first is better; both have the metric that [`validate`](Self::validate) asked for.
    fn is_better(&self, new: &Summary, best: &Summary) -> bool {
        match self.config.train.monitor() {
            Monitor::Auc => new.auc > best.auc,
            Monitor::LogLoss => new.log_loss < best.log_loss,
        }
    }

    fn summary(&self, epochs: u32) -> TrainingSummary {
        let best = self.standing.best;
        let valid = best.valid;
        TrainingSummary {
            rows: self.fitted.rows,
            positives: self.fitted.positives,
            steps: best.steps,
            epochs,
            best_epoch: best.epoch,
            valid_rows: valid.map_or(0, |valid| valid.rows),
            valid_auc: valid.and_then(|valid| valid.auc),
            valid_log_loss: valid.and_then(|valid| valid.log_loss),
            seed: self.config.train.seed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_moved_towards_one_half() {
        for (smoothing, expected) in [(0.0, [0.0, 1.0]), (0.25, [0.125, 0.875])] {
            let mut labels = [0.0, 1.0];
            smooth(&mut labels, smoothing);
            assert_eq!(labels, expected);
        }
    }

    #[test]
    fn a_run_has_the_steps_of_all_its_kept_rows() {
        let train = |negative_rate| TrainConfig {
            epochs: 3,
            batch: 10,
            negative_rate,
            ..Default::default()
        };
        assert_eq!(n_steps(&train(1.0), 101, 20), 33);
        assert_eq!(n_steps(&train(0.5), 100, 20), 18);
    }
}
