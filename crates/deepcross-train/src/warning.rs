//! Warnings: facts about a run or its rows that are no error, but that its user should know.
//!
//! The library finds them and words them, so that every program warns alike.
//! In a strict run ([`RunOptions::strict`](crate::RunOptions::strict)), the first warning ends the run as
//! [`TrainError::Warned`](crate::TrainError::Warned).

use crate::diagnosis::{UnitProblem, moment};
use crate::member_place::MemberPlace;
use deepcross_data::{AbsentLabels, Drift};
use deepcross_metrics::Undefined;
use deepcross_model::ValueChange;
use std::fmt;

/// The number of rows of a class from which on a calibrator is not fitted to few: the share of positive rows is then
/// known to about a tenth.
pub(crate) const LEAST_TO_CALIBRATE: u64 = 100;

/// A fact that the user of a run should know; displays as one sentence.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// A checkpoint could not be written, and the run goes on; an earlier checkpoint is still there.
    NoCheckpoint {
        /// The steps made so far.
        step: u64,
        /// The error, with the answer of the system.
        reason: String,
    },
    /// The cache could not be written; rows come from the text, and no part of the file is left.
    NoCache {
        /// The error, which names the file.
        reason: String,
    },
    /// The share of positive rows differs by more than chance between the training rows and the held-out rows.
    HeldOutRates {
        /// The share of positive rows among the training rows.
        train: f64,
        /// The share of positive rows among the held-out rows.
        valid: f64,
        /// The difference in standard errors.
        standard_errors: f64,
    },
    /// Many held-out rows are equal to a training row in all columns of the fields.
    EqualRows {
        /// The share of the held-out rows, approximately.
        share: f64,
        /// Whether rows are held out by their number, and neither groups nor the last rows.
        is_by_row: bool,
    },
    /// More rows could not be read than could.
    MostSkipped {
        /// The rows that could not be read and were left out.
        skipped: u64,
        /// The rows that were read.
        read: u64,
    },
    /// All training rows are of one class.
    OneClass {
        /// The number of training rows.
        rows: u64,
        /// Whether they are positive.
        positive: bool,
    },
    /// The validation rows do not define the AUC.
    NoValidationAuc {
        /// The number of validation rows.
        rows: u64,
        /// The reason.
        reason: Undefined,
    },
    /// The values of a field are unlike those of training in the validation files.
    ValidationValues(ValueChange),
    /// The values of a field are unlike those of training in the test files of a comparison.
    TestValues(ValueChange),
    /// The values of a field are unlike those that the model to begin from was trained on.
    TrainingValues(ValueChange),
    /// A calibrator is fitted to few rows of a class.
    FewToCalibrate {
        /// The rows with weight.
        rows: u64,
        /// The positive ones among them.
        positives: u64,
    },
    /// A calibrator is fitted to as many rows as the model was trained on: most likely they are the same.
    CalibratedOnTraining,
    /// The temperature of a calibrator is at the end of its range.
    TemperatureAtBound {
        /// The temperature.
        temperature: f64,
    },
    /// Higher logits go with fewer positive rows among those that a calibrator is fitted to.
    ReversedOrder {
        /// The AUC of the logits on these rows.
        auc: f64,
    },
    /// A calibrator gives nearly the same probability to all rows.
    FlatCalibrator,
    /// Rows are sorted, and the configuration shuffles them through a buffer that does not mix them.
    Drift {
        /// The rows of the buffer.
        buffer: usize,
        /// The change of the share of positive rows that the shuffle leaves.
        drift: Drift,
    },
    /// Values of the label that the configuration names occur in no row.
    AbsentLabels(AbsentLabels),
    /// The ids of fields are floating-point numbers above 2⁵³.
    RoundedIds {
        /// The names of the fields.
        fields: Vec<String>,
    },
    /// All numbers of fields that have a point have three digits after it, although decimals follow a comma.
    PointsLikeThousands {
        /// The names of the fields.
        fields: Vec<String>,
    },
    /// The epoch that is kept predicts the validation rows worse than one probability for all of them would.
    WorseThanConstant {
        /// The epoch that is kept.
        epoch: u32,
        /// Whether it is the last one, so that more epochs may help.
        is_last: bool,
        /// Its log loss on the validation rows.
        log_loss: f64,
        /// The share of positive rows among the training rows, by their weights.
        rate: f64,
        /// The log loss of predicting this share for every validation row.
        constant: f64,
    },
    /// The epoch that the AUC has chosen has a log loss far above that of another one.
    FarAboveBest {
        /// The epoch that is kept.
        epoch: u32,
        /// Its log loss on the validation rows.
        log_loss: f64,
        /// The epoch with the lowest log loss.
        best: u32,
        /// Its log loss on the validation rows.
        best_log_loss: f64,
        /// Whether AUC − log loss has chosen the epoch, and not the AUC alone.
        with_log_loss: bool,
    },
    /// The penalty has shrunk the embeddings of fields with companion counts, so that they hardly count.
    ShrunkEmbeddings {
        /// The fields.
        fields: Vec<ShrunkField>,
        /// The penalty, `train.embedding_l2`.
        penalty: f64,
    },
    /// Residual units have a problem that they did not have before.
    Units {
        /// The epoch, from 1; 0 before the first step.
        epoch: u32,
        /// The member whose units these are.
        member: MemberPlace,
        /// The units, in order.
        units: Vec<usize>,
        /// The problem.
        problem: UnitProblem,
    },
}

