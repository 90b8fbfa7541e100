//! Divides rows into those to train on, to validate with, and to test with.
//!
//! Rows are told apart by their order, their time, or a hash; all three are functions of the files
//! and the settings alone, so that a split is the same on any machine.
//! [`Partition`](crate::Partition) holds rows out within a run; this is for files that others read too.

mod files;
mod time;

use std::collections::BTreeMap;

use deepcross_features::RowFields;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::config::BadRows;
use crate::error::DataError;
use crate::message::shown;
use crate::rows::RawRow;
use crate::source::{Records, Skipped, Source, each_row, position};
pub use files::{SplitFile, SplitFiles, SplitFolder};
use time::Time;

/// One of the sets that rows are divided into.
///
/// [`Partition`](crate::Partition) is another thing: the rule by which a single run holds rows out, with a share and a
/// seed, and without a test set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SplitSet {
    /// To train on.
    Train,
    /// To validate with.
    Valid,
    /// To test with.
    Test,
}

/// The shares of rows that are not trained on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// The share to validate with, in [0, 1).
    pub valid: f64,
    /// The share to test with, in [0, 1); together with `valid` below 1.
    pub test: f64,
}

/// The rule that says to which set a row belongs.
#[derive(Clone, Debug, PartialEq)]
pub enum SplitBy {
    /// The order of the files: the last rows are tested with, those before them validated with.
    Order(Shares),
    /// A hash of the row's values: equal rows are in one set.
    Row {
        /// The shares, as far as a hash meets them.
        shares: Shares,
        /// Chooses which rows.
        seed: u64,
    },
    /// A hash of one column's value: all rows of a value are in one set.
    Key {
        /// The column.
        column: String,
        /// The shares of the values, which are those of the rows where no value has many.
        shares: Shares,
        /// Chooses which values.
        seed: u64,
    },
    /// The time in a column, a number or a date that begins with its year (ISO 8601): the latest
    /// rows are tested with; rows of one time are in one set, so that shares are met or exceeded.
    Time {
        /// The column.
        column: String,
        /// The shares of the rows.
        shares: Shares,
    },
    /// As [`Time`](Self::Time), with the times at which the sets begin.
    Cut {
        /// The column.
        column: String,
        /// The first time to validate with; `None` where no rows are.
        valid: Option<String>,
        /// The first time to test with.
        test: String,
    },
}

/// Streams the rows of a source, each with the set that it belongs to.
///
/// By order and by time with shares, all rows are read once before.
#[derive(Debug)]
pub struct Splitter {
    records: Records,
    row: RawRow,
    rule: Rule,
    bad_rows: BadRows,
    skipped: Skipped,
}

/// A rule with every choice made.
#[derive(Debug)]
enum Rule {
    /// The numbers of the first row to validate and to test with, and of the next row.
    Order {
        valid: u64,
        test: u64,
        next: u64,
    },
    Hash {
        column: Option<usize>,
        shares: Shares,
        seed: u64,
    },
    Time {
        column: usize,
        name: String,
        valid: Option<Time>,
        test: Option<Time>,
    },
}

impl Splitter {
    /// Binds the column of `by` to the header of `source`, and finds what shares mean for its rows.
    ///
    /// # Errors
    /// If there is no such column, if shares or times are out of range, or as [`next_row`](Self::next_row).
    pub fn new(source: &Source, by: &SplitBy, bad_rows: BadRows) -> Result<Self, DataError> {
        let problems = by.problems();
        if !problems.is_empty() {
            return Err(DataError::Config { problems });
        }
        source.check_one_form()?;
        let column = |name: &str| source.column(name, "the split");
        let rule = match by {
            SplitBy::Order(shares) => Rule::order(count(source, bad_rows)?, *shares),
            SplitBy::Row { shares, seed } => Rule::hash(None, *shares, *seed),
            SplitBy::Key { column: name, shares, seed } => {
                Rule::hash(Some(column(name)?), *shares, *seed)
            }
            SplitBy::Time { column: name, shares } => {
                let times = Times { column: column(name)?, name, example: None };
                let (valid, test) = times.cuts(source, bad_rows, *shares)?;
                Rule::Time { column: column(name)?, name: name.clone(), valid, test }
            }
            SplitBy::Cut { column: name, valid, test } => Rule::Time {
                column: column(name)?,
                name: name.clone(),
                valid: valid.as_deref().and_then(|time| Time::of(time.as_bytes())),
                test: Time::of(test.as_bytes()),
            },
        };
        let (records, row) = (source.records()?, RawRow::new());
        Ok(Self { records, row, rule, bad_rows, skipped: Skipped::default() })
    }

