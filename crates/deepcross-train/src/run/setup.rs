//! Sets a run up: its encoder, its model, and the source of its encoded rows.
//!
//! A run begins in one of four ways: at its checkpoint, from an earlier model, from a cache of encoded rows, or from
//! text.
//! With a cache, it may have no text at all.

use super::encoded_rows::EncodedRows;
use super::engine::Engine;
use super::member::Member;
use super::row_cache::{CachePlan, FoundCache};
use super::rows::Rows;
use super::shuffle_choice::is_whole;
use super::validation_warnings::early_warnings;
use super::warm_start::{check_members, check_schema, survey};
use crate::checkpoint::{
    Checkpoint, CheckpointSchedule, FilePrints, FittedRows, Identity, RunState, StoredMember,
    invalid,
};
use crate::config_file::RunConfig;
use crate::error::TrainError;
use crate::event::{Event, Observer};
use crate::member_place::MemberPlace;
use crate::options::{Checkpoints, Files, RunOptions, Stop};
use crate::ranks::Ranks;
use deepcross_autodiff::{Params, Share};
use deepcross_collective::Communicator;
use deepcross_data::{BadRows, DataError, Fitted, Partition, fit_on_ranks, fit_until};
use deepcross_features::{Encoder, History, Schema};
use deepcross_model::{Model, TrainedModel};
use std::path::{Path, PathBuf};

/// A run before its next step.
pub(super) struct Setup<'r> {
    pub(super) encoder: Encoder,
    /// The companion counts of training rows; `None` if training rows use the same counts as all other rows.
    pub(super) history: Option<History>,
    pub(super) fitted: FittedRows,
    pub(super) members: Vec<Member>,
    pub(super) state: RunState,
    pub(super) rows: EncodedRows<'r>,
}

/// What a run can read.
enum Origin<'r> {
    Text(&'r Rows),
    /// A cache without its files.
    Cache(FoundCache),
    /// A cache, and the files that it was made from.
    Both(FoundCache, &'r Rows),
}

impl Origin<'_> {
    fn cache(&self) -> Option<&FoundCache> {
        match self {
            Self::Text(_) => None,
            Self::Cache(found) | Self::Both(found, _) => Some(found),
        }
    }
}

