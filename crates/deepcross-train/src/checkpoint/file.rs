//! The checkpoint file: all that a run needs to go on as if it had never ended, in the frame of an artifact.
//!
//! Beside weights, encoder, optimizer and schedule it has a position: an epoch, and the number of batches done in it.
//! Orders, samples and companion counts are functions of seed and position.
//! So a resumed run reads the batches before the position again and drops them, which is exact, at the price of reading
//! part of an epoch.
//! Rejected: storing the shuffle buffer with the states of reader, sample and counts. This would avoid reading part
//! of an epoch again, but make each checkpoint larger by the encoded rows: for 200,000 rows of fifty lists, hundreds of megabytes.
//!
//! Decoding trusts nothing in the file, as for an artifact; [`Checkpoint::check`] then compares the state with the run.

use super::identity::Identity;
use super::progress::RunState;
use super::shard_name::remove_shards;
use super::shards::{Manifest, read_members};
use crate::config_file::{RunConfig, TrainConfig, ValidBy};
use crate::error::TrainError;
use crate::event::Observer;
use crate::options::Files;
use crate::ranks::BlockMomentum;
use crate::warning::Warning;
use deepcross_autodiff::{Params, Share};
use deepcross_data::{AbsentLabels, Fitted, PositiveBlocks, Skipped, SplitReport};
use deepcross_features::{Encoder, EncoderState};
use deepcross_metrics::Undefined;
use deepcross_model::artifact::{
    self, ArtifactError, ENCODER, FIELD, FileHeader, FileKind, FormatError, SectionReader,
    SectionWriter, VALUES, Values, read_encoder, write_encoder,
};
use deepcross_model::{Kinds, MAX_MEMBERS, Model, TrainedModel, TrainingSummary, ValueChange};
use deepcross_optim::{Optimizer, OptimizerError, TableUpdates};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The sections besides those of the encoder.
const IDENTITY: &str = "identity";
const FITTED: &str = "fitted";
const PROGRESS: &str = "progress";
/// The section of a run with several members.
const MEMBERS: &str = "members";

/// All that a checkpoint has besides weights.
pub(super) struct Header {
    pub(super) run: Identity,
    encoder: EncoderState,
    fitted: FittedRows,
    pub(super) n_steps: u64,
    state: RunState,
    /// The steps of each member.
    steps: Vec<u64>,
}

/// The sections of a checkpoint.
const SECTIONS: [(&str, u32); 7] = [
    (IDENTITY, 1),
    (ENCODER, 1),
    (FIELD, 2),
    (VALUES, 1),
    (FITTED, 3),
    (PROGRESS, 2),
    (MEMBERS, 1),
];

/// The sets of weights that a checkpoint has of each member: the weights, the state of the optimizer, and the weights of
/// the best epoch, which may have no tensors.
///
/// The state of the optimizer may be infinite while all weights are finite; such a run continues.
const SETS: [Values; 3] = [Values::Finite, Values::Any, Values::Finite];

