//! The progress of a run beside its weights: the numbers that change from step to step and decide what follows.

use crate::config_file::TrainConfig;
use crate::event::EpochReport;
use serde::{Deserialize, Serialize};

/// The state of a run between two steps. It is stored as it is: a change of it is a new version of the checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunState {
    /// The epoch, from 1.
    pub(crate) epoch: u32,
    /// The batches of this epoch that are done.
    pub(crate) batches: u64,
    pub(crate) sums: Sums,
    /// The level to which the schedule has decayed the learning rates.
    pub(crate) level: f64,
    /// The epochs that the schedule has waited since its last decay.
    pub(crate) waited: u32,
    pub(crate) best: Best,
    /// The reports of the epochs before this one.
    #[serde(with = "stored_reports")]
    pub(crate) reports: Vec<EpochReport>,
    /// The place of the run among its members; stored beside, if there are several.
    #[serde(skip)]
    pub(crate) turn: Turn,
}

/// The member that is trained: members take turns in each epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Turn {
    /// The number of the member, from 0.
    pub(crate) member: u32,
    /// The sums of the members before it, which have ended the epoch.
    pub(crate) done: Vec<Sums>,
}

/// Sums over the rows of the epoch so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sums {
    pub(crate) rows: u64,
    /// The sum of losses, each times the weight of its row.
    pub(crate) loss: f64,
    pub(crate) weight: f64,
    /// The weight of the positive rows.
    pub(crate) positive_weight: f64,
}

/// The sums over the rows of one batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchSums {
    pub(crate) rows: u64,
    /// The mean loss of the rows, by their weights.
    pub(crate) loss: f64,
    pub(crate) weight: f64,
    /// The weight of the positive rows.
    pub(crate) positive_weight: f64,
}

impl Sums {
    fn are_finite(&self) -> bool {
        [self.loss, self.weight, self.positive_weight].iter().all(|sum| sum.is_finite())
    }

    /// The mean loss of rows that have some weight.
    pub(crate) fn mean_loss(&self) -> f64 {
        self.loss / self.weight
    }

    /// The share of positive rows, by their weights, among all rows if each negative row was kept with the probability
    /// `negative_rate`.
    pub(crate) fn positive_rate(&self, negative_rate: f64) -> f64 {
        let negative_weight = (self.weight - self.positive_weight) / negative_rate;
        self.positive_weight / (self.positive_weight + negative_weight)
    }
}

/// The epoch whose weights are kept; 0 before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Best {
    pub(crate) epoch: u32,
    pub(crate) steps: u64,
    /// The [score](crate::config_file::Monitor::score) of that epoch; `None` if the run does not validate.
    pub(crate) score: Option<f64>,
    /// The comparison with one probability for all validation rows, if the epoch is worse.
    pub(crate) worse: Option<WorseThanConstant>,
}

/// A probability that predicts the validation rows better than an epoch does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct WorseThanConstant {
    /// The probability: the share of positive rows among the training rows, by their weights.
    pub(crate) rate: f64,
    /// Its log loss.
    pub(crate) constant: f64,
}

impl Default for RunState {
    /// The state before the first step.
    fn default() -> Self {
        let (sums, best, reports, turn) = Default::default();
        Self { epoch: 1, batches: 0, sums, level: 1.0, waited: 0, best, reports, turn }
    }
}

impl RunState {
    /// Moves on to the first batch of the next member in an epoch, whose first turn is that of member 0.
    pub(crate) fn begin(&mut self, epoch: u32, member: usize) {
        let sums = std::mem::take(&mut self.sums);
        match member {
            0 => self.turn.done.clear(),
            _ => self.turn.done.push(sums),
        }
        (self.epoch, self.batches, self.turn.member) = (epoch, 0, member as u32);
    }

    /// The mean loss of the rows of the epoch: the mean over members, which have all ended it.
    pub(crate) fn mean_loss(&self) -> f64 {
        let all = || self.turn.done.iter().chain([&self.sums]);
        all().map(Sums::mean_loss).sum::<f64>() / all().count() as f64
    }

    /// Adds a batch that is done; returns the sums with it.
    pub(crate) fn add_batch(&mut self, batch: BatchSums) -> Sums {
        let BatchSums { rows, loss, weight, positive_weight } = batch;
        self.batches += 1;
        self.sums.rows += rows;
        self.sums.loss += loss * weight;
        self.sums.weight += weight;
        self.sums.positive_weight += positive_weight;
        self.sums
    }

    /// The reason why no run of these settings on `n_rows` rows can be in this state, if there is one.
    pub(crate) fn problem(&self, config: &TrainConfig, n_rows: u64) -> Option<String> {
        let Self { epoch, level, best, reports, sums, turn, .. } = self;
        if !(1..=config.epochs).contains(epoch) {
            return Some(format!("it is of epoch {epoch} of {}", config.epochs));
        }
        let Turn { member, done } = turn;
        if *member as usize >= config.members || done.len() != *member as usize {
            let n = config.members;
            return Some(format!("{} members before member {member} of {n} are done", done.len()));
        }
        let are_wrong = |sums: &&Sums| sums.rows > n_rows || !sums.are_finite();
        if let Some(sums) = done.iter().chain([sums]).find(are_wrong) {
            let Sums { rows, loss, weight, .. } = sums;
            return Some(format!(
                "{rows} rows of {n_rows} are done, with losses of {loss} and weights of {weight}"
            ));
        }
        if reports.len() != *epoch as usize - 1 {
            return Some(format!("it has {} epochs before epoch {epoch}", reports.len()));
        }
        if best.epoch >= *epoch || (best.epoch == 0) != (*epoch == 1) {
            return Some(format!("epoch {} is the best before epoch {epoch}", best.epoch));
        }
        if !(*level > 0.0 && *level <= 1.0) {
            return Some(format!("the learning rates are {level} of their full size"));
        }
        None
    }
}

