//! The training loop of a run: trains epoch by epoch, validates, and keeps the best epoch.

use super::encoded_rows::EncodedRows;
use super::member::{MeanOfMembers, Member};
use super::rate_schedule::RateSchedule;
use super::read_ahead::{Batches, ReadAhead};
use super::rows::{Rows, check_settings};
use super::setup::{Setup, begin, set_up};
use super::shuffle_choice::is_whole;
use super::thread_pool::thread_pool;
use super::unit_warnings::UnitWarnings;
use super::validation::evaluate_with;
use super::validation_warnings::{no_auc, training_counts, unlike_training};
use crate::checkpoint::{Best, CheckpointSchedule, FittedRows, RunState, WorseThanConstant};
use crate::config_file::{DistributedMethod, RunConfig, TrainConfig};
use crate::error::TrainError;
use crate::event::{EpochReport, Event, Observer};
use crate::options::{Files, Next, RunOptions, Stop};
use crate::ranks::Ranks;
use crate::warning::Warning;
use deepcross_autodiff::Params;
use deepcross_data::{Fitted, RowReader, Shuffled};
use deepcross_features::{Batch, Encoder, History};
use deepcross_metrics::{Evaluated, Summary};
use deepcross_model::{Model, TrainedModel, TrainingCounts, TrainingSummary};