/// A field whose embeddings the penalty has shrunk.
#[derive(Clone, Debug, PartialEq)]
pub struct ShrunkField {
    /// The name of the field.
    pub field: String,
    /// The root mean square of its embeddings, relative to that of the initial ones.
    pub size: f64,
}

impl Warning {
    /// Whether this is the same fact about the same rows as `other`, although a sample of the rows may have given another
    /// share.
    pub(crate) fn repeats(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::ValidationValues(a), Self::ValidationValues(b))
            | (Self::TestValues(a), Self::TestValues(b)) => {
                a.field == b.field && a.kind.name() == b.kind.name()
            }
            _ => self == other,
        }
    }

    /// Whether the rows alone give the warning, so that it is the same in each run on them.
    pub(crate) fn is_of_rows(&self) -> bool {
        !matches!(
            self,
            Self::NoCheckpoint { .. }
                | Self::NoCache { .. }
                | Self::WorseThanConstant { .. }
                | Self::FarAboveBest { .. }
                | Self::ShrunkEmbeddings { .. }
                | Self::Units { .. }
        )
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCheckpoint { step, reason } => {
                write!(f, "no checkpoint of step {step}: {reason}")
            }
            Self::NoCache { reason } => {
                write!(f, "no cache, rows are read from the text in each epoch: {reason}")
            }
            Self::HeldOutRates { train, valid, standard_errors } => {
                held_out_rates(f, [*train, *valid], *standard_errors)
            }
            Self::EqualRows { share, is_by_row } => equal_rows(f, *share, *is_by_row),
            Self::MostSkipped { skipped, read } => {
                write!(f, "most rows are left out: {skipped} could not be read, and {read} could")
            }
            Self::OneClass { rows, positive } => write!(
                f,
                "all {rows} training rows are {}: a model learns nothing from rows of one class; see the column of \
                 the label, and the rows that are left out",
                if *positive { "positive" } else { "negative" }
            ),
            Self::NoValidationAuc { rows, reason } => write!(
                f,
                "the {rows} validation rows do not define an AUC: {reason}; use more validation rows"
            ),
            Self::ValidationValues(change) => write!(f, "validation rows: {change}"),
            Self::TestValues(change) => write!(f, "test rows: {change}"),
            Self::TrainingValues(change) => write!(f, "training rows: {change}"),
            Self::FewToCalibrate { rows, positives } => few_to_calibrate(f, *rows, *positives),
            Self::CalibratedOnTraining
            | Self::TemperatureAtBound { .. }
            | Self::ReversedOrder { .. }
            | Self::FlatCalibrator => self.of_calibrator(f),
            Self::Drift { buffer, drift } => sorted_rows(f, *buffer, drift),
            Self::AbsentLabels(AbsentLabels { column, absent, found }) => {
                let (absent, found) = (quoted(absent), quoted(found));
                write!(f, "no row has the label {absent}; the column `{column}` has {found}")
            }
            Self::RoundedIds { fields } => {
                let fields = quoted(fields);
                write!(
                    f,
                    "the ids of {fields} are floating-point numbers above 2^53, which a program may have rounded, so that \
                     different ids became one; write them as whole numbers or as text"
                )
            }
            Self::PointsLikeThousands { fields } => points_like_thousands(f, &quoted(fields)),
            Self::WorseThanConstant { epoch, is_last, log_loss, rate, constant } => {
                worse_than_constant(f, (*epoch, *is_last), [*log_loss, *constant], *rate)
            }
            Self::FarAboveBest { epoch, log_loss, best, best_log_loss, with_log_loss } => {
                far_above_best(f, [*epoch, *best], [*log_loss, *best_log_loss], *with_log_loss)
            }
            Self::ShrunkEmbeddings { fields, penalty } => shrunk_embeddings(f, fields, *penalty),
            Self::Units { epoch, member, units, problem } => {
                unit_problem(f, *epoch, *member, units, *problem)
            }
        }
    }
}