    /// The next row, as it stands in its file, with its set; `None` after the last.
    ///
    /// The line end is that of the file; a last line without one is given without one.
    ///
    /// # Errors
    /// As [`Records::read`], and for a time that cannot be told or compared, unless bad rows are
    /// skipped.
    pub fn next_row(&mut self) -> Result<Option<(SplitSet, &[u8])>, DataError> {
        let set = loop {
            match self.set_of_next() {
                Ok(None) => return Ok(None),
                Ok(Some(set)) => break set,
                Err(error) => self.skipped.admit(error, self.bad_rows)?,
            }
        };
        Ok(Some((set, self.records.raw())))
    }

    /// The rows that were left out.
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// The first times to validate and to test with, where rows are split by time.
    pub fn cuts(&self) -> (Option<String>, Option<String>) {
        let shown = |time: &Option<Time>| time.as_ref().map(ToString::to_string);
        match &self.rule {
            Rule::Time { valid, test, .. } => (shown(valid), shown(test)),
            _ => (None, None),
        }
    }

    fn set_of_next(&mut self) -> Result<Option<SplitSet>, DataError> {
        if !self.records.read(&mut self.row)? {
            return Ok(None);
        }
        self.rule.set_of(&self.row).map(Some)
    }
}

impl SplitBy {
    /// Shares and times that cannot be.
    fn problems(&self) -> Vec<String> {
        match self {
            Self::Order(shares)
            | Self::Row { shares, .. }
            | Self::Key { shares, .. }
            | Self::Time { shares, .. } => shares.problems(),
            Self::Cut { valid, test, .. } => cut_problems(valid.as_deref(), test),
        }
    }
}

impl Shares {
    fn problems(self) -> Vec<String> {
        let is_share = |share: f64| (0.0..1.0).contains(&share);
        let mut problems = Vec::new();
        for (name, share) in [("valid", self.valid), ("test", self.test)] {
            if !is_share(share) {
                problems.push(format!("the share `{name}` must be in [0, 1), but is {share}"));
            }
        }
        if problems.is_empty() && !is_share(self.valid + self.test) {
            let sum = self.valid + self.test;
            problems.push(format!("the shares must leave rows to train on, but sum up to {sum}"));
        }
        problems
    }

    /// The set of a row at a position in [0, 1).
    fn set_of(self, position: f64) -> SplitSet {
        match position {
            p if p < self.test => SplitSet::Test,
            p if p < self.test + self.valid => SplitSet::Valid,
            _ => SplitSet::Train,
        }
    }
}

fn cut_problems(valid: Option<&str>, test: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for time in valid.into_iter().chain([test]).filter(|time| Time::of(time.as_bytes()).is_none()) {
        problems.push(format!("the time of a cut must be {}, but is `{time}`", Time::EXPECTED));
    }
    let [valid, test] = [valid, Some(test)].map(|time| Time::of(time?.as_bytes()));
    if let (Some(valid), Some(test)) = (valid, test)
        && (!valid.is_of_kind(&test) || valid >= test)
    {
        problems.push(format!(
            "the time to validate from must be before the time to test from, `{test}`, but is `{valid}`"
        ));
    }
    problems
}

impl Rule {
    fn order(n_rows: u64, shares: Shares) -> Self {
        let test = n_rows - rows_of(n_rows, shares.test);
        let valid = n_rows - rows_of(n_rows, shares.test + shares.valid);
        Self::Order { valid, test, next: 0 }
    }