/// Sets a run up; also returns whether it shuffles all rows as a whole, and the schedule of its checkpoints, if it writes
/// any.
///
/// All that the training rows give to warn of is said before the cache is written; in a strict run, also what the
/// validation files give.
///
/// Without `rows`, the run reads the cache of its options alone, and `files` is empty.
pub(super) fn set_up<'r, 'c>(
    config: &RunConfig,
    (files, rows): (&Files, Option<&'r Rows>),
    options: RunOptions<'c>,
    ranks: Option<&Ranks<'_>>,
    observer: &mut Observer<'_>,
) -> Result<(Setup<'r>, bool, Option<CheckpointSchedule<'c>>), TrainError> {
    let RunOptions { init, checkpoints, cache, stop_fitting, .. } = options;
    if ranks.is_some() && cache.is_none() {
        return Err(TrainError::RanksWithoutCache);
    }
    let init = init.map(|init| TrainedModel { encoder: init.encoder.for_training(), ..init });
    let caching = Caching { config, init: init.as_ref().map(|init| &init.encoder), file: cache };
    let (origin, plan, prints) = caching.origin((files, rows), observer)?;
    if let Some(ranks) = ranks {
        let found = origin.cache().ok_or(TrainError::RanksWithoutCache)?;
        ranks.check_same(&config.to_toml()?, &found.description())?;
    }
    if let Some(init) = &init {
        if init.is_quantised() {
            return Err(TrainError::Quantised);
        }
        check_schema(config, init)?;
        check_members(config, init)?;
    }
    // The weights are trained further, and a calibrator belongs to the weights that it was fitted to.
    let init = init.map(|init| TrainedModel { calibrator: None, ..init });
    let fingerprint = init.as_ref().filter(|_| checkpoints.is_some() || ranks.is_some());
    let fingerprint = fingerprint.map(TrainedModel::fingerprint).transpose();
    let fingerprint =
        fingerprint.map_err(|error| invalid(Path::new("the model"), error.to_string()))?;
    let held = held(config, ranks);
    let (checkpoint, schedule) =
        open_checkpoints(config, (files, prints), fingerprint, (checkpoints, held))?;
    if let Some(ranks) = ranks {
        ranks.check_same_start(&start(checkpoint.as_ref(), fingerprint))?;
    }

    let stop = stop_fitting.unwrap_or(&|| false);
    let mut setup = match (checkpoint, init) {
        (Some(checkpoint), init) => {
            resume(config, (origin, init.is_some(), stop), checkpoint, ranks, observer)?
        }
        (None, Some(init)) => begin_from_model(config, (origin, init), ranks, observer)?,
        (None, None) => match origin {
            Origin::Cache(found) | Origin::Both(found, _) => {
                begin_from_cache(config, found, ranks, observer)?
            }
            Origin::Text(rows) => {
                let fitted = fit_encoder_until(config, rows, stop)?;
                begin(config, (fitted, rows), observer)?
            }
        },
    };
    setup.fitted.report(config, observer)?;
    let is_whole = is_whole(config, &setup.fitted, observer)?;
    if let (Some(plan), &EncodedRows::Text(rows)) = (plan, &setup.rows) {
        if observer.is_strict() {
            observer.warn_all(early_warnings(config, rows, &setup.encoder)?)?;
        }
        let encoder = (&setup.encoder, setup.history.as_ref());
        let made = plan.make((config, rows), encoder, &setup.fitted, observer)?;
        setup.rows = made.map_or(EncodedRows::Text(rows), EncodedRows::Cache);
    }
    Ok((setup, is_whole, schedule))
}

/// The cache that a run asks for, if it asks for one.
struct Caching<'a> {
    config: &'a RunConfig,
    init: Option<&'a Encoder>,
    file: Option<PathBuf>,
}

impl Caching<'_> {
    /// What the run can read, the cache that it may write, and the fingerprints of its files if a cache gave them.
    fn origin<'r>(
        &self,
        (files, rows): (&Files, Option<&'r Rows>),
        observer: &mut Observer<'_>,
    ) -> Result<(Origin<'r>, Option<CachePlan>, Option<FilePrints>), TrainError> {
        let Self { config, init, file } = self;
        match (rows, file) {
            (Some(rows), None) => Ok((Origin::Text(rows), None, None)),
            (Some(rows), Some(file)) => {
                let prints = FilePrints::of(files)?;
                let plan = CachePlan::new(config, prints.clone(), *init, file)?;
                let origin = match plan.find(files, observer) {
                    Some(found) => Origin::Both(found, rows),
                    None => Origin::Text(rows),
                };
                Ok((origin, Some(plan), Some(prints)))
            }
            (None, Some(file)) => {
                let (found, prints) = FoundCache::alone(config, *init, file, observer)?;
                Ok((Origin::Cache(found), None, Some(prints)))
            }
            (None, None) => Err(DataError::NoFiles.into()),
        }
    }
}

/// The checkpoint that the run goes on from, if there is one, and the schedule of the checkpoints to come.
///
/// `prints` are the fingerprints of the files, if they are known, and `init` that of the model to begin from.
fn open_checkpoints<'c>(
    config: &RunConfig,
    (files, prints): (&Files, Option<FilePrints>),
    init: Option<u64>,
    (checkpoints, held): (Option<Checkpoints<'c>>, Share),
) -> Result<(Option<Checkpoint>, Option<CheckpointSchedule<'c>>), TrainError> {
    let Some(checkpoints) = checkpoints else { return Ok((None, None)) };
    let prints = prints.map_or_else(|| FilePrints::of(files), Ok)?;
    let run = Identity::of(config, prints, init)?;
    let found = match checkpoints.resume {
        true => Checkpoint::find(&run, config, files, (checkpoints.file(), held))?,
        false => None,
    };
    let mut schedule = CheckpointSchedule::new(checkpoints, run, config.train.checkpoint_steps);
    if let Some(checkpoint) = &found {
        schedule.resume_at(checkpoint.n_steps);
    }
    Ok((found, Some(schedule)))
}