impl Header {
    /// The sections of a checkpoint and one more.
    pub(super) const fn sections_and(
        more: (&'static str, u32),
    ) -> [(&'static str, u32); SECTIONS.len() + 1] {
        let [a, b, c, d, e, f, g] = SECTIONS;
        [a, b, c, d, e, f, g, more]
    }
}

impl FileHeader for Header {
    const KIND: FileKind = FileKind {
        name: "checkpoint",
        magic: "DEEPCKPT",
        version: 4,
        sections: &SECTIONS,
        members: &SETS,
    };

    const MAX_REPEATS: usize = MAX_MEMBERS;

    fn repeats(&self) -> usize {
        self.steps.len()
    }

    fn write(&self, sections: &mut SectionWriter) -> Result<(), FormatError> {
        sections.add(IDENTITY, &self.run)?;
        write_encoder(sections, &self.encoder)?;
        sections.add(FITTED, &self.fitted)?;
        sections.add(PROGRESS, &(self.n_steps, &self.state))?;
        match self.steps.len() {
            1 => Ok(()),
            _ => sections.add(MEMBERS, &(&self.state.turn, &self.steps)),
        }
    }

    fn read(sections: &mut SectionReader<'_>) -> Result<Self, FormatError> {
        let run = sections.take(IDENTITY)?;
        let encoder = read_encoder(sections)?;
        let fitted = sections.take(FITTED)?;
        let (n_steps, mut state) = sections.take::<(u64, RunState)>(PROGRESS)?;
        let mut steps = vec![n_steps];
        if let Some(members) = sections.take_optional(MEMBERS)? {
            (state.turn, steps) = members;
            check_steps(&steps, n_steps)?;
        }
        Ok(Self { run, encoder, fitted, n_steps, state, steps })
    }
}

/// Refuses steps of several members that are not those of the run.
fn check_steps(steps: &[u64], n_steps: u64) -> Result<(), FormatError> {
    let refused = |reason| Err(FormatError::Section { name: MEMBERS.to_owned(), reason });
    if !(2..=MAX_MEMBERS).contains(&steps.len()) {
        let n = steps.len();
        return refused(format!("it has {n} members, expected from 2 to {MAX_MEMBERS}"));
    }
    let sum = steps.iter().try_fold(0, |sum: u64, steps| sum.checked_add(*steps));
    match sum == Some(n_steps) {
        true => Ok(()),
        false => refused(format!("its members made {steps:?} steps, expected {n_steps} in all")),
    }
}

/// The counts of the rows that the encoder was fitted on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct FittedRows {
    pub(crate) rows: u64,
    pub(crate) positives: u64,
    /// The sums of the weights of all rows and of the positive ones.
    pub(crate) weights: [f64; 2],
    pub(crate) blocks: PositiveBlocks,
    n_skipped: u64,
    skipped: Vec<String>,
    /// The comparison of these rows with the held-out rows, if any are.
    split: Option<SplitReport>,
    absent_labels: Option<AbsentLabels>,
    /// The negative label of the rows, if the configuration does not name the classes.
    pub(crate) negative_label: Option<i8>,
    /// The fields whose ids may have been rounded.
    rounded_ids: Vec<String>,
    /// The fields of numbers with points like those of thousands.
    points_like_thousands: Vec<String>,
    /// The fields whose values are unlike those of the training of the model that the run begins from.
    changes: Vec<ValueChange>,
}

/// The standard errors between two shares that chance explains.
const CHANCE: f64 = 5.0;

/// The share of held-out rows that may be equal to a training row.
const EQUAL: f64 = 0.1;

impl FittedRows {
    pub(crate) fn new(
        (rows, positives): (u64, u64),
        blocks: PositiveBlocks,
        skipped: &Skipped,
    ) -> Self {
        let (n_skipped, skipped) = (skipped.rows, skipped.first.clone());
        let weights = [rows, positives].map(|n| n as f64);
        Self { rows, positives, weights, blocks, n_skipped, skipped, ..Self::default() }
    }

    /// The counts of the rows of a fit.
    pub(crate) fn of(fitted: &Fitted) -> Self {
        let Fitted { rows, positives, blocks, skipped, split, .. } = fitted;
        let rounded_ids = fitted.rounded_ids.clone();
        let counts = Self::new((*rows, *positives), blocks.clone(), skipped);
        let points_like_thousands = fitted.points_like_thousands.clone();
        let weights = [fitted.weight, fitted.positive_weight];
        let counts = Self { weights, rounded_ids, points_like_thousands, ..counts };
        let counts = counts.with_negative_label(fitted.negative_label);
        counts.with_notes(*split, fitted.absent_labels.clone())
    }

    /// The same counts with the comparison of these rows and the held-out rows, and with the values of the label that no
    /// row had.
    pub(crate) fn with_notes(
        self,
        split: Option<SplitReport>,
        absent_labels: Option<AbsentLabels>,
    ) -> Self {
        Self { split, absent_labels, ..self }
    }

    /// The same counts with the negative label of the rows.
    pub(crate) fn with_negative_label(self, negative_label: Option<i8>) -> Self {
        Self { negative_label, ..self }
    }

    /// The same counts with the fields whose values are unlike those of an earlier training.
    pub(crate) fn with_changes(self, changes: Vec<ValueChange>) -> Self {
        Self { changes, ..self }
    }

    /// Warns of these rows.
    ///
    /// # Errors
    /// [`TrainError::NoneHeldOut`] if no row is held out although some are to be, and [`TrainError::Warned`] if the run is
    /// strict.
    pub(crate) fn report(
        &self,
        config: &RunConfig,
        observer: &mut Observer<'_>,
    ) -> Result<(), TrainError> {
        self.check_held_out()?;
        observer.warn_all(self.warnings())?;
        let is_by_row = config.valid_by() == ValidBy::Row;
        let equal = self.split.and_then(|split| split.equal).filter(|share| *share > EQUAL);
        equal.map_or(Ok(()), |share| observer.warn(Warning::EqualRows { share, is_by_row }))
    }

