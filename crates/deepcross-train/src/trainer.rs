//! A run: fit the encoder, train epoch by epoch, validate, keep the best.

use crate::engine::total_weight;
use crate::event::{EpochReport, Event};
use crate::read_ahead::{Batches, ReadAhead};
use crate::schedule::Rates;
use crate::units::rows_to_look_at;
use crate::validation::evaluate;
use crate::{Engine, Monitor, RunConfig, Schedule, TrainConfig, TrainError};
use deepcross_autodiff::Params;
use deepcross_data::{Fitted, Labels, Part, RowPlan, RowReader, Shuffled, Source, fit};
use deepcross_features::{Batch, Encoder, History};
use deepcross_metrics::Summary;
use deepcross_model::{DeepCrossing, Predictor, TrainedModel, TrainingSummary};
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
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| TrainError::Threads { threads, reason: error.to_string() })?;
    pool.install(|| train_here(config, files, observe))
}

/// The rows of a run: where they come from, and which are held out.
struct Rows {
    train: Source,
    train_part: Part,
    /// `None` where nothing is held out or given.
    valid: Option<(Source, Part)>,
}

impl Rows {
    fn open(config: &RunConfig, files: &Files) -> Result<Self, TrainError> {
        let train = Source::open(&files.train, &config.data)?;
        if !files.valid.is_empty() {
            let valid = (Source::open(&files.valid, &config.data)?, Part::All);
            return Ok(Self { train, train_part: Part::All, valid: Some(valid) });
        }
        let (valid_fraction, seed) = (config.train.valid_fraction(), config.train.seed);
        if valid_fraction == 0.0 {
            return Ok(Self { train, train_part: Part::All, valid: None });
        }
        let valid = (train.clone(), Part::Valid { valid_fraction, seed });
        Ok(Self { train, train_part: Part::Train { valid_fraction, seed }, valid: Some(valid) })
    }

    fn plan(config: &RunConfig, part: Part) -> RowPlan {
        RowPlan { labels: Labels::Required, part, bad_rows: config.data.bad_rows }
    }
}

