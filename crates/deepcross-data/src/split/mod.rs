//! Divides rows into sets for training, validation and test.
//!
//! Rows are divided by their order, their time, their number, or the value of a column: see [`SplitBy`].
//! The sets depend only on the files, their order and the settings, so that a split is the same on any machine.
//! A run holds rows out by the same rules ([`hold_out`]); a [`Splitter`] divides rows for files that other programs read
//! too.

mod cuts;
mod files;
mod memory;

use deepcross_features::Problem;

use crate::config::BadRows;
use crate::encode::RawReader;
use crate::error::DataError;
use crate::source::{Division, Purpose, Records, Rule, SetReader, Skipped, Source, TimeForms};
pub use crate::source::{Shares, SplitSet};
use cuts::{TimeCounts, config_error, forms_of};
pub use files::{SplitFile, SplitFiles, SplitFolder};
pub use memory::{SplitRows, split_in_memory};

/// The rule that assigns rows to sets.
///
/// The number of a row counts all rows of all files in their order, with bad rows among them; blank lines and comments
/// are not rows.
#[derive(Clone, Debug, PartialEq)]
pub enum SplitBy {
    /// By the order of the files: the last rows are for the test, and the rows before them for validation.
    Order(Shares),
    /// At random, by a hash of the row's number.
    Row {
        /// The shares of the rows, which a hash meets approximately.
        shares: Shares,
        /// The seed of the hash, which determines the chosen rows.
        seed: u64,
    },
    /// By a hash of the value in one column: all rows with the same value are in one set, also if it is spelled
    /// differently, as in `39` and `39.0`. A row whose value is missing is divided by its number.
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
    /// Times are numbers, or dates of one [format](deepcross_features::TimeFormat), which are compared as instants.
    /// Numbers are instants too if some are seconds since 1970 and others milliseconds or the like.
    /// Rows of the same time are in one set, so that shares are met or exceeded.
    Time {
        /// The column.
        column: String,
        /// The shares of the rows.
        shares: Shares,
    },
    /// As [`Time`](Self::Time), but with the times at which the sets begin: in the form of the column, or with the year
    /// first if the times of the column are dates or numbers since 1970.
    Cut {
        /// The column.
        column: String,
        /// The first time of the rows for validation; `None` if there are no such rows.
        valid: Option<String>,
        /// The first time of the rows for the test.
        test: String,
    },
}

/// The division of the rows of `source` by which a run holds rows out: those in [`SplitSet::Valid`].
///
/// All rows are read once if rows are divided by their order or by time.
/// The draw is independent of that of a [`Splitter`] with the same seed.
///
/// # Errors
/// As [`Splitter::new`].
pub fn hold_out(source: &Source, by: &SplitBy, bad_rows: BadRows) -> Result<Division, DataError> {
    divide(source, by, Purpose::HoldOut, bad_rows)
}

/// Streams the rows of a source, each with its set.
#[derive(Debug)]
pub struct Splitter {
    reader: RawReader,
    division: Division,
    sets: SetReader,
}

impl Splitter {
    /// Binds the column of `by` to the header of `source`, and finds the rows or times at which the sets begin.
    ///
    /// All rows are read once before, if rows are split by their order or by time.
    ///
    /// # Errors
    /// If there is no such column, if it is the column of the label or the weight, if shares or times are out of range,
    /// or as [`next_row`](Self::next_row).
    pub fn new(source: &Source, by: &SplitBy, bad_rows: BadRows) -> Result<Self, DataError> {
        by.check()?;
        source.check_one_form()?;
        let splitter = Self::of_any_form(source, by, bad_rows)?;
        Ok(Self { reader: splitter.reader.keeping_raw(), ..splitter })
    }

    /// As [`new`](Self::new), for rows that need not be text; their texts are not kept.
    fn of_any_form(source: &Source, by: &SplitBy, bad_rows: BadRows) -> Result<Self, DataError> {
        let division = divide(source, by, Purpose::Split, bad_rows)?;
        let sets = SetReader::new(division, source);
        Ok(Self { reader: source.rows(bad_rows)?, division, sets })
    }

    /// The set and the unchanged text of the next row; `None` after the last.
    ///
    /// The text includes the line end of the file, if there is one after the last row.
    ///
    /// # Errors
    /// As [`RawReader::next_row`], and for a time that cannot be read or compared, unless bad rows are skipped.
    pub fn next_row(&mut self) -> Result<Option<(SplitSet, &[u8])>, DataError> {
        Ok(self.next_numbered()?.map(|(set, _)| (set, self.reader.raw_text())))
    }

    /// The set and the number of the next row; `None` after the last.
    fn next_numbered(&mut self) -> Result<Option<(SplitSet, u64)>, DataError> {
        loop {
            let Some((row, number)) = self.reader.next_numbered()? else { return Ok(None) };
            match self.sets.set(&row, number) {
                Ok(set) => return Ok(Some((set, number))),
                Err(error) => self.reader.skip(error)?,
            }
        }
    }