    /// Refuses rows of which none is held out although some are to be.
    ///
    /// # Errors
    /// [`TrainError::NoneHeldOut`].
    fn check_held_out(&self) -> Result<(), TrainError> {
        match &self.split {
            Some(split) if split.valid.rows == 0 => {
                Err(TrainError::NoneHeldOut { rows: self.rows })
            }
            _ => Ok(()),
        }
    }

    /// The warnings that these rows give.
    fn warnings(&self) -> Vec<Warning> {
        let Self { rows, positives, .. } = *self;
        let skipped = self.skipped();
        let most = skipped
            .are_most(rows)
            .then_some(Warning::MostSkipped { skipped: skipped.rows, read: rows });
        let positive = positives > 0;
        let one_class =
            (positives == 0 || positives == rows).then_some(Warning::OneClass { rows, positive });
        let absent = self.absent_labels.clone().map(Warning::AbsentLabels);
        let fields = self.rounded_ids.clone();
        let rounded = (!fields.is_empty()).then_some(Warning::RoundedIds { fields });
        let fields = self.points_like_thousands.clone();
        let points = (!fields.is_empty()).then_some(Warning::PointsLikeThousands { fields });
        let of_split = self.split.iter().flat_map(split_warnings);
        let changes = self.changes.iter().cloned().map(Warning::TrainingValues);
        let of_labels = most.into_iter().chain(one_class).chain(absent);
        of_labels.chain(rounded).chain(points).chain(of_split).chain(changes).collect()
    }

    /// Whether all held-out rows are of one class, which [`report`](Self::report) warns of.
    pub(crate) fn holds_out_one_class(&self) -> bool {
        self.split.as_ref().and_then(one_class).is_some()
    }

    pub(crate) fn skipped(&self) -> Skipped {
        Skipped { rows: self.n_skipped, first: self.skipped.clone() }
    }
}

/// The warnings that the comparison of training rows and held-out rows gives.
fn split_warnings(split: &SplitReport) -> impl Iterator<Item = Warning> + use<> {
    let [train, valid] =
        [split.train, split.valid].map(|set| set.positives as f64 / set.rows as f64);
    let errors = split.standard_errors.filter(|errors| *errors > CHANCE);
    let rates =
        errors.map(|standard_errors| Warning::HeldOutRates { train, valid, standard_errors });
    let rows = split.valid.rows;
    let no_auc = one_class(split).map(|reason| Warning::NoValidationAuc { rows, reason });
    rates.into_iter().chain(no_auc)
}

/// The class of the held-out rows, if all are of one.
fn one_class(split: &SplitReport) -> Option<Undefined> {
    match split.valid.positives {
        0 => Some(Undefined::AllNegative),
        n if n == split.valid.rows => Some(Undefined::AllPositive),
        _ => None,
    }
}

/// The state of a run between two steps, which is written to the file.
#[derive(Clone, Copy)]
pub(crate) struct Snapshot<'a> {
    pub(crate) encoder: &'a Encoder,
    pub(crate) fitted: &'a FittedRows,
    pub(crate) n_steps: u64,
    pub(crate) state: &'a RunState,
    pub(crate) members: &'a [MemberSnapshot<'a>],
    /// The state between two blocks of steps, if ranks train apart within a block.
    pub(crate) block: Option<&'a BlockMomentum>,
}

/// The state of a member between two steps.
#[derive(Clone, Copy)]
pub(crate) struct MemberSnapshot<'a> {
    pub(crate) n_steps: u64,
    pub(crate) weights: &'a Params<f32>,
    pub(crate) optimizer: &'a Params<f32>,
    pub(crate) best: Option<&'a Params<f32>>,
}

impl<'a> MemberSnapshot<'a> {
    /// The sets of weights in a file; `none` has no tensors.
    pub(super) fn sets(self, none: &'a Params<f32>) -> [&'a Params<f32>; SETS.len()] {
        [self.weights, self.optimizer, self.best.unwrap_or(none)]
    }
}

impl Snapshot<'_> {
    /// Writes the checkpoint in place of an earlier one; after an error, the earlier one is still there.
    pub(super) fn write(self, file: &Path, run: &Identity) -> Result<(), ArtifactError> {
        let none = Params::new();
        let sets: Vec<_> = self.members.iter().flat_map(|member| member.sets(&none)).collect();
        artifact::write(file, &self.header(run), &sets)?;
        // Several ranks may have written the checkpoint before.
        remove_shards(file, None);
        Ok(())
    }

    pub(super) fn header(self, run: &Identity) -> Header {
        Header {
            run: run.clone(),
            encoder: self.encoder.to_state(),
            fitted: self.fitted.clone(),
            n_steps: self.n_steps,
            state: self.state.clone(),
            steps: self.members.iter().map(|member| member.n_steps).collect(),
        }
    }
}