    /// A seed of its own for each purpose: held-out rows of a run with the same seed are others.
    fn hash(column: Option<usize>, shares: Shares, seed: u64) -> Self {
        Self::Hash { column, shares, seed: xxh3_64_with_seed(b"split", seed) }
    }

    fn set_of(&mut self, row: &RawRow) -> Result<SplitSet, DataError> {
        match self {
            Self::Order { valid, test, next } => {
                let number = *next;
                *next += 1;
                Ok(from([(*valid, SplitSet::Valid), (*test, SplitSet::Test)], |first| {
                    number >= first
                }))
            }
            Self::Hash { column: None, shares, seed } => {
                Ok(shares.set_of(position(row.fields(), *seed)))
            }
            Self::Hash { column: Some(column), shares, seed } => {
                Ok(shares.set_of(position(std::iter::once(row.field(*column)), *seed)))
            }
            Self::Time { column, name, valid, test } => {
                let time = time(row, *column, name, test.as_ref())?;
                let is_past = |cut: &Option<Time>| cut.as_ref().is_some_and(|cut| time >= *cut);
                Ok(from([(&*valid, SplitSet::Valid), (&*test, SplitSet::Test)], is_past))
            }
        }
    }
}

/// A share of the rows, to the nearest row.
fn rows_of(n_rows: u64, share: f64) -> u64 {
    ((n_rows as f64 * share).round() as u64).min(n_rows)
}

/// The last set whose start is reached.
fn from<T>(starts: [(T, SplitSet); 2], is_reached: impl Fn(T) -> bool) -> SplitSet {
    let reached = starts.into_iter().filter_map(|(start, set)| is_reached(start).then_some(set));
    reached.last().unwrap_or(SplitSet::Train)
}

/// The time of a row, which can be compared with `example`.
fn time(
    row: &RawRow,
    column: usize,
    name: &str,
    example: Option<&Time>,
) -> Result<Time, DataError> {
    let value = row.field(column);
    let is_comparable = |time: &Time| example.is_none_or(|example| time.is_of_kind(example));
    Time::of(value).filter(is_comparable).ok_or_else(|| DataError::Row {
        place: row.place(),
        field: name.to_owned(),
        value: shown(value),
        expected: match example {
            Some(example) => format!("a time like `{example}`"),
            None => Time::EXPECTED.to_owned(),
        },
    })
}

/// The number of rows, less those that are skipped.
fn count(source: &Source, bad_rows: BadRows) -> Result<u64, DataError> {
    let mut n_rows = 0;
    each_row(source, bad_rows, |_| {
        n_rows += 1;
        Ok(())
    })?;
    Ok(n_rows)
}

/// Looks for the times at which shares of the rows begin.
struct Times<'a> {
    column: usize,
    name: &'a str,
    /// The first time that was met.
    example: Option<Time>,
}

impl Times<'_> {
    /// The times from which at least the shares of rows are validated and tested with.
    fn cuts(
        mut self,
        source: &Source,
        bad_rows: BadRows,
        shares: Shares,
    ) -> Result<(Option<Time>, Option<Time>), DataError> {
        let mut rows_at: BTreeMap<Time, u64> = BTreeMap::new();
        each_row(source, bad_rows, |row| {
            let time = time(row, self.column, self.name, self.example.as_ref())?;
            self.example.get_or_insert_with(|| time.clone());
            *rows_at.entry(time).or_default() += 1;
            Ok(())
        })?;
        let n_rows: u64 = rows_at.values().sum();
        let cut = |share| start_of_last(&rows_at, rows_of(n_rows, share));
        let test = cut(shares.test);
        let valid = (shares.valid > 0.0).then(|| cut(shares.test + shares.valid)).flatten();
        Ok((valid, test))
    }
}

/// The time from which at least `n` rows are left; `None` for no row.
fn start_of_last(rows_at: &BTreeMap<Time, u64>, n: u64) -> Option<Time> {
    let mut met = 0;
    if n == 0 {
        return None;
    }
    let start = rows_at.iter().rev().find(|(_, rows)| {
        met += **rows;
        met >= n
    });
    start.map(|(time, _)| time.clone())
}