impl Warning {
    /// Writes a warning of a calibrator.
    fn of_calibrator(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CalibratedOnTraining => f.write_str(
                "there are exactly as many rows as the model was trained on: fitted to training rows, a calibrator makes \
                 the model overconfident",
            ),
            Self::TemperatureAtBound { temperature } => write!(
                f,
                "the temperature is at the end of its range, {temperature}: the model separates the rows perfectly, or \
                 says nothing about them"
            ),
            Self::ReversedOrder { auc } => write!(
                f,
                "the order of the rows is reversed: rows with higher logits are positive less often (AUC {auc:.4}); see \
                 the column of the label"
            ),
            Self::FlatCalibrator => f.write_str(
                "the calibrator is flat: it gives the same probability to all rows, as if their logits said nothing",
            ),
            _ => Ok(()),
        }
    }
}

fn held_out_rates(
    f: &mut fmt::Formatter<'_>,
    shares: [f64; 2],
    standard_errors: f64,
) -> fmt::Result {
    let [train, valid] = shares.map(|share| 100.0 * share);
    write!(
        f,
        "{train:.2} % of the training rows are positive, but {valid:.2} % of the held-out rows, which is \
         {standard_errors:.1} standard errors apart: the rule `train.valid_by` chooses by something that the label \
         depends on"
    )
}

fn equal_rows(f: &mut fmt::Formatter<'_>, share: f64, is_by_row: bool) -> fmt::Result {
    let share = 100.0 * share;
    write!(
        f,
        "{share:.0} % of the held-out rows are equal to a training row in all columns of the fields, so validation says \
         little about new rows"
    )?;
    if is_by_row {
        let groups = "hold out groups of rows by `train.valid_by = \"field:COLUMN\"`, or rows of a later time";
        write!(f, "; {groups}")?;
    }
    Ok(())
}

fn points_like_thousands(f: &mut fmt::Formatter<'_>, fields: &str) -> fmt::Result {
    write!(
        f,
        "all numbers of {fields} with a point have three digits after it, as `1.234` has, and are read as if decimals \
         followed it, although `decimal` is a comma; if the point separates thousands, remove it"
    )
}

fn few_to_calibrate(f: &mut fmt::Formatter<'_>, rows: u64, positives: u64) -> fmt::Result {
    let (n, label) = match rows.saturating_sub(positives) {
        negatives if negatives < positives => (negatives, "negative"),
        _ => (positives, "positive"),
    };
    let off = 100.0 / (n.max(1) as f64).sqrt();
    write!(
        f,
        "the calibrator is fitted to {rows} rows, and only {n} of them are {label}: by chance alone, probabilities are \
         about {off:.0} % off; use at least {LEAST_TO_CALIBRATE} of each label"
    )
}

fn sorted_rows(f: &mut fmt::Formatter<'_>, buffer: usize, drift: &Drift) -> fmt::Result {
    let [low, high, mean] = [drift.low, drift.high, drift.mean].map(percent);
    write!(
        f,
        "the rows are sorted: in a shuffle buffer of {buffer} rows, the share of positive rows goes from {low} to {high} \
         along the files, and is {mean} in all rows; set `train.shuffle` to \"auto\" or \"whole\""
    )
}

