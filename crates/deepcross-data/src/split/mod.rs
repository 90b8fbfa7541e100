//! Divides rows into sets for training, validation and test.
//!
//! Rows are divided by their order, their time, or a hash.
//! All three depend only on the files and the settings, so that a split is the same on any machine.
//! A split is for files that other programs read too; [`Partition`](crate::Partition) holds rows out within a run.

mod files;
mod time;

use std::collections::BTreeMap;

use deepcross_features::Problem;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::config::BadRows;
use crate::encode::RawReader;
use crate::error::DataError;
use crate::message::shown;
use crate::rows::RawRow;
use crate::source::{Skipped, Source, position};
pub use files::{SplitFile, SplitFiles, SplitFolder};
use time::Time;

/// One of the sets that rows are divided into.
///
/// A [`Partition`](crate::Partition) is different: it is the rule by which a single run holds rows out, with a share
/// and a seed, and without a test set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SplitSet {
    /// The rows for training.
    Train,
    /// The rows for validation.
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

/// The rule that assigns rows to sets.
#[derive(Clone, Debug, PartialEq)]
pub enum SplitBy {
    /// By the order of the files: the last rows are for the test, and the rows before them for validation.
    Order(Shares),
    /// By a hash of the row's values: equal rows are in one set.
    Row {
        /// The shares of the rows, which a hash meets approximately.
        shares: Shares,
        /// The seed of the hash, which determines the chosen rows.
        seed: u64,
    },
    /// By a hash of the value in one column: all rows with the same value are in one set.
    Key {
        /// The column.
        column: String,
        /// The shares of the values. They are also the shares of the rows, unless some values have many rows.
        shares: Shares,
        /// The seed of the hash, which determines the chosen values.
        seed: u64,
    },
    /// By the time in a column: the latest rows are for the test.
    ///
    /// A time is a number, or a date that begins with its year (ISO 8601).
    /// Rows of the same time are in one set, so that shares are met or exceeded.
    Time {
        /// The column.
        column: String,
        /// The shares of the rows.
        shares: Shares,
    },
    /// As [`Time`](Self::Time), but with the times at which the sets begin.
    Cut {
        /// The column.
        column: String,
        /// The first time of the rows for validation; `None` if there are no such rows.
        valid: Option<String>,
        /// The first time of the rows for the test.
        test: String,
    },
}

/// Streams the rows of a source, each with its set.
///
/// If rows are split by order, or by time with shares, all rows are read once before.
#[derive(Debug)]
pub struct Splitter {
    reader: RawReader,
    rule: Rule,
}

/// The rule of a split for the rows of one source, with the column bound and the shares resolved.
#[derive(Debug)]
enum Rule {
    /// The numbers of the first row for validation, of the first row for the test, and of the next row.
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
    /// Binds the column of `by` to the header of `source`, and finds the rows or times at which the sets begin.
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
        Ok(Self { reader: source.rows(bad_rows)?.keeping_raw(), rule })
    }

    /// The set and the unchanged text of the next row; `None` after the last.
    ///
    /// The text includes the line end of the file, if there is one after the last row.
    ///
    /// # Errors
    /// As [`RawReader::next_row`], and for a time that cannot be read or compared, unless bad rows are skipped.
    pub fn next_row(&mut self) -> Result<Option<(SplitSet, &[u8])>, DataError> {
        let set = loop {
            let Some(row) = self.reader.next_row()? else { return Ok(None) };
            match self.rule.set_of(&row) {
                Ok(set) => break set,
                Err(error) => self.reader.skip(error)?,
            }
        };
        Ok(Some((set, self.reader.raw_text())))
    }

    /// The rows that were left out.
    pub fn skipped(&self) -> &Skipped {
        self.reader.skipped()
    }

    /// The first times of validation and of the test, if rows are split by time.
    pub fn cuts(&self) -> (Option<String>, Option<String>) {
        let shown = |time: &Option<Time>| time.as_ref().map(ToString::to_string);
        match &self.rule {
            Rule::Time { valid, test, .. } => (shown(valid), shown(test)),
            _ => (None, None),
        }
    }
}

impl SplitBy {
    /// The problems with shares and times.
    fn problems(&self) -> Vec<Problem> {
        let messages = match self {
            Self::Order(shares)
            | Self::Row { shares, .. }
            | Self::Key { shares, .. }
            | Self::Time { shares, .. } => shares.problems(),
            Self::Cut { valid, test, .. } => cut_problems(valid.as_deref(), test),
        };
        messages.into_iter().map(|message| Problem::new("", message)).collect()
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

    /// A rule by hash.
    ///
    /// The seed is specific to splitting, so that a run with the same seed holds out different rows.
    fn hash(column: Option<usize>, shares: Shares, seed: u64) -> Self {
        Self::Hash { column, shares, seed: xxh3_64_with_seed(b"split", seed) }
    }

    fn set_of(&mut self, row: &RawRow<'_>) -> Result<SplitSet, DataError> {
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

/// The last set whose start is reached, or the set for training.
fn from<T>(starts: [(T, SplitSet); 2], is_reached: impl Fn(T) -> bool) -> SplitSet {
    let reached = starts.into_iter().filter_map(|(start, set)| is_reached(start).then_some(set));
    reached.last().unwrap_or(SplitSet::Train)
}

/// The time of a row, which must be comparable with `example`.
fn time(
    row: &RawRow<'_>,
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

/// The number of rows, without the skipped ones.
fn count(source: &Source, bad_rows: BadRows) -> Result<u64, DataError> {
    let (mut reader, mut n_rows) = (source.rows(bad_rows)?, 0);
    while reader.next_row()?.is_some() {
        n_rows += 1;
    }
    Ok(n_rows)
}

/// Finds the times at which shares of the rows begin.
struct Times<'a> {
    column: usize,
    name: &'a str,
    /// The first time that was read.
    example: Option<Time>,
}

impl Times<'_> {
    /// The first times of validation and of the test, from which on there are at least the given shares of the rows.
    fn cuts(
        mut self,
        source: &Source,
        bad_rows: BadRows,
        shares: Shares,
    ) -> Result<(Option<Time>, Option<Time>), DataError> {
        let mut rows_at: BTreeMap<Time, u64> = BTreeMap::new();
        let mut reader = source.rows(bad_rows)?;
        while let Some(row) = reader.next_row()? {
            match time(&row, self.column, self.name, self.example.as_ref()) {
                Ok(time) => {
                    self.example.get_or_insert_with(|| time.clone());
                    *rows_at.entry(time).or_default() += 1;
                }
                Err(error) => reader.skip(error)?,
            }
        }
        let n_rows: u64 = rows_at.values().sum();
        let cut = |share| start_of_last(&rows_at, rows_of(n_rows, share));
        let test = cut(shares.test);
        let valid = (shares.valid > 0.0).then(|| cut(shares.test + shares.valid)).flatten();
        Ok((valid, test))
    }
}

/// The latest time from which on there are at least `n` rows; `None` if `n` is 0.
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
