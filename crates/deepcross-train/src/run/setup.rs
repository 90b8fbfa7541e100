//! Sets a run up: its encoder, its model, and the source of its encoded rows.
//!
//! A run begins in one of four ways: at its checkpoint, from an earlier model, from a cache of encoded rows, or from
//! text.

use super::engine::Engine;
use super::row_cache::{CachePlan, FoundCache, RowCache};
use super::rows::Rows;
use super::shuffle_choice::is_whole;
use super::validation_warnings::early_warnings;
use super::warm_start::{check_schema, survey};
use crate::checkpoint::{Checkpoint, CheckpointSchedule, FittedRows, Identity, RunState, invalid};
use crate::config_file::RunConfig;
use crate::error::TrainError;
use crate::event::{Event, Observer};
use crate::options::{Checkpoints, Files, RunOptions};
use deepcross_autodiff::Params;
use deepcross_data::{Fitted, fit};
use deepcross_features::{Encoder, History};
use deepcross_model::{Model, TrainedModel};
use std::path::Path;

/// A run before its next step.
pub(super) struct Setup {
    pub(super) encoder: Encoder,
    /// The companion counts of training rows; `None` if training rows use the same counts as all other rows.
    pub(super) history: Option<History>,
    pub(super) fitted: FittedRows,
    pub(super) engine: Engine,
    pub(super) state: RunState,
    /// The weights of the best epoch.
    pub(super) best: Option<Params<f32>>,
    /// The source of encoded rows; `None` if they are encoded from the text.
    pub(super) cache: Option<RowCache>,
}

/// Sets a run up; also returns whether it shuffles all rows as a whole, and the schedule of its checkpoints, if it writes
/// any.
///
/// All that the training rows give to warn of is said before the cache is written; in a strict run, also what the
/// validation files give.
pub(super) fn set_up<'c>(
    config: &RunConfig,
    (files, rows): (&Files, &Rows),
    options: RunOptions<'c>,
    observer: &mut Observer<'_>,
) -> Result<(Setup, bool, Option<CheckpointSchedule<'c>>), TrainError> {
    let RunOptions { init, checkpoints, cache, .. } = options;
    let init_encoder = init.as_ref().map(|init| &init.encoder);
    let plan = cache.map(|file| CachePlan::new(config, files, init_encoder, &file)).transpose()?;
    let found = plan.as_ref().and_then(|plan| plan.find(files, observer));
    init.as_ref().map_or(Ok(()), |init| check_schema(config, init))?;
    // The weights are trained further, and a calibrator belongs to the weights that it was fitted to.
    let init = init.map(|init| TrainedModel { calibrator: None, ..init });
    let (checkpoint, schedule) = open_checkpoints(config, files, init.as_ref(), checkpoints)?;

    let mut setup = match (checkpoint, init, found) {
        (Some(checkpoint), init, found) => {
            resume(config, rows, checkpoint, (init.is_some(), found), observer)?
        }
        (None, Some(init), found) => begin_from_model(config, rows, (init, found), observer)?,
        (None, None, Some(found)) => begin_from_cache(config, found, observer)?,
        (None, None, None) => begin(config, fit_encoder(config, rows)?, observer)?,
    };
    setup.fitted.report(config, observer)?;
    let is_whole = is_whole(config, &setup.fitted, observer)?;
    if let Some(plan) = plan.filter(|_| setup.cache.is_none()) {
        if observer.is_strict() {
            observer.warn_all(early_warnings(config, rows, &setup.encoder)?)?;
        }
        let encoder = (&setup.encoder, setup.history.as_ref());
        setup.cache = plan.make((config, rows), encoder, &setup.fitted, observer)?;
    }
    Ok((setup, is_whole, schedule))
}

/// The checkpoint that the run goes on from, if there is one, and the schedule of the checkpoints to come.
fn open_checkpoints<'c>(
    config: &RunConfig,
    files: &Files,
    init: Option<&TrainedModel>,
    checkpoints: Option<Checkpoints<'c>>,
) -> Result<(Option<Checkpoint>, Option<CheckpointSchedule<'c>>), TrainError> {
    let Some(checkpoints) = checkpoints else { return Ok((None, None)) };
    let fingerprint = init.map(TrainedModel::fingerprint).transpose();
    let fingerprint =
        fingerprint.map_err(|error| invalid(Path::new("the model"), error.to_string()))?;
    let run = Identity::of(config, files, fingerprint)?;
    let found = match checkpoints.resume {
        true => Checkpoint::find(&run, config, files, checkpoints.file())?,
        false => None,
    };
    let mut schedule = CheckpointSchedule::new(checkpoints, run, config.train.checkpoint_steps);
    if let Some(checkpoint) = &found {
        schedule.resume_at(checkpoint.n_steps);
    }
    Ok((found, Some(schedule)))
}