/// Settings that contradict the files.
fn check(config: &RunConfig, files: &Files) -> Result<(), TrainError> {
    let mut problems = Vec::new();
    if config.data.label().is_none() {
        problems.push("`data.label`: is needed to train: name the column of the label".to_owned());
    }
    let no_validation = files.valid.is_empty() && config.train.valid_fraction() == 0.0;
    let set = [
        ("monitor", config.train.monitor.is_some()),
        ("patience", config.train.patience.is_some()),
        ("schedule", config.train.schedule == Schedule::Plateau),
    ];
    for (key, _) in set.iter().filter(|(_, set)| *set && no_validation) {
        let problem = "needs validation rows, but `train.valid_fraction` is 0";
        problems.push(format!("`train.{key}`: {problem}"));
    }
    if !files.valid.is_empty() && config.train.valid_fraction.is_some() {
        problems.push(
            "`train.valid_fraction`: has no meaning with a validation file; remove one".to_owned(),
        );
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(TrainError::Config { file: "the configuration".to_owned(), problems })
}

fn train_here(
    config: &RunConfig,
    files: &Files,
    observe: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<TrainedModel, TrainError> {
    check(config, files)?;
    let rows = Rows::open(config, files)?;
    let fitted = fit(&rows.train, &config.schema()?, rows.train_part, config.data.bad_rows)?;
    observe(Event::Fitted {
        rows: fitted.rows,
        positives: fitted.positives,
        skipped: &fitted.skipped,
    });
    let spec = config.model.check()?;
    let mut params = Params::new();
    let model = DeepCrossing::new(&spec, fitted.encoder.shapes(), &mut params, config.train.seed)?;
    observe(Event::Built { model: &model, n_parameters: params.n_parameters() });
    let (groups, seed) = (config.train.groups, config.train.seed);
    let engine = Engine::new(model, params, config.train.optimizer_config(), groups, seed)?
        .with_negative_rate(config.train.negative_rate);
    let Fitted { encoder, history, rows: n_rows, positives, .. } = fitted;
    let (best, looked_at) = (Best::default(), encoder.new_batch());
    let run = Run {
        config,
        rows: &rows,
        n_rows,
        positives,
        encoder: &encoder,
        engine,
        best,
        looked_at,
        valid: None,
        rates: Rates::new(&config.train, n_steps(&config.train, n_rows, positives)),
    };
    let (model, params, training) = run.epochs(history, observe)?;

    let config = config.to_toml()?;
    Ok(TrainedModel { config, encoder, spec, model, params, training })
}

/// The weights to keep.
#[derive(Default)]
struct Best {
    epoch: u32,
    steps: u64,
    valid: Option<Summary>,
    /// `None` while the engine's own weights are the best.
    params: Option<Params<f32>>,
}

struct Run<'a> {
    config: &'a RunConfig,
    rows: &'a Rows,
    /// The number of training rows.
    n_rows: u64,
    /// How many of them are positive.
    positives: u64,
    encoder: &'a Encoder,
    engine: Engine,
    best: Best,
    /// The rows that the units are looked at with; none before the first step.
    looked_at: Batch,
    /// The validation rows of the last epoch, read to their end; what was met in them.
    valid: Option<RowReader<'a>>,
    /// How learning rates change.
    rates: Rates,
}

/// An epoch up to now.
#[derive(Clone, Copy, Default)]
struct SoFar {
    /// From 1.
    epoch: u32,
    rows: u64,
    /// The sum of the rows' losses, each times the row's weight.
    total: f64,
    weight: f64,
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
    let kept = positives as f64 + (rows - positives) as f64 * train.negative_rate;
    u64::from(train.epochs) * (kept / train.batch as f64).ceil() as u64
}

impl<'a> Run<'a> {
    fn epochs(
        mut self,
        history: History,
        observe: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<(DeepCrossing, Params<f32>, TrainingSummary), TrainError> {
        let train = &self.config.train;
        let reader = RowReader::new(
            &self.rows.train,
            self.encoder,
            Rows::plan(self.config, self.rows.train_part),
        )?
        .with_history(history)
        .with_negative_rate(train.negative_rate, train.seed);
        let shuffled = Shuffled::new(reader, train.shuffle_buffer, train.seed, 1);
        let (mut ahead, mut last) = (ReadAhead::new(Batches { shuffled, rows: train.batch }), 0);
        for epoch in 1..=train.epochs {
            if epoch > 1 {
                ahead.source_mut().shuffled.restart(u64::from(epoch))?;
            }
            let train_loss = self.epoch(epoch, &mut ahead, observe)?;
            let valid = self.validate()?;
            let best = self.note(epoch, valid);
            self.rates.end_epoch(epoch, best);
            observe(Event::Epoch(EpochReport { epoch, train_loss, valid, best }));
            self.tell_units(epoch, observe);
            last = epoch;
            if train.patience.is_some_and(|patience| epoch - self.best.epoch >= patience) {
                break;
            }
        }
        let train = ahead.source().shuffled.reader();
        observe(Event::Read { train, valid: self.valid.as_ref() });
        let summary = self.summary(last);
        let (model, own) = self.engine.into_parts();
        Ok((model, self.best.params.unwrap_or(own), summary))
    }

    /// Trains on each row once; the mean log loss.
    fn epoch(
        &mut self,
        epoch: u32,
        ahead: &mut ReadAhead<Batches<'a>>,
        observe: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<f64, TrainError> {
        let mut so_far = SoFar { epoch, ..SoFar::default() };
        observe(Event::BatchWanted);
        while let Some(done) = ahead.next(|batch| {
            observe(Event::BatchReady);
            let done = self.step(batch, &mut so_far, observe);
            observe(Event::BatchWanted);
            done
        })? {
            done?;
        }
        observe(Event::BatchReady);
        self.check_weights()?;
        let SoFar { rows, total, weight, .. } = so_far;
        if rows == 0 {
            let negatives = ahead.source().shuffled.reader().negatives().met;
            return Err(TrainError::NoRowKept { epoch, negatives });
        }
        if weight > 0.0 { Ok(total / weight) } else { Err(TrainError::NoWeight { rows }) }
    }

    /// Trains on a batch.
    fn step(
        &mut self,
        batch: &mut Batch,
        so_far: &mut SoFar,
        observe: &mut (dyn FnMut(Event<'_>) + Send),
    ) -> Result<(), TrainError> {
        smooth(batch.labels_mut(), self.config.train.label_smoothing);
        let weight = total_weight(batch);
        if self.looked_at.n_rows() == 0 && weight > 0.0 {
            self.looked_at = rows_to_look_at(batch, self.encoder.new_batch());
            self.tell_units(0, observe);
        }
        self.engine.set_rate_factor(self.rates.factor(self.engine.n_steps()));
        so_far.total += self.engine.step(batch).map_err(|error| self.named(error))? * weight;
        so_far.weight += weight;
        so_far.rows += batch.n_rows() as u64;
        if so_far.weight > 0.0 {
            let SoFar { epoch, rows, total, weight } = *so_far;
            observe(Event::Step { epoch, rows, loss: total / weight });
        }
        Ok(())
    }

    fn tell_units(&mut self, epoch: u32, observe: &mut (dyn FnMut(Event<'_>) + Send)) {
        if self.engine.model().units().is_empty() {
            return;
        }
        let units = self.engine.units(&self.looked_at);
        observe(Event::Units { epoch, rows: self.looked_at.n_rows(), units: &units });
    }

    fn check_weights(&self) -> Result<(), TrainError> {
        let Some(what) = self.engine.find_non_finite() else { return Ok(()) };
        Err(self.named(TrainError::NotFinite { step: self.engine.n_steps(), what }))
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
        let mut reader = RowReader::new(source, self.encoder, Rows::plan(self.config, *part))?;
        let predictor = Predictor { model: self.engine.model(), params: self.engine.params() };
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
        let better = match (valid, self.best.valid) {
            (Some(valid), Some(best)) => self.is_better(&valid, &best),
            _ => true,
        };
        if better {
            let is_last = epoch == self.config.train.epochs || valid.is_none();
            self.best.epoch = epoch;
            self.best.steps = self.engine.n_steps();
            self.best.valid = valid;
            self.keep(is_last);
        }
        better
    }

    /// Copies the weights, unless no step follows that would change them.
    fn keep(&mut self, is_last: bool) {
        let params = self.engine.params();
        match &mut self.best.params {
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
        let valid = self.best.valid;
        TrainingSummary {
            rows: self.n_rows,
            positives: self.positives,
            steps: self.best.steps,
            epochs,
            best_epoch: self.best.epoch,
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