/// The rows of tables that this process holds.
fn held(config: &RunConfig, ranks: Option<&Ranks<'_>>) -> Share {
    ranks.map_or(Share::WHOLE, |ranks| config.distributed.held(ranks.share()))
}

/// Where a run begins, in words that are the same on two ranks if they begin at the same place.
fn start(checkpoint: Option<&Checkpoint>, init: Option<u64>) -> String {
    match (checkpoint, init) {
        (Some(Checkpoint { n_steps, state, n_ranks, .. }), _) => format!(
            "at a checkpoint of {n_ranks} ranks, of step {n_steps} in epoch {}",
            state.epoch
        ),
        (None, Some(init)) => format!("with the model {init:016x}"),
        (None, None) => "with a new model".to_owned(),
    }
}

/// Goes on from a checkpoint.
fn resume<'r>(
    config: &RunConfig,
    (origin, from_model, stop): (Origin<'r>, bool, Stop<'_>),
    checkpoint: Checkpoint,
    ranks: Option<&Ranks<'_>>,
    observer: &mut Observer<'_>,
) -> Result<Setup<'r>, TrainError> {
    // Rows of the same files and settings have the same encoder, unless one of the two was forged.
    let is_same = |found: &FoundCache| {
        found.fitted == checkpoint.fitted
            && found.encoder.to_state() == checkpoint.encoder.to_state()
    };
    let (rows, history) = match origin {
        Origin::Cache(found) | Origin::Both(found, _) if is_same(&found) => {
            (EncodedRows::Cache(found.rows), None)
        }
        Origin::Cache(_) => return Err(other_values(&checkpoint)),
        Origin::Text(rows) | Origin::Both(_, rows) => {
            let history = match from_model {
                true => None,
                false => fit_history(config, (rows, stop), &checkpoint)?,
            };
            (EncodedRows::Text(rows), history)
        }
    };
    let Checkpoint { file, encoder, fitted, n_steps, state, members, block, n_ranks, .. } =
        checkpoint;
    let size = ranks.map_or(1, Ranks::size);
    if block.is_some() && n_ranks != size {
        let difference = format!(
            "it was trained by {n_ranks} ranks and now there are {size}, and `distributed.method = \"bmuf\"` gives other \
             models on other numbers of ranks"
        );
        return Err(TrainError::OtherRun { file, differences: vec![difference] });
    }
    observe_fitted(&fitted, observer);
    let spec = config.model.check()?;
    let of = members.len();
    let members = collected(members, |number, stored| {
        let StoredMember { n_steps, weights, optimizer, best } = stored;
        let invalid = |reason: String| match of {
            1 => invalid(&file, reason),
            _ => invalid(&file, format!("{}: {reason}", MemberPlace { number: number + 1, of })),
        };
        let model = Model::for_params(&spec, encoder.shapes(), &weights)
            .map_err(|error| invalid(error.to_string()))?;
        let engine = engine(config, (number, model, weights), ranks, observer)?
            .with_optimizer_state(n_steps, optimizer)
            .map_err(|error| invalid(error.to_string()))?;
        let engine = match &block {
            Some(block) => engine.with_block_state(block).map_err(invalid)?,
            None => engine,
        };
        Ok(Member { engine, best })
    })?;
    let member = MemberPlace { number: state.turn.member as usize + 1, of: members.len() };
    let (epoch, n_rows, reports) = (state.epoch, state.sums.rows, &state.reports);
    let (file, step) = (&file, n_steps);
    observer.event(Event::Resumed { file, step, epoch, member, rows: n_rows, reports });
    Ok(Setup { encoder, history, fitted, members, state, rows })
}

