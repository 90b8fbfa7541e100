//! The section `[train]`.

use super::valid_by::ValidBy;
use deepcross_autodiff::ProductPrecision;
use deepcross_features::Problem;
use deepcross_model::MAX_MEMBERS;
use deepcross_optim::{MAX_GROUPS, TableUpdates};
use serde::{Deserialize, Serialize};
use std::fmt;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The settings of training; every key may be left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainConfig {
    /// The largest number of passes over the data, from 1; default 10.
    pub epochs: u32,
    /// The rows of a step, from 1; default 1024.
    pub batch: usize,
    /// The update rule; default `adam`.
    pub optimizer: OptimizerKind,
    /// The learning rate, above 0; default 1e-3.
    pub learning_rate: f64,
    /// The update rule of embedding tables; default: `optimizer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_optimizer: Option<OptimizerKind>,
    /// The learning rate of embedding tables, above 0; default: `learning_rate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_learning_rate: Option<f64>,
    /// With `sgd`: the momentum, in [0, 1); default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// With `momentum`: whether it is that of Nesterov; default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nesterov: Option<bool>,
    /// With `adamw`: the weight decay, at least 0; default 0.01.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// With `ftrl`: the L1 penalty, at least 0; default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l1: Option<f64>,
    /// With `ftrl`: β, above 0; default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta: Option<f64>,
    /// The largest norm of the gradient of all weights together, above 0; default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// The label smoothing ε in [0, 1): training labels are moved towards one half, and 1 becomes 1 − ε/2; default 0.
    pub label_smoothing: f64,
    /// The change of the learning rates; default `constant`.
    pub schedule: Schedule,
    /// Steps over which learning rates grow to their full size; default 0.
    pub warm_up: u64,
    /// With `step` and `plateau`: the factor of a decay of the learning rates, in (0, 1); default 0.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decay_factor: Option<f64>,
    /// With `step`: the number of epochs between two decays, from 1; default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decay_every: Option<u32>,
    /// With `plateau`: the number of epochs in a row without a better one that lead to a decay, from 1; default 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decay_patience: Option<u32>,
    /// With `cosine`, `step` and `plateau`: the least share of the learning rates, in [0, 1); default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decay_minimum: Option<f64>,
    /// The penalty `l2 / 2 · ‖w‖²` on dense matrices, at least 0; default 0.
    pub l2: f64,
    /// The penalty `embedding_l2 / 2 · ‖E‖²` on tables, at least 0; default 0.
    ///
    /// With `table_updates = "rows"`, a row is penalised in the steps that use it, and with `settled` for all others when
    /// it is next used.
    pub embedding_l2: f64,
    /// The table rows that a step changes; default `rows`.
    pub table_updates: TableUpdates,
    /// The number of epochs in a row without a better one that ends the run, from 1; default: all epochs are run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<u32>,
    /// The metric that chooses the best epoch; default `log-loss`. Needs validation rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitor: Option<Monitor>,
    /// The least gain of the monitored metric for an epoch to be better, at least 0; default 0. Needs validation rows.
    ///
    /// The gain must be larger than this, so that with 0 each gain counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_delta: Option<f64>,
    /// The share of rows held out if no validation file is given, in [0, 1); default 0.1.
    ///
    /// With 0, the last epoch is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_fraction: Option<f64>,
    /// The rule by which rows are held out; default: see [`RunConfig::valid_by`](super::RunConfig::valid_by).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_by: Option<ValidBy>,
    /// The seed that chooses the rows held out, 0 to 2⁶³ − 1; default: [`seed`](Self::seed).
    ///
    /// With it, runs of several seeds hold out the same rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split_seed: Option<u64>,
    /// Whether the untrained model predicts the share of positive training rows, by their weights, instead of what its
    /// random weights give; default false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub start_from_rate: bool,
    /// The probability with which an epoch keeps a negative training row, in (0, 1]; default 1.
    ///
    /// Each epoch draws again; positive rows and validation rows are always kept.
    /// The predicted probabilities are those of all rows nevertheless.
    pub negative_rate: f64,
    /// The rows that are shuffled with each other; default `auto`.
    #[serde(skip_serializing_if = "Shuffle::is_default")]
    pub shuffle: Shuffle,
    /// The number of rows in memory to be shuffled, from 1; default 200,000.
    pub shuffle_buffer: usize,
    /// The parts of a batch whose gradients are summed as a fixed tree, from 1 to 64; default: see [`groups`](Self::groups).
    ///
    /// More groups than threads keep all threads busy.
    /// The result depends on the number of groups, and not on the number of threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<usize>,
    /// The number of steps between two checkpoints, from 1; default: none.
    ///
    /// It does not change the model, and is not stored in it.
    #[serde(skip_serializing)]
    pub checkpoint_steps: Option<u64>,
    /// The minutes between two checkpoints, at least 0; default 10, and none with 0.
    ///
    /// The caller has the clock: see [`Checkpoints::ask`](crate::Checkpoints::ask).
    /// The key does not change the model, and is not stored in it.
    #[serde(skip_serializing)]
    pub checkpoint_minutes: Option<f64>,
    /// The seed of initial weights, order, dropout, and of the choice of rows that are held out or kept; 0 to 2⁶³ − 1,
    /// default 1.
    pub seed: u64,
    /// The networks that are trained, from 1 to 16; default 1.
    ///
    /// The probability of the model is the mean of theirs. Each has a [seed](Self::member_seed) of its own for initial
    /// weights, order and dropout; all have the same encoder and the same rows.
    #[serde(skip_serializing_if = "is_one")]
    pub members: usize,
    /// The precision of the products of layers in training steps; default `f32`.
    #[serde(skip_serializing_if = "TrainPrecision::is_default")]
    pub precision: TrainPrecision,
}

