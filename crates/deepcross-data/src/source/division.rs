//! Divides the rows of a source into sets: those for training, for validation and for the test.
//!
//! The number of a row, the value of one column, or a time decides about the set; label and weight never do.
//! The number of a row counts all rows of all files in their order, with bad rows among them.
//! So the sets are the same in each pass, in any format, and on any number of threads.
//!
//! Rejected: a hash of the whole row, label included. Rows of few distinct contents are then divided by their labels,
//! so that all positive rows of a content may be held out and all negative ones trained on.
//! Rejected: a hash of the row without its label. Rows that are equal are then on one side together, which is right
//! only if they have one cause, such as one user; a column that names the cause says so.

use deepcross_features::canonical;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::source::Source;
use super::time_value::{TimeForm, TimeValue};
use crate::error::DataError;
use crate::message::shown;
use crate::random::unit_interval;
use crate::rows::RawRow;

/// What rows are divided for. Each purpose has a random stream of its own, so that its draw is independent of any other
/// draw with the same seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A run holds rows out.
    HoldOut,
    /// Rows are divided into files.
    Split,
}

/// The seed of the hashes of groups.
const GROUPS: u64 = 1;

/// One of the sets that rows are divided into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SplitSet {
    /// The rows for training.
    Train,
    /// The rows for validation: those that a run holds out.
    Valid,
    /// The rows for the test.
    Test,
}

/// The shares of the rows that are not for training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// The share for validation, in [0, 1).
    pub valid: f64,
    /// The share for the test, in [0, 1). The sum of both shares must be below 1.
    pub test: f64,
}

/// A rule that divides the rows of one source into sets, with its column and its limits found.
///
/// [`SplitBy`](crate::split::SplitBy) names a rule for any source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Division {
    pub(crate) rule: Rule,
}

/// The rule of a [`Division`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rule {
    /// By a hash of the row's number.
    Row { shares: Shares, seed: u64 },
    /// By a hash of the value in a column, of which all spellings are one; a row without a value by a hash of its number.
    Key { column: usize, shares: Shares, seed: u64 },
    /// By the row's number: the numbers of the first row for validation and of the first row for the test.
    Order { valid: u64, test: u64 },
    /// By the time in a column: the first times for validation and for the test.
    Time { column: usize, form: TimeForm, valid: Option<TimeValue>, test: Option<TimeValue> },
}

impl Shares {
    /// The set of a row at a position in [0, 1).
    fn set_at(self, position: f64) -> SplitSet {
        match position {
            p if p < self.test => SplitSet::Test,
            p if p < self.test + self.valid => SplitSet::Valid,
            _ => SplitSet::Train,
        }
    }
}

impl Division {
    /// Holds out a share of the rows at random, by their numbers; `seed` determines the chosen rows.
    pub fn by_row(share: f64, seed: u64) -> Self {
        let shares = Shares { valid: share, test: 0.0 };
        Self { rule: Rule::Row { shares, seed: Purpose::HoldOut.seed(seed) } }
    }

    /// The first times of validation and of the test, if rows are divided by time.
    pub fn cuts(&self) -> (Option<String>, Option<String>) {
        let shown = |time: Option<TimeValue>| time.map(|time| time.to_string());
        match self.rule {
            Rule::Time { valid, test, .. } => (shown(valid), shown(test)),
            _ => (None, None),
        }
    }
}

impl Purpose {
    /// The seed of the random stream of this purpose.
    pub(crate) fn seed(self, seed: u64) -> u64 {
        let name: &[u8] = match self {
            Self::HoldOut => b"held-out rows",
            Self::Split => b"split",
        };
        xxh3_64_with_seed(name, seed)
    }
}

/// The position of a row in [0, 1), uniform over the numbers of rows or over the values of a key.
fn position(bytes: &[u8], seed: u64) -> f64 {
    unit_interval(xxh3_64_with_seed(bytes, seed))
}