fn worse_than_constant(
    f: &mut fmt::Formatter<'_>,
    (epoch, is_last): (u32, bool),
    [log_loss, constant]: [f64; 2],
    rate: f64,
) -> fmt::Result {
    let advice = match is_last {
        true => "train longer, by `train.epochs` or a higher `train.learning_rate`",
        false => "lower `train.learning_rate`, or raise `train.embedding_l2`",
    };
    write!(
        f,
        "epoch {epoch} is kept, but its validation log loss {log_loss:.4} is worse than {constant:.4}, the loss of \
         predicting {:.2} % for every row, the share of positive training rows; {advice}, and see whether training and \
         validation rows come from the same source",
        100.0 * rate
    )
}

fn shrunk_embeddings(
    f: &mut fmt::Formatter<'_>,
    fields: &[ShrunkField],
    penalty: f64,
) -> fmt::Result {
    let sizes: Vec<_> = fields
        .iter()
        .map(|field| format!("`{}` to {:.1} %", field.field, 100.0 * field.size))
        .collect();
    let (sizes, noun) = (sizes.join(", "), if fields.len() == 1 { "field" } else { "fields" });
    write!(
        f,
        "`train.embedding_l2 = {penalty}` has shrunk the embeddings of {sizes} of their start, so the model knows little \
         but the companion counts of the {noun}, and not what goes with what; lower the penalty, or add a cross with \
         `counts = true`"
    )
}

fn far_above_best(
    f: &mut fmt::Formatter<'_>,
    [epoch, best]: [u32; 2],
    [log_loss, best_log_loss]: [f64; 2],
    with_log_loss: bool,
) -> fmt::Result {
    let above = 100.0 * (log_loss / best_log_loss - 1.0);
    let (chosen_by, settings) = match with_log_loss {
        true => ("AUC − log loss", "\"log-loss\""),
        false => ("AUC", "\"log-loss\" or \"auc-log-loss\""),
    };
    write!(
        f,
        "epoch {epoch} is kept for its {chosen_by}, but its validation log loss {log_loss:.4} is {above:.0} % above the \
         {best_log_loss:.4} of epoch {best}, so its probabilities are worse; set `train.monitor` to {settings}, raise \
         `train.embedding_l2`, or correct the probabilities with `deepcross calibrate`"
    )
}

fn unit_problem(
    f: &mut fmt::Formatter<'_>,
    epoch: u32,
    member: MemberPlace,
    units: &[usize],
    problem: UnitProblem,
) -> fmt::Result {
    let (what, advice) = problem.words();
    let (units, member, moment) = (names(units), member.of_several(), moment(epoch));
    write!(f, "{units}{member} {moment}: {what}; {advice}")
}

/// A share in percent.
fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// Names in backticks, with commas between them.
fn quoted(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The names of units: of 0, 1, 2, 3 and 7, "units 0–3, 7".
fn names(units: &[usize]) -> String {
    let runs = units.chunk_by(|a, b| a + 1 == *b);
    let name = |run: &[usize]| match run {
        [first, .., last] => format!("{first}–{last}"),
        _ => run.iter().map(usize::to_string).collect(),
    };
    let noun = if units.len() == 1 { "unit" } else { "units" };
    format!("{noun} {}", runs.map(name).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_units_are_named_by_their_ends() {
        let cases: [(&[usize], _); 4] = [
            (&[3], "unit 3"),
            (&[3, 4], "units 3–4"),
            (&[0, 2], "units 0, 2"),
            (&[0, 1, 2, 3, 7, 9, 10], "units 0–3, 7, 9–10"),
        ];
        for (units, expected) in cases {
            assert_eq!(names(units), expected);
        }
    }

    #[test]
    fn a_warning_about_units_says_what_is_wrong_and_what_helps() {
        let warning = |epoch, of| {
            let (units, problem) = (vec![0, 1], UnitProblem::Exploding);
            let member = MemberPlace { number: 1, of };
            Warning::Units { epoch, member, units, problem }.to_string()
        };
        let what = "the gradient explodes: it is more than 1,000 times the last unit's; use fewer units, or lower \
                    `train.learning_rate`";
        assert_eq!(warning(0, 1), format!("units 0–1 at the start: {what}"));
        assert_eq!(warning(3, 2), format!("units 0–1 of member 1 of 2 after epoch 3: {what}"));
    }
}