fn is_one(n: &usize) -> bool {
    *n == 1
}

/// The name of the random numbers that seeds of members are.
const MEMBERS: &[u8] = b"members";

/// The precision of the products of layers in training steps.
///
/// Weights, tables, sums, biases, normalisations, the last layer and the loss are f32 in any case, and so are all
/// predictions, those of validation rows too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainPrecision {
    /// Factors in f32.
    #[default]
    F32,
    /// Factors in bf16, which has the range of f32 and 8 bits of precision; see
    /// [`ProductPrecision::Bf16`].
    Bf16,
}

impl TrainPrecision {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The precision of products.
    pub fn of_products(self) -> ProductPrecision {
        match self {
            Self::F32 => ProductPrecision::Full,
            Self::Bf16 => ProductPrecision::Bf16,
        }
    }
}

/// The training rows that are shuffled with each other, again in each epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shuffle {
    /// All rows, as with [`Whole`](Self::Whole), if the share of positive rows changes along the files by more than a
    /// buffer evens out; else those in a buffer.
    ///
    /// Rows in the order of time (`data.order = "time"`) are always shuffled in a buffer.
    #[default]
    Auto,
    /// The rows that are in a buffer at the same time: see [`Shuffled`](deepcross_data::Shuffled).
    Buffer,
    /// All rows, so that their order is uniformly random: each epoch begins with a pass that distributes the rows over
    /// heaps on disk. See [`Shuffled::as_a_whole`](deepcross_data::Shuffled::as_a_whole).
    Whole,
}

impl Shuffle {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The validation metric that decides which epoch is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Monitor {
    /// The log loss; lower is better.
    #[default]
    LogLoss,
    /// The AUC; higher is better. If the validation rows are of one class, which have no AUC, it is the log loss.
    Auc,
    /// AUC − log loss; higher is better. If the validation rows are of one class, it is the log loss.
    AucLogLoss,
}

/// An update rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    /// Stochastic gradient descent, with `momentum` if it is set.
    Sgd,
    /// Adagrad.
    Adagrad,
    /// Adagrad with one number of state a row; for embedding tables only.
    RowWiseAdagrad,
    /// Adam; with updates by row it is the `SparseAdam` of PyTorch.
    #[default]
    Adam,
    /// Adam with `weight_decay` beside the step.
    Adamw,
    /// FTRL-proximal with `l1`, and `l2` or `embedding_l2` as its L2 penalty; for linear models.
    Ftrl,
}

impl fmt::Display for OptimizerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sgd => "sgd",
            Self::Adagrad => "adagrad",
            Self::RowWiseAdagrad => "row-wise-adagrad",
            Self::Adam => "adam",
            Self::Adamw => "adamw",
            Self::Ftrl => "ftrl",
        })
    }
}