/// Finds the set of each row of a source.
#[derive(Clone, Debug)]
pub(crate) struct SetReader {
    division: Division,
    /// The name of the column that decides, for messages.
    column: String,
    /// The texts that mean "missing".
    missing: Vec<String>,
}

impl SetReader {
    /// A reader of the sets of `division`, whose column is a column of `source`.
    pub(crate) fn new(division: Division, source: &Source) -> Self {
        let column = match division.rule {
            Rule::Key { column, .. } | Rule::Time { column, .. } => Some(column),
            Rule::Row { .. } | Rule::Order { .. } => None,
        };
        let column = column.and_then(|column| source.header().get(column)).cloned();
        let missing = source.config().missing.clone();
        Self { division, column: column.unwrap_or_default(), missing }
    }

    /// The set of the row of this number, counted from 0 over all rows of the source.
    ///
    /// # Errors
    /// If the time of the row decides, and it has none in the form of the column.
    pub(crate) fn set(&self, row: &RawRow<'_>, number: u64) -> Result<SplitSet, DataError> {
        let mut scratch = Vec::new();
        Ok(match self.division.rule {
            Rule::Row { shares, seed } => shares.set_at(position(&number.to_le_bytes(), seed)),
            Rule::Key { column, shares, seed } => {
                let value = canonical(row.cell(column).text(&mut scratch));
                shares.set_at(match self.is_missing(&value) {
                    true => position(&number.to_le_bytes(), seed),
                    false => position(&value, seed),
                })
            }
            Rule::Order { valid, test } => {
                last_reached([(valid, SplitSet::Valid), (test, SplitSet::Test)], |first| {
                    number >= first
                })
            }
            Rule::Time { column, form, valid, test } => {
                let time = self.time(row, column, form)?;
                let is_past = |cut: Option<TimeValue>| cut.is_some_and(|cut| time >= cut);
                last_reached([(valid, SplitSet::Valid), (test, SplitSet::Test)], is_past)
            }
        })
    }

    fn time(
        &self,
        row: &RawRow<'_>,
        column: usize,
        form: TimeForm,
    ) -> Result<TimeValue, DataError> {
        let mut scratch = Vec::new();
        let value = row.cell(column).text(&mut scratch);
        form.read(value).ok_or_else(|| DataError::Row {
            place: row.place(),
            field: self.column.clone(),
            value: shown(value),
            expected: form.to_string(),
        })
    }

    /// Whether sets are random.
    pub(crate) fn is_random(&self) -> bool {
        matches!(self.division.rule, Rule::Row { .. } | Rule::Key { .. })
    }

    /// The hash of the value that puts a row into the same set as other rows; `None` if the row has none.
    ///
    /// It is independent of the position that decides about the set.
    pub(crate) fn group(&self, row: &RawRow<'_>) -> Option<u64> {
        let Rule::Key { column, .. } = self.division.rule else { return None };
        let mut scratch = Vec::new();
        let value = canonical(row.cell(column).text(&mut scratch));
        (!self.is_missing(&value)).then(|| xxh3_64_with_seed(&value, GROUPS))
    }

    /// Whether a canonical text means "missing", which fields read in any spelling too.
    fn is_missing(&self, value: &[u8]) -> bool {
        let mut missing = self.missing.iter().map(|missing| canonical(missing.as_bytes()));
        value.is_empty() || missing.any(|missing| *missing == *value)
    }
}