/// Trains a model.
///
/// Without any files, the run reads the cache of its options alone; the configuration must then be the one that the cache
/// was made with, as far as rows depend on it.
///
/// `observe` gets the events of the run, on one of its threads.
/// A run that was stopped or killed, and is resumed from its checkpoint, gives the same model as a run that was not
/// interrupted, to the bit, on any number of threads.
///
/// # Errors
/// [`TrainError`] for problems of configuration and data, and if a number becomes NaN or infinite;
/// [`TrainError::Stopped`] or [`TrainError::Interrupted`] if the caller asked for it, [`TrainError::OtherRun`] if the checkpoint is
/// not of this run, [`TrainError::OtherCache`] if a cache without its files is not, [`TrainError::OtherModel`] if the model to begin from has another schema, and
/// [`TrainError::Checkpoint`] if the checkpoint cannot be read; [`TrainError::Warned`] if the run is strict and there is
/// something to warn of.
pub fn train(
    config: &RunConfig,
    files: &Files,
    options: RunOptions<'_>,
    observe: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<TrainedModel, TrainError> {
    let mut observer = Observer::new(observe, options.strict);
    let groups = config.train.groups();
    let ranks = options.ranks.map(|ranks| Ranks::new(ranks, groups)).transpose()?.flatten();
    let ranks = ranks.as_ref();
    match ranks {
        Some(ranks) => check_on_ranks(config, ranks)?,
        None => check_alone(config)?,
    }
    thread_pool(options.threads)?
        .install(|| train_here(config, files, options, ranks, &mut observer))
}

/// Refuses settings that one process cannot follow.
///
/// # Errors
/// [`TrainError::Config`].
fn check_alone(config: &RunConfig) -> Result<(), TrainError> {
    if config.distributed.method == DistributedMethod::AllReduce {
        return Ok(());
    }
    let problem = "`distributed.method`: `bmuf` joins the weights of several ranks, but there is one; start more, or \
                   remove the key";
    Err(refused(problem.to_owned()))
}

/// Refuses settings that several ranks cannot follow.
///
/// # Errors
/// [`TrainError::Config`].
fn check_on_ranks(config: &RunConfig, ranks: &Ranks<'_>) -> Result<(), TrainError> {
    let n_members = config.train.members;
    if n_members > 1 {
        return Err(refused(format!(
            "`train.members` is {n_members}, but several ranks train one member together: start one process, or remove the \
             key"
        )));
    }
    let is_bmuf = config.distributed.method == DistributedMethod::Bmuf;
    let (size, groups) = (ranks.size(), config.train.groups());
    match (0..size).find(|rank| is_bmuf && ranks.groups_of(*rank).is_empty()) {
        Some(rank) => Err(refused(format!(
            "`distributed.method`: a rank without groups learns nothing in a block of `bmuf`, and rank {rank} of {size} has \
             none of the {groups} of `train.groups`; take a multiple of {size}"
        ))),
        None => Ok(()),
    }
}

fn refused(problem: String) -> TrainError {
    let (file, problems) = ("the configuration".to_owned(), vec![problem]);
    TrainError::Config { file, problems }
}

fn train_here(
    config: &RunConfig,
    files: &Files,
    options: RunOptions<'_>,
    ranks: Option<&Ranks<'_>>,
    observer: &mut Observer<'_>,
) -> Result<TrainedModel, TrainError> {
    let (reads_cache_alone, stop) = (files.is_empty() && options.cache.is_some(), options.stop);
    let rows = if reads_cache_alone {
        None
    } else {
        check_settings(config, !files.valid.is_empty())?;
        Some(Rows::open(config, files)?)
    };
    let (setup, is_whole, schedule) =
        set_up(config, (files, rows.as_ref()), options, ranks, observer)?;
    run(config, (setup, is_whole), (schedule, stop, ranks), observer)
}

/// Trains a new model on rows that an encoder has been fitted on, in the thread pool of the caller; `stop` is asked
/// after each batch.
///
/// # Errors
/// As [`train`], and [`TrainError::Interrupted`].
pub(crate) fn train_fitted(
    config: &RunConfig,
    rows: &Rows,
    fitted: &Fitted,
    stop: Stop<'_>,
    observer: &mut Observer<'_>,
) -> Result<TrainedModel, TrainError> {
    check_alone(config)?;
    let setup = begin(config, (fitted.clone(), rows), observer)?;
    let is_whole = is_whole(config, &setup.fitted, observer)?;
    run(config, (setup, is_whole), (None, Some(stop), None), observer)
}

/// Trains from the setup of a run to its end.
fn run<'a>(
    config: &'a RunConfig,
    (setup, is_whole): (Setup<'a>, bool),
    (schedule, stop, ranks): (
        Option<CheckpointSchedule<'a>>,
        Option<Stop<'a>>,
        Option<&'a Ranks<'a>>,
    ),
    observer: &mut Observer<'_>,
) -> Result<TrainedModel, TrainError> {
    let Setup { encoder, history, fitted, members, state, rows } = setup;
    let rates =
        RateSchedule::new(&config.train, n_steps(&config.train, fitted.rows, fitted.positives));
    let run = Run {
        config,
        rows,
        fitted: &fitted,
        is_whole,
        encoder: &encoder,
        members,
        rates: rates.at(state.level, state.waited),
        state,
        unit_rows: encoder.new_batch(),
        unit_warnings: UnitWarnings::default(),
        valid: None,
        schedule,
        stop,
        ranks,
        delayed: Next::Continue,
    };
    let Learned { model, members, training, counts } = run.epochs(history, observer)?;

    let (config, spec) = (config.to_toml()?, config.model.check()?);
    let (encoder, calibrator) = (encoder.for_prediction(), None);
    let (params, other_members) = Default::default();
    let trained = TrainedModel {
        config,
        encoder,
        spec,
        model,
        params,
        other_members,
        training,
        counts,
        calibrator,
    };
    Ok(trained.with_members(members))
}

/// What a run has at its end, beside its encoder.
struct Learned {
    model: Model,
    /// The kept weights of each member.
    members: Vec<Params<f32>>,
    training: TrainingSummary,
    counts: Vec<TrainingCounts>,
}

/// A run, between its setup and its end.
pub(super) struct Run<'a> {
    pub(super) config: &'a RunConfig,
    rows: EncodedRows<'a>,
    pub(super) fitted: &'a FittedRows,
    /// Whether all training rows are shuffled as a whole.
    is_whole: bool,
    pub(super) encoder: &'a Encoder,
    /// At least one.
    pub(super) members: Vec<Member>,
    pub(super) state: RunState,
    /// The rows of the unit reports; none before the first step.
    pub(super) unit_rows: Batch,
    pub(super) unit_warnings: UnitWarnings,
    /// The validation rows of the last epoch, read to their end, for the counts in the reader.
    pub(super) valid: Option<RowReader<'a>>,
    /// The factor of the learning rates at each step.
    pub(super) rates: RateSchedule,
    /// `None` if no checkpoints are written.
    pub(super) schedule: Option<CheckpointSchedule<'a>>,
    /// `None` if the run cannot be stopped in this way.
    pub(super) stop: Option<Stop<'a>>,
    /// The ranks that train together, if there are several.
    pub(super) ranks: Option<&'a Ranks<'a>>,
    /// What is to be done when the block of steps ends in which ranks train apart.
    pub(super) delayed: Next,
}

