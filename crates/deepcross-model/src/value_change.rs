//! Fields whose values are unlike those of training: new to the model, missing, or far outside.
//!
//! A model can only be right about values like those that it was trained on.
//! A column that is spelled in another way, is measured in another unit or has been lost changes nearly all values of a
//! field at once, without an error.

use deepcross_features::{Counts, Encoder, FieldCounts};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A share of the values that are new or missing counts as most of them above this.
const MOST: f64 = 0.5;
/// The same for new values if no validation rows have shown how many are usual: ids that come and go are new more often
/// than not, but values that are spelled in another way nearly always.
const NEARLY_ALL: f64 = 0.9;
/// The largest share in training of a kind of value that is usually absent: if more were, many are no surprise now.
const FEW: f64 = 0.1;
/// The least number of new, missing or far values: a few can be chance.
const LEAST: u64 = 10;
/// The share of numbers that may be far outside.
const STRAY: f64 = 0.01;
/// The factor by which the share of numbers far outside must exceed that of training.
const TIMES: f64 = 5.0;

/// The counts of a field's values in the training of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingCounts {
    /// In the training rows of the last epoch.
    pub train: FieldCounts,
    /// In the validation rows; all 0 if there were none.
    pub valid: FieldCounts,
}

/// A field whose values are unlike those of training; displays as one sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueChange {
    /// The name of the field.
    pub field: String,
    /// What its values are like.
    pub kind: ChangeKind,
    /// The share of such values among the values now.
    pub now: f64,
    /// Their share in training.
    pub before: f64,
}

/// What the values of a field are like that was seldom so in training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ChangeKind {
    /// Most values did not occur in training.
    Unseen,
    /// Most values are missing.
    Missing,
    /// Some numbers are far outside of those of training, which are in this range.
    Far {
        /// The least number of training.
        min: f64,
        /// The greatest one.
        max: f64,
    },
}

impl ChangeKind {
    /// `unseen`, `missing` or `far`, as in the names of counts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unseen => "unseen",
            Self::Missing => "missing",
            Self::Far { .. } => "far",
        }
    }
}

impl fmt::Display for ValueChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, kind, now, before } = self;
        let [now, before] = [now, before].map(|share| format!("{:.1} %", 100.0 * share));
        match kind {
            ChangeKind::Unseen => write!(
                f,
                "most values of `{field}` are new to the model: {now} now, and {before} in training; perhaps they are \
                 spelled in another way"
            ),
            ChangeKind::Missing => {
                write!(
                    f,
                    "most values of `{field}` are missing: {now} now, and {before} in training"
                )
            }
            ChangeKind::Far { min, max } => write!(
                f,
                "numbers of `{field}` are far outside of those of training, which go from {min} to {max}: {now} lie \
                 beyond by more than ten standard deviations, and {before} did in training; perhaps they have another \
                 unit"
            ),
        }
    }
}

/// The fields whose values are unlike those of training, by the counts of both.
///
/// `known` are the counts of training in the order of the fields; without them, no field is unlike them.
pub fn value_changes(
    encoder: &Encoder,
    known: &[TrainingCounts],
    counts: &Counts,
) -> Vec<ValueChange> {
    let fields = encoder.shapes().iter().zip(known).enumerate();
    let changes = fields.filter_map(|(index, (shape, known))| {
        let now = counts.get(&shape.name)?;
        let (kind, now, before) = unseen(known, now)
            .or_else(|| missing(known, now))
            .or_else(|| far(known, now, encoder.numbers_seen(index)?))?;
        Some(ValueChange { field: shape.name.clone(), kind, now, before })
    });
    changes.collect()
}

/// A kind of change, and the shares of the values now and before.
type Change = (ChangeKind, f64, f64);

fn unseen(known: &TrainingCounts, now: &FieldCounts) -> Option<Change> {
    // Training rows are the ones that the values were learned from; only other rows can have new ones.
    let (before, most) = match present(&known.valid) {
        0 => (&known.train, NEARLY_ALL),
        _ => (&known.valid, MOST),
    };
    let share = |counts: &FieldCounts| share(counts.unseen, present(counts));
    let (share, before) = (share(now), share(before));
    let is_so = now.unseen >= LEAST && share > most && before < FEW;
    is_so.then_some((ChangeKind::Unseen, share, before))
}

