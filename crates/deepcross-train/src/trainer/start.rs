//! How a run begins: anew, from a model, or where a checkpoint stands.

use super::{Rows, Standing};
use crate::checkpoint::{Checkpoint, FittedRows, invalid};
use crate::event::Event;
use crate::identity::Identity;
use crate::init::{check_schema, survey};
use crate::keeper::Keeper;
use crate::row_cache::{CachePlan, FoundCache, RowCache};
use crate::{Engine, Files, RunConfig, RunOptions, TrainError};
use deepcross_autodiff::Params;
use deepcross_data::{Fitted, fit};
use deepcross_features::{Encoder, History};
use deepcross_model::artifact::ArtifactError;
use deepcross_model::{Model, TrainedModel};
use std::path::Path;

type Observe<'o> = dyn FnMut(Event<'_>) + Send + 'o;

/// A run before its next step.
pub(super) struct Start {
    pub(super) encoder: Encoder,
    /// What training rows may know of others; `None` where that is what all rows may know.
    pub(super) history: Option<History>,
    pub(super) fitted: FittedRows,
    pub(super) engine: Engine,
    pub(super) standing: Standing,
    /// The weights of the best epoch.
    pub(super) best: Option<Params<f32>>,
    /// Where rows come from instead of from text.
    pub(super) cache: Option<RowCache>,
}

/// Begins the run, or finds out where it stands.
pub(super) fn start<'c>(
    config: &RunConfig,
    (files, rows): (&Files, &Rows),
    options: RunOptions<'c>,
    observe: &mut Observe<'_>,
) -> Result<(Start, Option<Keeper<'c>>), TrainError> {
    let encoder = options.init.as_ref().map(|init| &init.encoder);
    let plan = options.cache.as_deref().map(|file| CachePlan::new(config, files, encoder, file));
    let plan = plan.transpose()?;
    let found = plan.as_ref().and_then(|plan| plan.find(files, observe));
    let (mut start, keeper) = without_cache(config, (files, rows), options, found, observe)?;
    if let Some(plan) = plan.filter(|_| start.cache.is_none()) {
        let encoder = (&start.encoder, start.history.as_ref());
        start.cache = plan.make((config, rows), encoder, &start.fitted, observe)?;
    }
    Ok((start, keeper))
}

/// Begins the run, or finds out where it stands; where no cache was found, without one.
fn without_cache<'c>(
    config: &RunConfig,
    (files, rows): (&Files, &Rows),
    options: RunOptions<'c>,
    found: Option<FoundCache>,
    observe: &mut Observe<'_>,
) -> Result<(Start, Option<Keeper<'c>>), TrainError> {
    let RunOptions { init, checkpoints, .. } = options;
    init.as_ref().map_or(Ok(()), |init| check_schema(config, init))?;
    // Its weights are trained on, and a calibrator belongs to what they were.
    let init = init.map(|init| TrainedModel { calibrator: None, ..init });
    let Some(checkpoints) = checkpoints else {
        return Ok((begin(config, rows, (init, found), observe)?, None));
    };
    let print = init.as_ref().map(TrainedModel::fingerprint).transpose();
    let print = print.map_err(|error| invalid(Path::new("the model"), error.to_string()))?;
    let run = Identity::of(config, files, print)?;
    let stored = match checkpoints.resume {
        true => stored(&run, config, files, checkpoints.file())?,
        false => None,
    };
    let mut keeper = Keeper::new(checkpoints, run, config.train.checkpoint_steps);
    let Some(checkpoint) = stored else {
        return Ok((begin(config, rows, (init, found), observe)?, Some(keeper)));
    };
    keeper.stands_at(checkpoint.n_steps);
    let start = go_on(config, rows, (init.is_some(), found), (checkpoint, keeper.file()), observe)?;
    Ok((start, Some(keeper)))
}

/// The checkpoint in the file; `None` where there is none.
fn stored(
    run: &Identity,
    config: &RunConfig,
    files: &Files,
    file: &Path,
) -> Result<Option<Checkpoint>, TrainError> {
    let checkpoint = match Checkpoint::read(file) {
        Err(ArtifactError::MissingFile { .. }) => return Ok(None),
        read => read?,
    };
    let differences = checkpoint.run.differences(run, files);
    if !differences.is_empty() {
        return Err(TrainError::OtherRun { file: file.to_owned(), differences });
    }
    checkpoint.check(config, file)?;
    Ok(Some(checkpoint))
}