/// The expected number of steps of a run of all epochs; it depends on chance if negative rows are dropped.
fn n_steps(train: &TrainConfig, rows: u64, positives: u64) -> u64 {
    let kept = n_kept(train, rows, positives);
    u64::from(train.epochs).saturating_mul((kept / train.batch as f64).ceil() as u64)
}

/// The expected number of rows of an epoch.
fn n_kept(train: &TrainConfig, rows: u64, positives: u64) -> f64 {
    positives as f64 + (rows - positives) as f64 * train.negative_rate
}

impl<'a> Run<'a> {
    fn epochs(
        mut self,
        history: Option<History>,
        observer: &mut Observer<'_>,
    ) -> Result<Learned, TrainError> {
        let (last, counts) =
            self.all_epochs(history, observer).map_err(|error| match &self.schedule {
                Some(schedule) => schedule.name_in(error),
                None => error,
            })?;
        let training = self.summary(last);
        let model = self.members[0].engine.model().clone();
        let members = self.members.into_iter().map(Member::into_kept).collect();
        Ok(Learned { model, members, training, counts })
    }

    /// Trains from the position of the run to its end; returns the last epoch, and the counts of its values.
    fn all_epochs(
        &mut self,
        history: Option<History>,
        observer: &mut Observer<'_>,
    ) -> Result<(u32, Vec<TrainingCounts>), TrainError> {
        let train = &self.config.train;
        let shuffled = self.shuffled(history)?;
        let (mut ahead, mut last) = (ReadAhead::new(Batches { shuffled, rows: train.batch }), 0);
        self.catch_up(ahead.source_mut())?;
        for (epoch, member) in self.turns_to_the_end() {
            self.pause_before(epoch, observer)?;
            if (epoch, member) != self.turn() {
                self.restart(ahead.source_mut(), (epoch, member))?;
                self.state.begin(epoch, member);
            }
            self.epoch(epoch, &mut ahead, observer)?;
            if member + 1 < self.members.len() {
                continue;
            }
            let train_loss = self.state.mean_loss();
            let evaluated = self.validate(ahead.source().shuffled.reader(), observer)?;
            let best = self.keep_if_better(epoch, evaluated.as_ref());
            let valid = evaluated.map(|evaluated| evaluated.summary);
            let learning_rate = self.learning_rate();
            self.rates.end_epoch(epoch, best);
            (self.state.level, self.state.waited) = self.rates.progress();
            let report = EpochReport { epoch, train_loss, learning_rate, valid, best };
            self.state.reports.push(report.clone());
            observer.event(Event::Epoch(report));
            if let Some(ranks) = self.ranks {
                observer.event(Event::Exchanged(&ranks.take_traffic()));
            }
            self.observe_units(epoch, observer)?;
            last = epoch;
            let waited = epoch - self.state.best.epoch;
            if train.patience.is_some_and(|patience| waited >= patience) {
                break;
            }
        }
        let train = ahead.source().shuffled.reader();
        observer.event(Event::Read { train, valid: self.valid.as_ref() });
        observer.warn_all(self.kept_warnings())?;
        observer.warn_all(self.shrunk_tables()?)?;
        Ok((last, training_counts(train, self.valid.as_ref())))
    }