/// A checkpoint that has been read.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    pub(crate) file: PathBuf,
    pub(crate) run: Identity,
    pub(crate) encoder: Encoder,
    pub(crate) fitted: FittedRows,
    pub(crate) n_steps: u64,
    pub(crate) state: RunState,
    pub(crate) members: Vec<StoredMember>,
    /// The state between two blocks of steps, if ranks train apart within a block.
    pub(crate) block: Option<Params<f32>>,
    /// The number of ranks that wrote it.
    pub(crate) n_ranks: usize,
}

/// A member in a checkpoint.
#[derive(Debug)]
pub(crate) struct StoredMember {
    pub(crate) n_steps: u64,
    pub(crate) weights: Params<f32>,
    pub(crate) optimizer: Params<f32>,
    pub(crate) best: Option<Params<f32>>,
}

impl StoredMember {
    /// The member of the next sets of weights in a file.
    fn take(n_steps: u64, sets: &mut impl Iterator<Item = Params<f32>>) -> Self {
        let mut set = || sets.next().unwrap_or_default();
        let (weights, optimizer, best) = (set(), set(), set());
        let best = (best.n_parameters() > 0).then_some(best);
        Self { n_steps, weights, optimizer, best }
    }

    /// The weights, whose rows of tables make up the steps that they missed, if this run lets them.
    fn settled(self, train: &TrainConfig) -> Result<Params<f32>, OptimizerError> {
        let Self { n_steps, mut weights, optimizer, .. } = self;
        if train.table_updates == TableUpdates::Settled {
            let own = Optimizer::new(train.optimizer_config(), &weights)?;
            let mut optimizer = own.with_state(n_steps, optimizer)?;
            optimizer.settle_all(&mut weights);
        }
        Ok(weights)
    }

    /// The reason why no run can be in this state, if there is one.
    fn problem(&self, validated: bool) -> Option<String> {
        match &self.best {
            Some(_) if !validated => {
                Some("it has weights of a best epoch, but no metric of that epoch".to_owned())
            }
            None if validated => Some("the weights of the best epoch are missing".to_owned()),
            Some(best) => self.weights.same_layout(best).err(),
            None => None,
        }
    }
}

impl Checkpoint {
    /// Finds the checkpoint of the run `run` in the file; `None` if there is no file.
    ///
    /// # Errors
    /// As [`read`](Self::read); [`TrainError::OtherRun`] if the checkpoint is of another run, or has a state that this
    /// run cannot have.
    pub(crate) fn find(
        run: &Identity,
        config: &RunConfig,
        files: &Files,
        (file, share): (&Path, Share),
    ) -> Result<Option<Self>, TrainError> {
        let checkpoint = match Self::read(file, share) {
            Err(TrainError::Checkpoint(ArtifactError::MissingFile { .. })) => return Ok(None),
            read => read?,
        };
        let differences = checkpoint.run.differences(run, files);
        if !differences.is_empty() {
            return Err(TrainError::OtherRun { file: file.to_owned(), differences });
        }
        checkpoint.check(config)?;
        Ok(Some(checkpoint))
    }

    /// Reads a checkpoint of any run, of one rank or several, with the rows of a share.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] if the file is missing or is not a valid checkpoint, or if one of its shards is not
    /// there or not valid.
    fn read(file: &Path, share: Share) -> Result<Self, TrainError> {
        let is_other = |error: &ArtifactError| {
            matches!(error, ArtifactError::Invalid { problem: FormatError::OtherKind { .. }, .. })
        };
        let mut n_ranks = 1;
        let (header, sets) = match artifact::map::<Manifest>(file) {
            Ok((manifest, _)) => {
                n_ranks = manifest.n_shards as usize;
                let sets = read_members(file, &manifest, share)?;
                (manifest.header, sets)
            }
            Err(error) if !is_other(&error) => return Err(error.into()),
            Err(_) if share == Share::WHOLE => artifact::read::<Header>(file)?,
            Err(_) => {
                let (header, sets) = artifact::map::<Header>(file)?;
                (header, sets.iter().map(|params| params.to_share(share)).collect())
            }
        };
        let Header { run, encoder, fitted, n_steps, state, steps } = header;
        let encoder =
            Encoder::from_state(encoder).map_err(|error| invalid(file, error.to_string()))?;
        let encoder = encoder.for_training();
        let mut sets = sets.into_iter();
        let members = steps.iter().map(|steps| StoredMember::take(*steps, &mut sets)).collect();
        let block = sets.next().filter(|block| block.statistic_ids().next().is_some());
        let file = file.to_owned();
        Ok(Self { file, run, encoder, fitted, n_steps, state, members, block, n_ranks })
    }