fn begin(
    config: &RunConfig,
    rows: &Rows,
    (init, found): (Option<TrainedModel>, Option<FoundCache>),
    observe: &mut Observe<'_>,
) -> Result<Start, TrainError> {
    let Some(init) = init else {
        return match found {
            None => anew(config, fitted(config, rows)?, observe),
            Some(FoundCache { rows, encoder, fitted }) => {
                let start = build(config, (encoder, fitted), observe)?;
                Ok(Start { cache: Some(rows), ..start })
            }
        };
    };
    let (fitted, cache) = match found {
        None => (survey(config, rows, &init.encoder)?, None),
        Some(found) => (found.fitted, Some(found.rows)),
    };
    tell(&fitted, observe);
    let TrainedModel { model, params, encoder, .. } = init;
    tell_built(&model, &params, observe);
    let train = &config.train;
    let engine = Engine::new(model, params, train.optimizer_config(), train.groups(), train.seed)?
        .with_trained_weights(train.negative_rate);
    let (history, standing, best) = (None, Standing::default(), None);
    Ok(Start { encoder, history, fitted, engine, standing, best, cache })
}

/// A new model on the rows that an encoder was fitted on.
pub(super) fn anew(
    config: &RunConfig,
    fitted: Fitted,
    observe: &mut Observe<'_>,
) -> Result<Start, TrainError> {
    let Fitted { encoder, history, rows, positives, skipped } = fitted;
    let start = build(config, (encoder, FittedRows::new(rows, positives, &skipped)), observe)?;
    Ok(Start { history: Some(history), ..start })
}

/// A new model on rows of which all is known that a fit tells, but for what training rows may know of others.
fn build(
    config: &RunConfig,
    (encoder, fitted): (Encoder, FittedRows),
    observe: &mut Observe<'_>,
) -> Result<Start, TrainError> {
    tell(&fitted, observe);
    let (train, mut params) = (&config.train, Params::new());
    let model = Model::new(&config.model.check()?, encoder.shapes(), &mut params, train.seed)?;
    tell_built(&model, &params, observe);
    let engine = Engine::new(model, params, train.optimizer_config(), train.groups(), train.seed)?
        .with_negative_rate(train.negative_rate);
    let (history, standing, best, cache) = (None, Standing::default(), None, None);
    Ok(Start { encoder, history, fitted, engine, standing, best, cache })
}

/// Fits the encoder on the training rows.
pub(crate) fn fitted(config: &RunConfig, rows: &Rows) -> Result<Fitted, TrainError> {
    Ok(fit(&rows.train, &config.schema()?, rows.train_part, config.data.bad_rows)?)
}

fn go_on(
    config: &RunConfig,
    rows: &Rows,
    (from_model, found): (bool, Option<FoundCache>),
    (checkpoint, file): (Checkpoint, &Path),
    observe: &mut Observe<'_>,
) -> Result<Start, TrainError> {
    // Rows of the same files and settings have the same encoder, unless somebody forged one of the two.
    let is_same = |found: &FoundCache| {
        found.fitted == checkpoint.fitted
            && found.encoder.to_state() == checkpoint.encoder.to_state()
    };
    let cache = found.filter(is_same).map(|found| found.rows);
    let history = match from_model || cache.is_some() {
        true => None,
        false => history(config, rows, &checkpoint, file)?,
    };
    let Checkpoint { encoder, fitted, n_steps, standing, weights, optimizer, best, .. } =
        checkpoint;
    tell(&fitted, observe);
    let spec = config.model.check()?;
    let model = Model::for_params(&spec, encoder.shapes(), &weights)?;
    tell_built(&model, &weights, observe);
    let (train, seed) = (&config.train, config.train.seed);
    let engine = Engine::new(model, weights, train.optimizer_config(), train.groups(), seed)?
        .with_trained_weights(train.negative_rate)
        .with_optimizer_state(n_steps, optimizer)
        .map_err(|error| invalid(file, error.to_string()))?;
    let (epoch, rows, reports) = (standing.epoch, standing.sums.rows, &standing.reports);
    observe(Event::Resumed { file, step: n_steps, epoch, rows, reports });
    Ok(Start { encoder, history, fitted, engine, standing, best, cache })
}

/// The companion counts of training rows, from a second fit; it must give the encoder of the first.
///
/// To store them would spare that pass, but they are as large as the values of all training rows.
fn history(
    config: &RunConfig,
    rows: &Rows,
    checkpoint: &Checkpoint,
    file: &Path,
) -> Result<Option<History>, TrainError> {
    if config.field.iter().all(|field| field.companion().is_none()) {
        return Ok(None);
    }
    let Fitted { encoder, history, rows, positives, skipped } = fitted(config, rows)?;
    let fitted = FittedRows::new(rows, positives, &skipped);
    if fitted != checkpoint.fitted || encoder.to_state() != checkpoint.encoder.to_state() {
        let differences = vec!["the training rows have other values".to_owned()];
        return Err(TrainError::OtherRun { file: file.to_owned(), differences });
    }
    Ok(Some(history))
}

fn tell(fitted: &FittedRows, observe: &mut Observe<'_>) {
    let FittedRows { rows, positives, .. } = *fitted;
    observe(Event::Fitted { rows, positives, skipped: &fitted.skipped() });
}

fn tell_built(model: &Model, params: &Params<f32>, observe: &mut Observe<'_>) {
    observe(Event::Built { model, n_parameters: params.n_parameters() });
}