fn missing(known: &TrainingCounts, now: &FieldCounts) -> Option<Change> {
    let share = |counts: &FieldCounts| share(counts.missing, counts.values);
    let (share, before) = (share(now), share(&known.train).max(share(&known.valid)));
    let is_so = now.missing >= LEAST && share > MOST && before < FEW;
    is_so.then_some((ChangeKind::Missing, share, before))
}

fn far(known: &TrainingCounts, now: &FieldCounts, (min, max): (f64, f64)) -> Option<Change> {
    let share = |counts: &FieldCounts| share(counts.far, present(counts));
    let (share, before) = (share(now), share(&known.train).max(share(&known.valid)));
    let is_so = now.far >= LEAST && share > STRAY && share > TIMES * before;
    is_so.then_some((ChangeKind::Far { min, max }, share, before))
}

fn present(counts: &FieldCounts) -> u64 {
    counts.values.saturating_sub(counts.missing)
}

fn share(n: u64, of: u64) -> f64 {
    n as f64 / of.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(values: u64, missing: u64, unseen: u64, far: u64) -> FieldCounts {
        FieldCounts { values, missing, unseen, far, ..FieldCounts::default() }
    }

    fn known(train: FieldCounts, valid: FieldCounts) -> TrainingCounts {
        TrainingCounts { train, valid }
    }

    #[test]
    fn values_that_were_known_and_are_new_now_are_a_change() {
        let none = FieldCounts::default();
        let usual = known(counts(1000, 0, 0, 0), counts(100, 0, 2, 0));
        assert_eq!(unseen(&usual, &counts(40, 0, 40, 0)), Some((ChangeKind::Unseen, 1.0, 0.02)));
        // Missing values are not new ones.
        assert_eq!(unseen(&usual, &counts(40, 20, 12, 0)), Some((ChangeKind::Unseen, 0.6, 0.02)));
        for now in [counts(40, 0, 20, 0), counts(9, 0, 9, 0), counts(40, 40, 0, 0), none] {
            assert_eq!(unseen(&usual, &now), None, "{now:?}");
        }
        let ids = known(counts(1000, 0, 0, 0), counts(100, 0, 60, 0));
        assert_eq!(unseen(&ids, &counts(40, 0, 40, 0)), None);
        let without_validation = known(counts(1000, 0, 0, 0), none);
        assert!(unseen(&without_validation, &counts(40, 0, 40, 0)).is_some());
        assert_eq!(unseen(&without_validation, &counts(40, 0, 36, 0)), None);
    }

    #[test]
    fn values_that_are_lost_are_a_change() {
        let usual = known(counts(1000, 30, 0, 0), counts(100, 5, 0, 0));
        let found = missing(&usual, &counts(40, 40, 0, 0));
        assert_eq!(found, Some((ChangeKind::Missing, 1.0, 0.05)));
        assert_eq!(missing(&usual, &counts(40, 20, 0, 0)), None);
        let often = known(counts(1000, 100, 0, 0), FieldCounts::default());
        assert_eq!(missing(&often, &counts(40, 40, 0, 0)), None);
    }

    #[test]
    fn numbers_far_outside_are_a_change() {
        let usual = known(counts(1000, 0, 0, 0), counts(100, 0, 0, 1));
        let kind = ChangeKind::Far { min: 18.0, max: 77.0 };
        let far = |now| far(&usual, &now, (18.0, 77.0));
        assert_eq!(far(counts(10, 0, 0, 10)), Some((kind, 1.0, 0.01)));
        assert_eq!(far(counts(200, 0, 0, 10)), None);
        assert_eq!(far(counts(9, 0, 0, 9)), None);
        assert_eq!(far(counts(0, 0, 0, 0)), None);
    }

    #[test]
    fn a_change_is_one_sentence() {
        let sentence = |kind| {
            let field = "age".to_owned();
            ValueChange { field, kind, now: 1.0, before: 0.003 }.to_string()
        };
        for (kind, expected) in [
            (
                ChangeKind::Unseen,
                "most values of `age` are new to the model: 100.0 % now, and 0.3 % in training; ",
            ),
            (
                ChangeKind::Missing,
                "most values of `age` are missing: 100.0 % now, and 0.3 % in training",
            ),
            (
                ChangeKind::Far { min: 18.0, max: 77.5 },
                "numbers of `age` are far outside of those of training, which go from 18 to 77.5: 100.0 % lie beyond ",
            ),
        ] {
            assert!(sentence(kind).starts_with(expected), "{}", sentence(kind));
        }
    }
}