/// The companion counts of training rows, from a second fit; it must give the encoder of the first.
///
/// Rejected: storing them, which would spare that pass, but they are as large as the values of all training rows.
fn fit_history(
    config: &RunConfig,
    (rows, stop): (&Rows, Stop<'_>),
    checkpoint: &Checkpoint,
) -> Result<Option<History>, TrainError> {
    if config.field.iter().all(|field| field.companion().is_none()) {
        return Ok(None);
    }
    let again = fit_encoder_until(config, rows, stop)?;
    let fitted = FittedRows::of(&again);
    let Fitted { encoder, history, .. } = again;
    if fitted != checkpoint.fitted || encoder.to_state() != checkpoint.encoder.to_state() {
        return Err(other_values(checkpoint));
    }
    Ok(Some(history))
}

fn other_values(checkpoint: &Checkpoint) -> TrainError {
    let differences = vec!["the training rows have other values".to_owned()];
    TrainError::OtherRun { file: checkpoint.file.clone(), differences }
}

/// Begins from an earlier model: its encoder and its weights.
fn begin_from_model<'r>(
    config: &RunConfig,
    (origin, init): (Origin<'r>, TrainedModel),
    ranks: Option<&Ranks<'_>>,
    observer: &mut Observer<'_>,
) -> Result<Setup<'r>, TrainError> {
    let (fitted, rows) = match origin {
        Origin::Text(rows) => {
            (survey(config, rows, (&init, &init.encoder))?, EncodedRows::Text(rows))
        }
        Origin::Cache(found) | Origin::Both(found, _) => {
            (found.fitted, EncodedRows::Cache(found.rows))
        }
    };
    observe_fitted(&fitted, observer);
    let TrainedModel { model, params, other_members, encoder, .. } = init;
    let weights = [params].into_iter().chain(other_members).collect();
    let members = collected(weights, |number, weights: Params<f32>| {
        let weights = match held(config, ranks) {
            Share::WHOLE => weights,
            held => weights.to_share(held),
        };
        engine(config, (number, model.clone(), weights), ranks, observer).map(Member::new)
    })?;
    let (history, state) = (None, RunState::default());
    Ok(Setup { encoder, history, fitted, members, state, rows })
}

/// Begins with a new model, and with the encoder and the rows of a cache.
fn begin_from_cache<'r>(
    config: &RunConfig,
    FoundCache { rows, encoder, fitted }: FoundCache,
    ranks: Option<&Ranks<'_>>,
    observer: &mut Observer<'_>,
) -> Result<Setup<'r>, TrainError> {
    new_model(config, (encoder, fitted), EncodedRows::Cache(rows), ranks, observer)
}

/// Begins with a new model and an encoder that has just been fitted to the training rows of `rows`.
pub(super) fn begin<'r>(
    config: &RunConfig,
    (fitted, rows): (Fitted, &'r Rows),
    observer: &mut Observer<'_>,
) -> Result<Setup<'r>, TrainError> {
    let counts = FittedRows::of(&fitted);
    let Fitted { encoder, history, .. } = fitted;
    let setup = new_model(config, (encoder, counts), EncodedRows::Text(rows), None, observer)?;
    Ok(Setup { history: Some(history), ..setup })
}

/// Fits the encoder to the training rows.
pub(crate) fn fit_encoder(config: &RunConfig, rows: &Rows) -> Result<Fitted, TrainError> {
    fit_encoder_until(config, rows, &|| false)
}

/// As [`fit_encoder`], until the caller asks to stop.
///
/// # Errors
/// [`DataError::Stopped`], besides those of [`fit_encoder`].
pub(crate) fn fit_encoder_until(
    config: &RunConfig,
    rows: &Rows,
    stop: Stop<'_>,
) -> Result<Fitted, TrainError> {
    fit_encoder_by(config, rows, |schema, part, bad_rows| {
        fit_until(&rows.train, schema, (part, bad_rows), stop)
    })
}

/// As [`fit_encoder`], by all ranks together.
pub(crate) fn fit_encoder_on(
    config: &RunConfig,
    rows: &Rows,
    ranks: &dyn Communicator,
) -> Result<Fitted, TrainError> {
    fit_encoder_by(config, rows, |schema, part, bad_rows| {
        fit_on_ranks(&rows.train, schema, part, bad_rows, ranks)
    })
}