/// The change of the learning rates after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// No change.
    #[default]
    Constant,
    /// They fall along half a cosine wave over all steps of the run (Loshchilov and Hutter, ICLR 2017, without
    /// restarts).
    Cosine,
    /// They fall by `decay_factor` after every `decay_every` epochs.
    Step,
    /// They fall by `decay_factor` after `decay_patience` epochs in a row without a better one; needs validation rows.
    Plateau,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            epochs: 10,
            batch: 1024,
            optimizer: OptimizerKind::default(),
            learning_rate: 1e-3,
            embedding_optimizer: None,
            embedding_learning_rate: None,
            momentum: None,
            nesterov: None,
            weight_decay: None,
            l1: None,
            beta: None,
            clip_norm: None,
            label_smoothing: 0.0,
            schedule: Schedule::default(),
            warm_up: 0,
            decay_factor: None,
            decay_every: None,
            decay_patience: None,
            decay_minimum: None,
            l2: 0.0,
            embedding_l2: 0.0,
            table_updates: TableUpdates::default(),
            patience: None,
            monitor: None,
            min_delta: None,
            valid_fraction: None,
            valid_by: None,
            split_seed: None,
            start_from_rate: false,
            negative_rate: 1.0,
            shuffle: Shuffle::default(),
            shuffle_buffer: 200_000,
            groups: None,
            checkpoint_steps: None,
            checkpoint_minutes: None,
            seed: 1,
            members: 1,
            precision: TrainPrecision::default(),
        }
    }
}

impl TrainConfig {
    /// The share of rows held out if no validation file is given.
    pub fn valid_fraction(&self) -> f64 {
        self.valid_fraction.unwrap_or(0.1)
    }

    /// The seed that chooses the rows held out.
    pub fn split_seed(&self) -> u64 {
        self.split_seed.unwrap_or(self.seed)
    }

    /// The seed of initial weights, order and dropout of a member, counted from 0. That of the first is
    /// [`seed`](Self::seed).
    ///
    /// It is a seed that a configuration can name, so that a run with it and the same
    /// [`split_seed`](Self::split_seed) is a run of that member.
    pub fn member_seed(&self, member: usize) -> u64 {
        if member == 0 {
            return self.seed;
        }
        let stream = xxh3_64_with_seed(MEMBERS, self.seed);
        xxh3_64_with_seed(&(member as u64).to_le_bytes(), stream) >> 1
    }

    /// The number of parts of a batch; by default one for every 64 rows, from 1 to 8.
    ///
    /// Each part sums its own gradients, which for fewer rows costs more than the products do.
    pub fn groups(&self) -> usize {
        self.groups.unwrap_or_else(|| (self.batch / 64).clamp(1, 8))
    }

    /// The metric that decides which epoch is better.
    pub fn monitor(&self) -> Monitor {
        self.monitor.unwrap_or_default()
    }

    /// The least gain of the monitored metric for an epoch to be better.
    pub fn min_delta(&self) -> f64 {
        self.min_delta.unwrap_or(0.0)
    }

    /// Whether the learning rates change in the course of a run.
    pub fn changes_rates(&self) -> bool {
        self.schedule != Schedule::Constant || self.warm_up > 0
    }

    /// The minutes between two checkpoints; `None` if time does not decide about checkpoints.
    pub fn checkpoint_minutes(&self) -> Option<f64> {
        Some(self.checkpoint_minutes.unwrap_or(10.0)).filter(|minutes| *minutes > 0.0)
    }