/// Goes on from a checkpoint.
fn resume(
    config: &RunConfig,
    rows: &Rows,
    checkpoint: Checkpoint,
    (from_model, found): (bool, Option<FoundCache>),
    observer: &mut Observer<'_>,
) -> Result<Setup, TrainError> {
    // Rows of the same files and settings have the same encoder, unless one of the two was forged.
    let is_same = |found: &FoundCache| {
        found.fitted == checkpoint.fitted
            && found.encoder.to_state() == checkpoint.encoder.to_state()
    };
    let cache = found.filter(is_same).map(|found| found.rows);
    let history = match from_model || cache.is_some() {
        true => None,
        false => fit_history(config, rows, &checkpoint)?,
    };
    let Checkpoint { file, encoder, fitted, n_steps, state, weights, optimizer, best, .. } =
        checkpoint;
    observe_fitted(&fitted, observer);
    let spec = config.model.check()?;
    let model = Model::for_params(&spec, encoder.shapes(), &weights)?;
    observe_built(&model, &weights, observer);
    let (train, seed) = (&config.train, config.train.seed);
    let engine = Engine::new(model, weights, train.optimizer_config(), train.groups(), seed)?
        .with_trained_weights(train.negative_rate)
        .with_optimizer_state(n_steps, optimizer)
        .map_err(|error| invalid(&file, error.to_string()))?;
    let (epoch, rows, reports) = (state.epoch, state.sums.rows, &state.reports);
    observer.event(Event::Resumed { file: &file, step: n_steps, epoch, rows, reports });
    Ok(Setup { encoder, history, fitted, engine, state, best, cache })
}

/// The companion counts of training rows, from a second fit; it must give the encoder of the first.
///
/// Rejected: storing them, which would spare that pass, but they are as large as the values of all training rows.
fn fit_history(
    config: &RunConfig,
    rows: &Rows,
    checkpoint: &Checkpoint,
) -> Result<Option<History>, TrainError> {
    if config.field.iter().all(|field| field.companion().is_none()) {
        return Ok(None);
    }
    let again = fit_encoder(config, rows)?;
    let fitted = FittedRows::of(&again);
    let Fitted { encoder, history, .. } = again;
    if fitted != checkpoint.fitted || encoder.to_state() != checkpoint.encoder.to_state() {
        let differences = vec!["the training rows have other values".to_owned()];
        return Err(TrainError::OtherRun { file: checkpoint.file.clone(), differences });
    }
    Ok(Some(history))
}

/// Begins from an earlier model: its encoder and its weights.
fn begin_from_model(
    config: &RunConfig,
    rows: &Rows,
    (init, found): (TrainedModel, Option<FoundCache>),
    observer: &mut Observer<'_>,
) -> Result<Setup, TrainError> {
    let (fitted, cache) = match found {
        None => (survey(config, rows, &init)?, None),
        Some(found) => (found.fitted, Some(found.rows)),
    };
    observe_fitted(&fitted, observer);
    let TrainedModel { model, params, encoder, .. } = init;
    observe_built(&model, &params, observer);
    let train = &config.train;
    let engine = Engine::new(model, params, train.optimizer_config(), train.groups(), train.seed)?
        .with_trained_weights(train.negative_rate);
    let (history, state, best) = (None, RunState::default(), None);
    Ok(Setup { encoder, history, fitted, engine, state, best, cache })
}

/// Begins with a new model, and with the encoder and the rows of a cache.
fn begin_from_cache(
    config: &RunConfig,
    FoundCache { rows, encoder, fitted }: FoundCache,
    observer: &mut Observer<'_>,
) -> Result<Setup, TrainError> {
    let setup = new_model(config, (encoder, fitted), observer)?;
    Ok(Setup { cache: Some(rows), ..setup })
}

/// Begins with a new model and an encoder that has just been fitted.
pub(super) fn begin(
    config: &RunConfig,
    fitted: Fitted,
    observer: &mut Observer<'_>,
) -> Result<Setup, TrainError> {
    let counts = FittedRows::of(&fitted);
    let Fitted { encoder, history, .. } = fitted;
    let setup = new_model(config, (encoder, counts), observer)?;
    Ok(Setup { history: Some(history), ..setup })
}

/// Fits the encoder to the training rows.
pub(crate) fn fit_encoder(config: &RunConfig, rows: &Rows) -> Result<Fitted, TrainError> {
    rows.check_valid_files(config)?;
    let fitted = fit(&rows.train, &config.schema()?, rows.train_part()?, config.data.bad_rows)?;
    rows.check_valid_labels()?;
    Ok(fitted)
}

/// A new model for the fields of an encoder.
fn new_model(
    config: &RunConfig,
    (encoder, fitted): (Encoder, FittedRows),
    observer: &mut Observer<'_>,
) -> Result<Setup, TrainError> {
    observe_fitted(&fitted, observer);
    let (train, mut params) = (&config.train, Params::new());
    let model = Model::new(&config.model.check()?, encoder.shapes(), &mut params, train.seed)?;
    observe_built(&model, &params, observer);
    let engine = Engine::new(model, params, train.optimizer_config(), train.groups(), train.seed)?
        .with_negative_rate(train.negative_rate);
    let (history, state, best, cache) = (None, RunState::default(), None, None);
    Ok(Setup { encoder, history, fitted, engine, state, best, cache })
}

fn observe_fitted(fitted: &FittedRows, observer: &mut Observer<'_>) {
    let FittedRows { rows, positives, .. } = *fitted;
    observer.event(Event::Fitted { rows, positives, skipped: &fitted.skipped() });
}

fn observe_built(model: &Model, params: &Params<f32>, observer: &mut Observer<'_>) {
    observer.event(Event::Built { model, n_parameters: params.n_parameters() });
}