    /// Checks that a run of this configuration can be in this state.
    fn check(&self, config: &RunConfig) -> Result<(), TrainError> {
        let FittedRows { rows, positives, .. } = self.fitted;
        let found = if rows == 0 || positives > rows {
            Some(format!("{positives} of {rows} rows are positive"))
        } else {
            self.state.problem(&config.train, rows).or_else(|| self.problem_of_members(config))
        };
        found.map_or(Ok(()), |reason| Err(invalid(&self.file, reason).into()))
    }

    fn problem_of_members(&self, config: &RunConfig) -> Option<String> {
        let (found, expected) = (self.members.len(), config.train.members);
        if found != expected {
            return Some(format!("it has {found} members of {expected}"));
        }
        let steps: Vec<_> = self.members.iter().map(|member| member.n_steps).collect();
        let validated = self.state.best.score.is_some();
        let problem_of_one = || self.members.iter().find_map(|member| member.problem(validated));
        self.state.problem_of_turns(&steps).or_else(problem_of_one)
    }

    /// The model at the position of the checkpoint, from which another run can begin.
    ///
    /// # Errors
    /// [`ArtifactError::Invalid`] if configuration, encoder and weights do not make a model.
    fn into_model(self) -> Result<TrainedModel, ArtifactError> {
        let config = RunConfig::parse(&self.run.config, &[], "the configuration")
            .map_err(|error| invalid(&self.file, error.to_string()))?;
        let spec = config.model.check().map_err(|error| invalid(&self.file, error.to_string()))?;
        let training = TrainingSummary {
            rows: self.fitted.rows,
            positives: self.fitted.positives,
            steps: self.members.first().map_or(0, |member| member.n_steps),
            epochs: self.state.epoch,
            best_epoch: self.state.epoch,
            negative_label: self.fitted.negative_label,
            seed: config.train.seed,
            ..Default::default()
        };
        let members = self.members.into_iter().map(|member| member.settled(&config.train));
        let members = members.collect::<Result<Vec<_>, _>>();
        let members = members.map_err(|error| invalid(&self.file, error.to_string()))?;
        let model = Model::for_members(&spec, self.encoder.shapes(), &members)
            .map_err(|error| invalid(&self.file, error.to_string()))?;
        let (config, encoder) = (self.run.config, self.encoder.for_prediction());
        let (params, other_members, counts, calibrator) = Default::default();
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
}

/// The error of a file whose parts do not fit together.
pub(crate) fn invalid(file: &Path, reason: String) -> ArtifactError {
    ArtifactError::Invalid { file: file.to_owned(), problem: FormatError::Content { reason } }
}

/// The model in an artifact or in a checkpoint, for [`RunOptions::init`].
///
/// [`RunOptions::init`]: crate::RunOptions::init
///
/// # Errors
/// As [`TrainedModel::load`].
pub fn load_model(file: &Path) -> Result<TrainedModel, TrainError> {
    load_model_with(file, &Kinds::standard())
}

/// The same as [`load_model`], for an artifact whose model is of one of these kinds. The model in a checkpoint is of a
/// kind that a configuration can name.
///
/// # Errors
/// As [`load_model`].
pub fn load_model_with(file: &Path, kinds: &Kinds) -> Result<TrainedModel, TrainError> {
    let is_other = |error: &ArtifactError| {
        matches!(error, ArtifactError::Invalid { problem: FormatError::OtherKind { .. }, .. })
    };
    match TrainedModel::load_with(file, kinds) {
        Err(error) if is_other(&error) => match Checkpoint::read(file, Share::WHOLE) {
            // It is neither, and a model was expected.
            Err(TrainError::Checkpoint(other)) if is_other(&other) => Err(error.into()),
            checkpoint => Ok(checkpoint?.into_model()?),
        },
        result => Ok(result?),
    }
}

/// Removes the checkpoint of a run whose model has been saved; a missing file is not an error.
///
/// # Errors
/// [`ArtifactError`] if it cannot be removed.
pub fn remove_checkpoint(file: &Path) -> Result<(), ArtifactError> {
    artifact::remove(file)?;
    remove_shards(file, None);
    Ok(())
}