/// The last set whose start is reached, or the set for training.
fn last_reached<T>(starts: [(T, SplitSet); 2], is_reached: impl Fn(T) -> bool) -> SplitSet {
    let reached = starts.into_iter().filter_map(|(start, set)| is_reached(start).then_some(set));
    reached.last().unwrap_or(SplitSet::Train)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::RawRows;

    const N: u64 = 20_000;

    /// A reader without a source.
    fn reader(rule: Rule) -> SetReader {
        let (column, missing) = ("key".to_owned(), vec!["?".to_owned(), "-1".to_owned()]);
        SetReader { division: Division { rule }, column, missing }
    }

    /// The number of rows of each set among the first `N`, by their numbers.
    fn counts(division: Division) -> [usize; 3] {
        let (sets, rows) = (reader(division.rule), RawRows::of(&["1"]));
        let mut counts = [0; 3];
        (0..N).for_each(|number| counts[sets.set(&rows.get(0), number).unwrap() as usize] += 1);
        counts
    }

    #[test]
    fn the_share_held_out_is_the_fraction() {
        for (fraction, seed) in [(0.0, 1), (0.1, 1), (0.1, 2), (0.5, 3), (1.0, 4)] {
            let [train, valid, test] = counts(Division::by_row(fraction, seed));
            // Five standard deviations of a binomial share.
            let tolerance = 5.0 * (fraction * (1.0 - fraction) / N as f64).sqrt();
            let share = valid as f64 / N as f64;
            assert!((share - fraction).abs() <= tolerance, "{share} for {fraction}");
            assert_eq!((train + valid, test), (N as usize, 0));
        }
    }

    /// The numbers of this program, with the Python package xxhash:
    ///
    /// ```python
    /// def held_out(share, seed, n):
    ///     seed = xxhash.xxh3_64_intdigest(b"held-out rows", seed)
    ///     digest = lambda i: xxhash.xxh3_64_intdigest(i.to_bytes(8, "little"), seed)
    ///     return [i for i in range(n) if (digest(i) >> 11) / 2**53 < share]
    /// ```
    #[test]
    fn held_out_rows_stay_the_same_in_all_versions() {
        let cases: [(f64, u64, &[u64]); 3] = [
            (0.2, 1, &[2, 8, 11, 12, 14, 17, 18]),
            (0.2, 2, &[1, 2, 5, 6, 11, 13, 19]),
            (0.5, 1, &[0, 2, 3, 7, 8, 11, 12, 14, 17, 18]),
        ];
        let rows = RawRows::of(&["1"]);
        for (share, seed, expected) in cases {
            let sets = reader(Division::by_row(share, seed).rule);
            let is_held_out =
                |number: &u64| sets.set(&rows.get(0), *number).unwrap() == SplitSet::Valid;
            let found: Vec<u64> = (0..20).filter(is_held_out).collect();
            assert_eq!(found, expected, "{share}, {seed}");
        }
    }

    #[test]
    fn a_row_without_a_key_is_divided_by_its_number() {
        let shares = Shares { valid: 0.5, test: 0.0 };
        let by_key = reader(Rule::Key { column: 0, shares, seed: 7 });
        let by_row = reader(Rule::Row { shares, seed: 7 });
        let set = |sets: &SetReader, key: &str, number| {
            sets.set(&RawRows::of(&[key]).get(0), number).unwrap()
        };
        for number in 0..50 {
            for missing in ["", "?", "-1", "-1.0"] {
                assert_eq!(set(&by_key, missing, number), set(&by_row, missing, number));
            }
            assert_eq!(set(&by_key, "a", number), set(&by_key, "a", 0));
            let spelled = [format!("{number}"), format!("{number}.0")];
            assert_eq!(set(&by_key, &spelled[0], 0), set(&by_key, &spelled[1], 1));
            let times = ["2024-03-01 10:%:00+00:00", "2024-03-01T10:%:00.000Z"];
            let spelled = times.map(|time| time.replace('%', &format!("{:02}", number)));
            assert_eq!(set(&by_key, &spelled[0], 0), set(&by_key, &spelled[1], 1));
        }
        let sets: Vec<_> = (0..50).map(|i| set(&by_key, &format!("k{i}"), 0)).collect();
        assert!(sets.contains(&SplitSet::Train) && sets.contains(&SplitSet::Valid));
    }
}