    /// The rows that were left out.
    pub fn skipped(&self) -> &Skipped {
        self.reader.skipped()
    }

    /// The first times of validation and of the test, if rows are split by time.
    pub fn cuts(&self) -> (Option<String>, Option<String>) {
        self.division.cuts()
    }
}

/// Binds the column of `by`, and finds the rows or times at which the sets begin.
fn divide(
    source: &Source,
    by: &SplitBy,
    purpose: Purpose,
    bad_rows: BadRows,
) -> Result<Division, DataError> {
    by.check()?;
    let rule = match by {
        SplitBy::Order(shares) => order(Records::count(source)?, *shares),
        SplitBy::Row { shares, seed } => Rule::Row { shares: *shares, seed: purpose.seed(*seed) },
        SplitBy::Key { column, shares, seed } => {
            let column = bound(source, column, purpose)?;
            Rule::Key { column, shares: *shares, seed: purpose.seed(*seed) }
        }
        SplitBy::Time { column: name, shares } => {
            let column = bound(source, name, purpose)?;
            let mut times = TimeCounts::read(source, (column, name), bad_rows)?;
            let form = times.decide(&[])?;
            let (valid, test) = times.cuts(form, *shares);
            Rule::Time { column, form, valid, test }
        }
        SplitBy::Cut { column: name, valid, test } => {
            let column = bound(source, name, purpose)?;
            let cuts: Vec<_> = valid.as_deref().into_iter().chain([test.as_str()]).collect();
            let form = TimeCounts::read(source, (column, name), bad_rows)?.decide(&cuts)?;
            let read = |time: &str| form.read_cut(time);
            let (first, last) = (valid.as_deref().and_then(read), read(test));
            if let Some(valid) = valid.as_deref().filter(|_| first >= last) {
                return Err(config_error(not_before(valid, test)));
            }
            Rule::Time { column, form, valid: first, test: last }
        }
    };
    Ok(Division { rule })
}

/// The position of a column that may decide about the set of a row: label and weight must not.
fn bound(source: &Source, name: &str, purpose: Purpose) -> Result<usize, DataError> {
    let (label, weight) = (source.config().label(), source.config().weight.as_deref());
    let targets =
        [("label", label.as_ref().map(|label| label.column.as_str())), ("weight", weight)];
    if let Some((what, _)) = targets.iter().find(|(_, target)| *target == Some(name)) {
        let message =
            format!("rows must not be divided by `{name}`, which is the column of the {what}");
        return Err(DataError::Config { problems: vec![Problem::new("", message)] });
    }
    source.column(
        name,
        match purpose {
            Purpose::HoldOut => "the rows to hold out",
            Purpose::Split => "the split",
        },
    )
}

impl SplitBy {
    /// Whether there are rows for validation.
    fn has_valid(&self) -> bool {
        match self {
            Self::Order(shares)
            | Self::Row { shares, .. }
            | Self::Key { shares, .. }
            | Self::Time { shares, .. } => shares.valid > 0.0,
            Self::Cut { valid, .. } => valid.is_some(),
        }
    }

    /// Refuses shares and times that are out of range.
    fn check(&self) -> Result<(), DataError> {
        let messages = match self {
            Self::Order(shares)
            | Self::Row { shares, .. }
            | Self::Key { shares, .. }
            | Self::Time { shares, .. } => shares.problems(),
            Self::Cut { valid, test, .. } => cut_problems(valid.as_deref(), test),
        };
        if messages.is_empty() {
            return Ok(());
        }
        let problems = messages.into_iter().map(|message| Problem::new("", message)).collect();
        Err(DataError::Config { problems })
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
}

fn cut_problems(valid: Option<&str>, test: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for time in valid.into_iter().chain([test]).filter(|time| forms_of(&[time]).is_none()) {
        let expected = TimeForms::EXPECTED;
        problems.push(format!("the time of a cut must be {expected}, but is `{time}`"));
    }
    let Some(valid) = valid.filter(|_| problems.is_empty()) else { return problems };
    // The column decides whether the day or the month of a date comes first, and how times of two forms are compared.
    let is_before = forms_of(&[valid, test]).is_none_or(|forms| {
        forms.iter().any(|form| form.read(valid.as_bytes()) < form.read(test.as_bytes()))
    });
    if !is_before {
        problems.push(not_before(valid, test));
    }
    problems
}

fn not_before(valid: &str, test: &str) -> String {
    format!(
        "the time to validate from must be before the time to test from, `{test}`, but is `{valid}`"
    )
}

/// The rule that puts the last of `n_rows` rows into the sets.
fn order(n_rows: u64, shares: Shares) -> Rule {
    let test = n_rows - rows_of(n_rows, shares.test);
    let valid = n_rows - rows_of(n_rows, shares.test + shares.valid);
    Rule::Order { valid, test }
}

/// A share of the rows, to the nearest row.
fn rows_of(n_rows: u64, share: f64) -> u64 {
    ((n_rows as f64 * share).round() as u64).min(n_rows)
}