/// Fits the encoder by a pass over the training rows, between the checks of the validation files.
fn fit_encoder_by(
    config: &RunConfig,
    rows: &Rows,
    pass: impl FnOnce(&Schema, Partition, BadRows) -> Result<Fitted, DataError>,
) -> Result<Fitted, TrainError> {
    rows.check_valid_files(config)?;
    let fitted = pass(&config.schema()?, rows.train_part()?, config.data.bad_rows)?;
    rows.check_valid_labels()?;
    Ok(fitted)
}

/// The members that `begin` makes, given the number of each from 0, and its part of `parts`.
///
/// # Errors
/// Those of `begin`, and [`TrainError::Model`] if there is not enough memory for all members.
fn collected<P>(
    parts: Vec<P>,
    mut begin: impl FnMut(usize, P) -> Result<Member, TrainError>,
) -> Result<Vec<Member>, TrainError> {
    let (mut members, n_more) = (Vec::new(), parts.len().saturating_sub(1));
    for (number, part) in parts.into_iter().enumerate() {
        let member = begin(number, part)?;
        if number == 0 && n_more > 0 {
            member.engine.check_more(n_more)?;
        }
        members.push(member);
    }
    Ok(members)
}

/// The engine of a member, for weights that have been trained; the model of the first member is reported.
fn engine(
    config: &RunConfig,
    (number, model, weights): (usize, Model, Params<f32>),
    ranks: Option<&Ranks<'_>>,
    observer: &mut Observer<'_>,
) -> Result<Engine, TrainError> {
    let train = &config.train;
    if number == 0 {
        let (n_parameters, n_members) = (weights.n_parameters(), train.members);
        let precision = train.precision.of_products();
        observer.event(Event::Built { model: &model, n_parameters, n_members, precision });
    }
    let (optimizer, groups) = (train.optimizer_config(), train.groups());
    let seed = train.member_seed(number);
    let engine = match ranks {
        None => Engine::new(model, weights, optimizer, groups, seed)?,
        Some(ranks) => {
            let optimizer = (optimizer, &config.distributed);
            Engine::among(ranks, model, weights, optimizer, (groups, seed))?
        }
    };
    let engine = engine
        .with_trained_weights(train.negative_rate)
        .with_precision(train.precision.of_products());
    Ok(if train.start_from_rate { engine.with_free_bias() } else { engine })
}

/// A new model for the fields of an encoder.
fn new_model<'r>(
    config: &RunConfig,
    (encoder, fitted): (Encoder, FittedRows),
    rows: EncodedRows<'r>,
    ranks: Option<&Ranks<'_>>,
    observer: &mut Observer<'_>,
) -> Result<Setup<'r>, TrainError> {
    observe_fitted(&fitted, observer);
    let share = held(config, ranks);
    let (train, spec) = (&config.train, config.model.check()?);
    let seeds = (0..train.members).map(|number| train.member_seed(number)).collect();
    let members = collected(seeds, |number, seed| {
        let mut weights = Params::of_share(share);
        let model = Model::new(&spec, encoder.shapes(), &mut weights, seed)?;
        let engine = engine(config, (number, model, weights), ranks, observer)?;
        Ok(Member::new(match train.start_from_rate {
            true => engine.with_rate(initial_rate(fitted.rows, fitted.weights)),
            false => engine.with_negative_rate(train.negative_rate),
        }))
    })?;
    let (history, state) = (None, RunState::default());
    Ok(Setup { encoder, history, fitted, members, state, rows })
}

/// The share of positive rows by their weights; as if half a row were of the other class, if all rows are of one class.
///
/// Rows without any weight are an error as soon as they are trained on; until then the rate is one half.
fn initial_rate(rows: u64, [weight, positive_weight]: [f64; 2]) -> f64 {
    let least = 0.5 / rows.max(1) as f64;
    let share = if weight > 0.0 { positive_weight / weight } else { 0.5 };
    share.clamp(least, 1.0 - least)
}

fn observe_fitted(fitted: &FittedRows, observer: &mut Observer<'_>) {
    let FittedRows { rows, positives, .. } = *fitted;
    observer.event(Event::Fitted { rows, positives, skipped: &fitted.skipped() });
}
