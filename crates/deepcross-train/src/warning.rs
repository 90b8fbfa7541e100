//! Warnings: facts about a run or its rows that are no error, but that its user should know.
//!
//! The library finds them and words them, so that every program warns alike.
//! In a strict run ([`RunOptions::strict`](crate::RunOptions::strict)), the first warning ends the run as
//! [`TrainError::Warned`](crate::TrainError::Warned).

use crate::diagnosis::UnitProblem;
use std::fmt;

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
    },
    /// Residual units have a problem that they did not have before.
    Units {
        /// The epoch, from 1; 0 before the first step.
        epoch: u32,
        /// The units, in order.
        units: Vec<usize>,
        /// The problem.
        problem: UnitProblem,
    },
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
                let [train, valid] = [train, valid].map(|share| 100.0 * share);
                write!(
                    f,
                    "{train:.2} % of the training rows are positive, but {valid:.2} % of the held-out rows, which is \
                     {standard_errors:.1} standard errors apart: the rule `train.valid_by` chooses by something that the \
                     label depends on"
                )
            }
            Self::EqualRows { share } => {
                let share = 100.0 * share;
                write!(
                    f,
                    "{share:.0} % of the held-out rows are equal to a training row in all columns of the fields, so \
                     validation says little about new rows; hold out groups of rows by `train.valid_by = \
                     \"field:COLUMN\"`, or rows of a later time"
                )
            }
            Self::Units { epoch, units, problem } => {
                let moment = match epoch {
                    0 => "at the start".to_owned(),
                    epoch => format!("after epoch {epoch}"),
                };
                let (what, advice) = problem.words();
                write!(f, "{} {moment}: {what}; {advice}", names(units))
            }
        }
    }
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
        let warning = |epoch| {
            let (units, problem) = (vec![0, 1], UnitProblem::Exploding);
            Warning::Units { epoch, units, problem }.to_string()
        };
        let what = "the gradient explodes: it is more than 1,000 times the last unit's; use fewer units, or lower \
                    `train.learning_rate`";
        assert_eq!(warning(0), format!("units 0–1 at the start: {what}"));
        assert_eq!(warning(3), format!("units 0–1 after epoch 3: {what}"));
    }
}