impl RunState {
    /// The reason why several members cannot have made these steps at this turn, if there is one.
    ///
    /// All make as many steps in an epoch.
    pub(crate) fn problem_of_turns(&self, steps: &[u64]) -> Option<String> {
        let (turn, batches) = (self.turn.member as usize, self.batches);
        let (before, [own, after @ ..]) = steps.split_at_checked(turn)? else { return None };
        let is_possible = before.iter().all(|steps| *steps == before[0] && steps >= own)
            && after.iter().all(|steps| steps.checked_add(batches) == Some(*own));
        let reason = || {
            format!(
                "its members made {steps:?} steps, and member {turn} made {batches} of them in this epoch"
            )
        };
        (!is_possible).then(reason)
    }
}

/// The stored form of the reports, in which validation metrics are TOML.
///
/// A run needs none of these metrics; they are there to be shown.
/// As text they bear their names, so that a new metric does not change the format.
mod stored_reports {
    use crate::event::EpochReport;
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct StoredReport {
        epoch: u32,
        train_loss: f64,
        learning_rate: f64,
        valid: Option<String>,
        best: bool,
    }

    pub(super) fn serialize<S: Serializer>(
        reports: &[EpochReport],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let store = |report: &EpochReport| {
            let &EpochReport { epoch, train_loss, learning_rate, ref valid, best } = report;
            let valid = valid.as_ref().map(toml::to_string).transpose();
            let valid = valid.map_err(S::Error::custom)?;
            Ok(StoredReport { epoch, train_loss, learning_rate, valid, best })
        };
        let stored = reports.iter().map(store).collect::<Result<Vec<_>, S::Error>>()?;
        stored.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<EpochReport>, D::Error> {
        let read = |stored: StoredReport| {
            let StoredReport { epoch, train_loss, learning_rate, valid, best } = stored;
            let valid = valid.as_deref().map(toml::from_str).transpose();
            let valid = valid.map_err(D::Error::custom)?;
            Ok(EpochReport { epoch, train_loss, learning_rate, valid, best })
        };
        Vec::<StoredReport>::deserialize(deserializer)?.into_iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deepcross_metrics::{Evaluation, Summary};

    /// Metrics of two rows, some of which are not defined.
    fn metrics(labels: [f32; 2]) -> Summary {
        let mut evaluation = Evaluation::default();
        evaluation.push_all(&[0.3_f32, 0.7], &labels, &[0.1, 0.7]).expect("the rows are good");
        evaluation.finish().summary
    }

    fn state() -> RunState {
        let report = |epoch, valid| {
            let (train_loss, learning_rate) = (0.1, 0.01 / f64::from(epoch));
            EpochReport { epoch, train_loss, learning_rate, valid, best: epoch == 2 }
        };
        let valid = [None, Some(metrics([0.0, 1.0])), Some(metrics([0.0, 0.0]))];
        RunState {
            reports: (1..).zip(valid).map(|(n, v)| report(n, v)).collect(),
            ..RunState::default()
        }
    }

    #[test]
    fn reports_read_back_equal() {
        let text = toml::to_string(&state()).expect("the state can be stored");
        assert_eq!(toml::from_str::<RunState>(&text).expect("the state can be read"), state());
    }

    #[test]
    fn metrics_are_stored_by_their_names() {
        let text = toml::to_string(&state()).expect("the state can be stored");
        assert!(text.contains("log_loss = "), "{text}");
        // A metric that an earlier program did not store is not defined; one that this program does not have is left
        // out.
        let older = text.replace("brier = ", "sharpness = ");
        let read = toml::from_str::<RunState>(&older).expect("the state can be read");
        let valid = read.reports[1].valid.expect("the metrics are there");
        assert_eq!((valid.brier, valid.auc), (None, metrics([0.0, 1.0]).auc));
    }

    #[test]
    fn steps_that_members_cannot_have_made_are_noticed() {
        let cases: [(u32, u64, &[u64], bool); 9] = [
            (0, 4, &[4], true),
            (0, 2, &[2, 0, 0], true),
            (0, 2, &[7, 5, 5], true),
            (1, 2, &[5, 2, 0], true),
            (2, 0, &[5, 5, 0], true),
            (0, 2, &[7, 5, 4], false),
            (1, 2, &[5, 2, 1], false),
            (2, 1, &[5, 4, 1], false),
            (1, 2, &[1, 2, 0], false),
        ];
        for (member, batches, steps, is_possible) in cases {
            let turn = Turn { member, done: Vec::new() };
            let state = RunState { batches, turn, ..RunState::default() };
            let problem = state.problem_of_turns(steps);
            assert_eq!(problem.is_none(), is_possible, "{member} {batches} {steps:?}: {problem:?}");
        }
    }

    #[test]
    fn sums_that_no_rows_have_are_noticed() {
        let config = TrainConfig { members: 2, ..TrainConfig::default() };
        let problem = |rows, loss| {
            let sums = Sums { rows, loss, ..Sums::default() };
            let turn = Turn { member: 1, done: vec![sums] };
            RunState { turn, ..RunState::default() }.problem(&config, 10)
        };
        assert_eq!(problem(10, 2.5), None);
        let expected = "11 rows of 10 are done, with losses of 2.5 and weights of 0";
        assert_eq!(problem(11, 2.5).as_deref(), Some(expected));
        let expected = "10 rows of 10 are done, with losses of NaN and weights of 0";
        assert_eq!(problem(10, f64::NAN).as_deref(), Some(expected));
    }
}