    /// The values that are out of range or contradict each other.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut check = |good, key, must: &str, is: &dyn fmt::Display| {
            problems.extend(Problem::unless(good, key, must, is));
        };
        let counts = [
            ("epochs", self.epochs as usize),
            ("batch", self.batch),
            ("shuffle_buffer", self.shuffle_buffer),
            ("groups", self.groups.unwrap_or(1)),
            ("patience", self.patience.map_or(1, |patience| patience as usize)),
            ("members", self.members),
        ];
        for (key, value) in counts {
            check(value != 0, key, "be at least 1", &0);
        }
        let groups = self.groups.unwrap_or(1);
        check(groups <= MAX_GROUPS, "groups", &format!("be at most {MAX_GROUPS}"), &groups);
        let most = format!("be at most {MAX_MEMBERS}");
        check(self.members <= MAX_MEMBERS, "members", &most, &self.members);
        let fraction = self.valid_fraction();
        check((0.0..1.0).contains(&fraction), "valid_fraction", "be in [0, 1)", &fraction);
        let rate = self.negative_rate;
        check(rate > 0.0 && rate <= 1.0, "negative_rate", "be in (0, 1]", &rate);
        let smoothing = self.label_smoothing;
        check((0.0..1.0).contains(&smoothing), "label_smoothing", "be in [0, 1)", &smoothing);
        check(self.checkpoint_steps != Some(0), "checkpoint_steps", "be at least 1", &0);
        let minutes = self.checkpoint_minutes.unwrap_or(0.0);
        let good = minutes >= 0.0 && minutes.is_finite();
        check(good, "checkpoint_minutes", "be at least 0", &minutes);
        let delta = self.min_delta();
        check(delta >= 0.0 && delta.is_finite(), "min_delta", "be at least 0", &delta);
        problems.extend(self.optimizer_problems());
        problems.extend(self.schedule_problems());
        problems.into_iter().map(|problem| problem.within("train")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(config: &TrainConfig) -> Vec<String> {
        config.problems().iter().map(Problem::to_string).collect()
    }

    #[test]
    fn defaults_are_in_range_and_read_back_equal() {
        let config = TrainConfig::default();
        assert_eq!(config.problems(), []);
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<TrainConfig>(&text).unwrap(), config);
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let config = TrainConfig {
            batch: 0,
            groups: Some(65),
            members: 17,
            valid_fraction: Some(1.0),
            negative_rate: 2.0,
            min_delta: Some(-0.1),
            momentum: Some(0.9),
            learning_rate: -1.0,
            embedding_l2: -0.5,
            ..Default::default()
        };
        let expected = [
            "`train.batch`: must be at least 1, but is 0",
            "`train.groups`: must be at most 64, but is 65",
            "`train.members`: must be at most 16, but is 17",
            "`train.valid_fraction`: must be in [0, 1), but is 1",
            "`train.negative_rate`: must be in (0, 1], but is 2",
            "`train.min_delta`: must be at least 0, but is -0.1",
            "`train.momentum`: has a meaning only with `optimizer = \"sgd\"`",
            "`train.learning_rate`: must be above 0, but is -1",
            "`train.embedding_l2`: must be at least 0, but is -0.5",
        ];
        assert_eq!(texts(&config), expected);
    }

    #[test]
    fn each_member_has_a_seed_that_a_configuration_can_name() {
        let config = TrainConfig { seed: 7, ..Default::default() };
        assert_eq!(config.member_seed(0), 7);
        let seeds = |seed: u64| {
            let config = TrainConfig { seed, ..Default::default() };
            (1..MAX_MEMBERS).map(move |member| config.member_seed(member))
        };
        let mut all: Vec<_> = (0..100).flat_map(seeds).collect();
        assert!(all.iter().all(|seed| *seed < 1 << 63 && *seed > 1 << 32));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 100 * (MAX_MEMBERS - 1));
        assert_eq!(config.member_seed(2), 6_983_221_106_683_171_972);
        let none = TrainConfig { members: 0, ..Default::default() };
        assert_eq!(texts(&none), ["`train.members`: must be at least 1, but is 0"]);
    }

    #[test]
    fn intervals_of_checkpoints_must_be_positive() {
        let problems = |text: &str| texts(&toml::from_str(text).unwrap());
        let steps = "`train.checkpoint_steps`: must be at least 1, but is 0";
        assert_eq!(problems("checkpoint_steps = 0"), [steps]);
        for (minutes, shown) in [("-1", "-1"), ("nan", "NaN"), ("inf", "inf")] {
            let problem = format!("`train.checkpoint_minutes`: must be at least 0, but is {shown}");
            assert_eq!(problems(&format!("checkpoint_minutes = {minutes}")), [problem]);
        }
        let minutes =
            |text: &str| toml::from_str::<TrainConfig>(text).unwrap().checkpoint_minutes();
        assert_eq!(minutes(""), Some(10.0));
        assert_eq!(minutes("checkpoint_minutes = 0"), None);
        assert_eq!(minutes("checkpoint_minutes = 0.5"), Some(0.5));
    }

    #[test]
    fn the_negative_rate_is_above_0_and_at_most_1() {
        for (negative_rate, shown) in [(0.0, "0"), (-0.1, "-0.1"), (1.5, "1.5"), (f64::NAN, "NaN")]
        {
            let config = TrainConfig { negative_rate, ..Default::default() };
            let problem = format!("`train.negative_rate`: must be in (0, 1], but is {shown}");
            assert_eq!(texts(&config), [problem]);
        }
        for negative_rate in [1e-9, 0.1, 1.0] {
            let config = TrainConfig { negative_rate, ..Default::default() };
            assert_eq!(config.problems(), []);
        }
    }
}