    /// The learning rate of the last step of the first member.
    fn learning_rate(&self) -> f64 {
        let last = self.members[0].engine.n_steps().saturating_sub(1);
        self.config.train.learning_rate * self.rates.factor(last)
    }

    /// The training rows, in the order of the first epoch.
    fn shuffled(&self, history: Option<History>) -> Result<Shuffled<'a>, TrainError> {
        let train = &self.config.train;
        let reader = self.rows.train((self.config, self.encoder), history)?;
        let reader = reader.with_negative_rate(train.negative_rate, train.seed);
        let shuffled = Shuffled::new(reader, train.shuffle_buffer, train.seed, 1);
        if !self.is_whole {
            return Ok(shuffled);
        }
        let n_rows = n_kept(train, self.fitted.rows, self.fitted.positives);
        Ok(shuffled.as_a_whole(n_rows.ceil() as u64, self.rows.shuffle_folder()))
    }

    /// The metrics of the validation rows; `train` is the reader of the training rows, read to the end of the epoch.
    fn validate(
        &mut self,
        train: &RowReader<'_>,
        observer: &mut Observer<'_>,
    ) -> Result<Option<Evaluated<f32>>, TrainError> {
        let reader = self.rows.valid((self.config, self.encoder))?;
        let Some(mut reader) = reader else { return Ok(None) };
        let (members, ranks, mut mean) = (&mut self.members, self.ranks, MeanOfMembers::default());
        let evaluated = evaluate_with(&mut reader, None, |batch, probabilities| {
            mean.predict(members, ranks, batch, probabilities)
        })?;
        let summary = &evaluated.summary;
        let is_first = self.valid.replace(reader).is_none();
        if summary.log_loss.is_none() {
            return Err(TrainError::NoValidationRows);
        }
        if is_first {
            observer.warn_all(self.validation_warnings(summary, train))?;
        }
        Ok(Some(evaluated))
    }

    /// The warnings that validation rows give, beside the training rows of `train`.
    ///
    /// Rows that were held out at random are like the training rows, whatever their values are, and the class of held-out
    /// rows is known before training.
    fn validation_warnings(&self, summary: &Summary, train: &RowReader<'_>) -> Vec<Warning> {
        let of_auc = no_auc(summary).filter(|_| !self.fitted.holds_out_one_class());
        let of_file = self.valid.as_ref().filter(|_| !self.rows.holds_out());
        let changes =
            of_file.iter().flat_map(|valid| unlike_training(self.encoder, train, valid.counts()));
        of_auc.into_iter().chain(changes).collect()
    }

    /// Keeps the weights of this epoch if they are better than the best so far; returns whether they are.
    fn keep_if_better(&mut self, epoch: u32, valid: Option<&Evaluated<f32>>) -> bool {
        let train = &self.config.train;
        let score = valid.and_then(|valid| train.monitor().score(&valid.summary));
        let better = match (score, self.state.best.score) {
            (Some(now), Some(best)) => now - best > train.min_delta(),
            _ => true,
        };
        if better {
            let is_last = epoch == train.epochs || valid.is_none();
            let rate = self.state.sums.positive_rate(train.negative_rate);
            let worse = valid.and_then(|valid| WorseThanConstant::of(valid, rate));
            let steps = self.members[0].engine.n_steps();
            self.state.best = Best { epoch, steps, score, worse };
            self.members.iter_mut().for_each(|member| member.keep(is_last));
        }
        better
    }

    fn summary(&self, epochs: u32) -> TrainingSummary {
        let best = self.state.best;
        let report = self.state.reports.iter().find(|report| report.epoch == best.epoch);
        let valid = report.and_then(|report| report.valid);
        TrainingSummary {
            rows: self.fitted.rows,
            positives: self.fitted.positives,
            steps: best.steps,
            epochs,
            best_epoch: best.epoch,
            valid_rows: valid.map_or(0, |valid| valid.rows),
            valid_auc: valid.and_then(|valid| valid.auc),
            valid_log_loss: valid.and_then(|valid| valid.log_loss),
            negative_label: self.fitted.negative_label,
            seed: self.config.train.seed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
