//! Companion counts: past impressions and clicks of each value of a categorical field or a cross, as numbers.
//!
//! The paper gives its campaigns a second, dense feature of this kind beside their ids.
//! So a value that is too rare for its own id still has its numbers of impressions and clicks.
//! Let n and c be the impressions and clicks of the value, N and C those of all rows, p = (C + 1) / (N + 2) the overall
//! click rate, M the largest number of impressions of any value, and k the `smoothing`.
//! Then the numbers of a row are
//!
//! | | number | range |
//! |---|---|---|
//! | impressions | n / M | [0, 1] |
//! | clicks | c / M | [0, 1] |
//! | click rate | (c + k) / (n p + k) | above 0; 1 for an unknown value |
//! | log impressions | ln(1 + n) / ln(1 + M) | [0, 1] |
//! | log clicks | ln(1 + c) / ln(1 + M) | [0, 1] |
//!
//! With several smoothings, there is a click rate for each, in their order: a small k shows what few clicks say, and a
//! large k only what many say.
//!
//! The click rate is relative to that of all rows, and smoothed towards it as if k more clicks had been both expected
//! and observed: the mean of a gamma distribution, given c events of a Poisson distribution.
//! Rejected: k in impressions (k / p of them), because it must be set again for each overall rate.
//! Only n, c, N and C depend on labels: if they leave out the label of a row, all numbers do.
//!
//! The counts cover all values, not only those with an id; a hashed field has counts by bucket, so that their number is
//! bounded.
//! Row weights play no part.

pub(crate) mod folds;
pub(crate) mod history;
pub(crate) mod value_counts;

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::batch::column::Column;
use crate::batch::shape::FieldShape;
use crate::companion::folds::FoldCounts;
use crate::companion::value_counts::ValueCounts;
use crate::counts::FieldCounts;
use crate::description::ValueForm;
use crate::error::FeatureError;
use crate::kind::{CompanionKeys, Encode};
use crate::lookup::hash::HashBuckets;
use crate::lookup::value_table::{self, MAX_VALUES, ValueTable};
use crate::problem::listed;
use crate::raw::column_set::ColumnSet;
use crate::raw::field_spelling::{FieldSpelling, FieldSpellingFitter};
use crate::raw::spelling::SpellingRule;
use crate::raw::value::{RUN, Run};
use crate::raw::value_text::ValueError;
use crate::smoothing::{MOST, Smoothing};

/// The number of numbers per row, beside the click rates.
const COUNTS: usize = 4;

/// The most numbers per row.
const MOST_WIDTH: usize = COUNTS + MOST;

/// The end of the name of a field of companion counts, after the name of the field that it accompanies.
const SUFFIX: &str = "_counts";

/// The index of a missing value; other values follow.
const MISSING: usize = 0;

/// The index of each value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Keys {
    Values(ValueTable),
    Buckets(HashBuckets),
}

/// The rows and the positive rows of the values, by their indices.
#[derive(Clone, Debug)]
struct Counted {
    counts: Vec<ValueCounts>,
    /// The counts of each fold, if training rows have the counts of the other folds.
    folds: Option<FoldCounts>,
}

/// Counts the rows and the positive rows of each value.
#[derive(Clone, Debug)]
pub(crate) struct CompanionFitter {
    keys: Keys,
    counted: Counted,
    /// The spelling of the values.
    spelling: FieldSpellingFitter,
    /// For buckets: other counts of the same rows, by the buckets of the texts in which others stand for the parts in some
    /// columns. The end of fitting shows which of them are right.
    respelled: Vec<(ColumnSet, Counted)>,
    smoothing: Smoothing,
}

/// The counts of all values.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CompanionTable {
    keys: Keys,
    counts: Vec<ValueCounts>,
    #[serde(with = "crate::smoothing::stored")]
    smoothing: Smoothing,
    spelling: FieldSpelling,
    /// The counts of all rows; not stored.
    #[serde(skip)]
    total: ValueCounts,
    /// Not stored.
    #[serde(skip)]
    scale: Scale,
}

/// The constants by which the counts of a value become numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Scale {
    /// The largest number of impressions of a value; at least 1.
    most: f64,
    /// ln(1 + `most`).
    log_most: f64,
}

/// The numbers of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    numbers: [f32; MOST_WIDTH],
    len: usize,
}

/// Writes the counts after training as numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CompanionEncoder {
    table: Arc<CompanionTable>,
}

/// The name of the field that holds the companion counts of the field `name`.
pub(crate) fn companion_name(name: &str) -> String {
    format!("{name}{SUFFIX}")
}

impl Keys {
    fn new(keys: &CompanionKeys, field: &str) -> Self {
        keys.hash.of_field(field).map_or_else(|| Self::Values(ValueTable::default()), Self::Buckets)
    }

    /// The index of a value; `None` if it is unknown.
    #[inline]
    fn find(&self, text: Option<&str>) -> Option<usize> {
        let Some(value) = text else { return Some(MISSING) };
        match self {
            Self::Values(values) => {
                values.find(value, value_table::hash(value)).map(|index| 1 + index as usize)
            }
            Self::Buckets(buckets) => Some(buckets.id(value) as usize),
        }
    }

    fn find_or_add(&mut self, text: Option<&str>) -> Option<usize> {
        match (self, text) {
            (Self::Values(values), Some(value)) => {
                values.find_or_add(value).map(|index| 1 + index as usize)
            }
            (keys, text) => keys.find(text),
        }
    }

    /// The number of indices.
    fn len(&self) -> usize {
        match self {
            Self::Values(values) => 1 + values.len(),
            Self::Buckets(buckets) => buckets.dimensions(),
        }
    }

    /// Makes the parts that are not stored; a hash uses the name of the field that `field` accompanies.
    fn restore(&mut self, field: &str) -> Result<(), String> {
        match self {
            Self::Values(values) => values.restore(),
            Self::Buckets(buckets) => {
                let accompanied = field.strip_suffix(SUFFIX);
                let name =
                    accompanied.ok_or("are not named after the field that they belong to")?;
                buckets.restore(name).map_err(|error| error.to_string())
            }
        }
    }
}

impl CompanionFitter {
    /// A fitter for the companion counts of the field called `field`, which also counts by fold if `by_fold` is true.
    pub(crate) fn new(keys: &CompanionKeys, field: &str, by_fold: bool) -> Self {
        Self {
            keys: Keys::new(keys, field),
            counted: Counted::new(by_fold),
            respelled: Vec::new(),
            spelling: FieldSpellingFitter::new(keys.spelling, keys.n_columns),
            smoothing: keys.smoothing.clone(),
        }
    }

    /// Counts a value in a row that is positive or not, and belongs to `fold`.
    pub(crate) fn observe(
        &mut self,
        text: Option<&str>,
        positive: bool,
        fold: usize,
    ) -> Result<(), ValueError> {
        let n_values = self.keys.len();
        let index = self.keys.find_or_add(text).ok_or(ValueError::TooMany(MAX_VALUES))?;
        if let (Keys::Buckets(buckets), Some(value)) = (&self.keys, text) {
            self.spelling.observe(value);
            let respelled = self.spelling.respelled_columns(value);
            settle(&mut self.respelled, &self.counted, respelled, self.spelling.text_columns());
            for (columns, counted) in &mut self.respelled {
                let other = self.spelling.respelled(value, *columns);
                counted.add(buckets.id(&other) as usize, positive, fold);
            }
        } else {
            self.respelled.iter_mut().for_each(|(_, counted)| counted.add(index, positive, fold));
            if let Some(value) = text.filter(|_| index == n_values) {
                self.spelling.observe(value);
            }
        }
        self.counted.add(index, positive, fold);
        Ok(())
    }

    /// The encoder, and the counts of the folds if they were counted.
    pub(crate) fn finish(self) -> (CompanionEncoder, Option<FoldCounts>) {
        let (spelling, merged) = (self.spelling.spelling(), self.spelling.merged_columns());
        let (keys, mut counted) = match self.keys {
            Keys::Values(values) if !merged.is_empty() => self.counted.merged(&values, &spelling),
            keys => {
                let right = merged & known_columns(&self.respelled);
                let found = self.respelled.into_iter().find(|(columns, _)| *columns == right);
                (keys, found.map_or(self.counted, |(_, counted)| counted))
            }
        };
        counted.counts.resize(keys.len(), ValueCounts::default());
        counted.counts.shrink_to_fit();
        let table = CompanionTable::new(keys, counted.counts, self.smoothing, spelling);
        (CompanionEncoder { table: Arc::new(table) }, counted.folds)
    }
}

/// Prepares the counts of respelled texts for a value in which others may stand for the parts in the columns `respelled`.
///
/// There are counts for each set of columns in which that was so, except for columns of `texts`, in which no text stands
/// for another one. Before a column's first such part, counts with and without the column are equal.
fn settle(
    all: &mut Vec<(ColumnSet, Counted)>,
    plain: &Counted,
    respelled: ColumnSet,
    texts: ColumnSet,
) {
    all.retain(|(columns, _)| (*columns & texts).is_empty());
    for column in respelled.without(known_columns(all)).each() {
        let others = all.iter().map(|(columns, counted)| (columns.with(column), counted.clone()));
        let others: Vec<_> = others.chain([(column, plain.clone())]).collect();
        all.extend(others);
    }
}

/// All columns of these sets.
fn known_columns(all: &[(ColumnSet, Counted)]) -> ColumnSet {
    all.iter().fold(ColumnSet::default(), |known, (columns, _)| known.with(*columns))
}

impl Counted {
    /// No counts; counts by fold too if `by_fold` is true.
    fn new(by_fold: bool) -> Self {
        Self { counts: Vec::new(), folds: by_fold.then(FoldCounts::default) }
    }

    /// Counts the value at `index` in a row.
    fn add(&mut self, index: usize, positive: bool, fold: usize) {
        self.at(index).add(positive);
        if let Some(folds) = &mut self.folds {
            folds.add(index, fold, positive);
        }
    }

    fn at(&mut self, index: usize) -> &mut ValueCounts {
        if self.counts.len() <= index {
            self.counts.resize(index + 1, ValueCounts::default());
        }
        &mut self.counts[index]
    }

    /// Adds the counts that `other` has at `from` to those at `index`.
    fn merge(&mut self, index: usize, other: &Self, from: usize) {
        let counts = self.at(index);
        *counts = counts.plus(other.counts[from]);
        if let (Some(folds), Some(others)) = (&mut self.folds, &other.folds) {
            folds.merge(index, others, from);
        }
    }

    /// The same counts, of the texts that stand for `values`.
    fn merged(&self, values: &ValueTable, spelling: &FieldSpelling) -> (Keys, Self) {
        let mut keys = Keys::Values(ValueTable::default());
        let mut merged = Self::new(self.folds.is_some());
        for from in 0..self.counts.len() {
            let value = from.checked_sub(1).map(|index| values.value(index as u32));
            let value = value.map(|value| spelling.canonical_of_fitted(value));
            // There are no more values than before.
            if let Some(index) = keys.find_or_add(value.as_deref()) {
                merged.merge(index, self, from);
            }
        }
        (keys, merged)
    }
}

impl CompanionTable {
    fn new(
        keys: Keys,
        counts: Vec<ValueCounts>,
        smoothing: Smoothing,
        spelling: FieldSpelling,
    ) -> Self {
        let (total, scale) = (ValueCounts::default(), Scale::default());
        let mut table = Self { keys, counts, smoothing, spelling, total, scale };
        table.derive();
        table
    }

    /// Makes the parts that are not stored from the others.
    fn derive(&mut self) {
        let counts = self.counts.iter().copied();
        self.total = counts.clone().fold(ValueCounts::default(), ValueCounts::plus);
        let most = counts.map(|counts| counts.rows).max().unwrap_or(0);
        self.scale = Scale::new(most);
    }

    /// Checks what was read from a stored encoder; the problem is a predicate of the counts.
    fn check(&self) -> Result<(), String> {
        let Self { keys, counts, smoothing, .. } = self;
        if counts.len() != keys.len() {
            let (found, wanted) = (counts.len(), keys.len());
            return Err(format!("are those of {found} values, but there are {wanted}"));
        }
        if !smoothing.is_valid() {
            return Err(format!("have a smoothing of {smoothing}"));
        }
        let sum = counts.iter().try_fold(0_u64, |sum, counts| sum.checked_add(counts.rows));
        if sum.is_none() || counts.iter().any(|counts| counts.positives > counts.rows) {
            return Err("cannot be counts of rows".to_owned());
        }
        Ok(())
    }

    /// The index of a value among [`counts`](Self::counts); `None` if the value is unknown.
    #[inline]
    pub(crate) fn find(&self, text: Option<&str>) -> Option<usize> {
        match (&self.keys, text) {
            (Keys::Values(_), Some(value)) => self.keys.find(text).or_else(|| {
                let other = self.spelling.respelled_text(value)?;
                self.keys.find(Some(&other))
            }),
            (Keys::Buckets(_), Some(value)) => {
                self.keys.find(Some(&self.spelling.canonical(value)))
            }
            (_, None) => Some(MISSING),
        }
    }

    /// The indices of all values of the run, as by [`find`](Self::find); those after them have no meaning.
    fn find_run(&self, run: &Run<'_>) -> [Option<usize>; RUN] {
        let (mut found, is_hashed) = match &self.keys {
            Keys::Values(values) => {
                (values.find_run(run.values()).map(|index| Some(1 + index? as usize)), false)
            }
            Keys::Buckets(buckets) => (buckets.ids(run.values()).map(|id| Some(id as usize)), true),
        };
        for (at, (found, value)) in found.iter_mut().zip(run.values()).enumerate() {
            if run.is_missing(at) {
                *found = Some(MISSING);
            } else if (is_hashed || found.is_none())
                && let Some(other) = self.spelling.respelled(value.bytes())
            {
                *found = self.keys.find(str::from_utf8(&other).ok());
            }
        }
        found
    }

    /// The counts of each value in training; the missing value comes first.
    pub(crate) fn counts(&self) -> &[ValueCounts] {
        &self.counts
    }

    /// The counts of all training rows.
    pub(crate) fn total(&self) -> ValueCounts {
        self.total
    }

    /// The counts of a value that is given as it is shown; `None` if the value is unknown.
    pub(crate) fn of_shown(&self, value: &str) -> Option<ValueCounts> {
        let text = self.spelling.text_of_shown(value)?;
        Some(self.counts[self.find(Some(&text))?])
    }

    /// The spelling of each column of a cross.
    pub(crate) fn column_rules(&self) -> Option<&[SpellingRule]> {
        self.spelling.of_columns()
    }

    /// The number of numbers per row.
    fn width(&self) -> usize {
        COUNTS + self.smoothing.0.len()
    }

    /// The numbers of a value with the counts `value`, if those of all rows are `total`.
    #[inline]
    pub(crate) fn numbers(&self, value: ValueCounts, total: ValueCounts) -> Numbers {
        let mut numbers = Numbers { numbers: [0.0; MOST_WIDTH], len: self.width() };
        let [n, c, log_n, log_c] = self.scale.counts(value);
        let last = numbers.len - 2;
        (numbers.numbers[0], numbers.numbers[1]) = (n, c);
        for (rate, &smoothing) in numbers.numbers[2..last].iter_mut().zip(&self.smoothing.0) {
            *rate = click_rate(value, total, smoothing);
        }
        (numbers.numbers[last], numbers.numbers[last + 1]) = (log_n, log_c);
        numbers
    }
}

impl Numbers {
    pub(crate) fn as_slice(&self) -> &[f32] {
        &self.numbers[..self.len]
    }
}

impl Scale {
    fn new(most: u64) -> Self {
        let most = most.max(1) as f64;
        Self { most, log_most: libm::log1p(most) }
    }

    /// The impressions and clicks of a value with these counts, and the logarithms of both.
    #[inline]
    fn counts(&self, value: ValueCounts) -> [f32; COUNTS] {
        let (n, c) = (value.rows as f64, value.positives as f64);
        let log = |count: f64| libm::log1p(count) / self.log_most;
        [n / self.most, c / self.most, log(n), log(c)].map(|number| number as f32)
    }
}

/// The click rate of a value with the counts `value`, if those of all rows are `total`.
#[inline]
fn click_rate(value: ValueCounts, total: ValueCounts, smoothing: f64) -> f32 {
    let (n, c) = (value.rows as f64, value.positives as f64);
    let rate = (total.positives as f64 + 1.0) / (total.rows as f64 + 2.0);
    ((c + smoothing) / (n * rate + smoothing)) as f32
}

impl CompanionEncoder {
    /// Appends the numbers of the value with this index, which counts as unseen if it has none.
    #[inline]
    fn push(&self, index: Option<usize>, column: &mut Column, counts: &mut FieldCounts) {
        counts.unseen += u64::from(index.is_none());
        let found = index.map_or(ValueCounts::default(), |index| self.table.counts[index]);
        column.dense_mut().push_row(self.table.numbers(found, self.table.total).as_slice());
    }

    /// The counts of all values, for sharing.
    pub(crate) fn table(&self) -> &Arc<CompanionTable> {
        &self.table
    }
}

impl Encode for CompanionEncoder {
    fn restore(&mut self, field: &str) -> Result<(), FeatureError> {
        let problem = |problem: String| FeatureError::State {
            problem: format!("field `{field}`: the companion counts {problem}"),
        };
        self.table.spelling.check(field)?;
        let table = Arc::make_mut(&mut self.table);
        table.keys.restore(field).map_err(problem)?;
        table.check().map_err(problem)?;
        table.derive();
        Ok(())
    }

    fn shape(&self, name: &str) -> FieldShape {
        FieldShape::dense(name, self.table.width())
    }

    fn kind(&self) -> &'static str {
        if self.column_rules().is_some() { "cross" } else { "categorical" }
    }

    fn column_rules(&self) -> Option<&[SpellingRule]> {
        self.table.column_rules()
    }

    fn describe(&self) -> String {
        let met = self.table.counts.iter().skip(1).filter(|counts| counts.rows > 0).count();
        let smoothing: Vec<_> = self.table.smoothing.0.iter().map(f64::to_string).collect();
        let smoothing = listed(&smoothing);
        format!("companion counts of {met} values, smoothed by {smoothing} clicks")
    }

    fn form(&self) -> ValueForm {
        ValueForm::Text
    }

    fn encode(
        &self,
        text: Option<&str>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> Result<(), ValueError> {
        counts.values += 1;
        counts.missing += u64::from(text.is_none());
        self.push(self.table.find(text), column, counts);
        Ok(())
    }

    fn encode_run(&self, run: &Run<'_>, column: &mut Column, counts: &mut FieldCounts) -> bool {
        counts.values += run.len() as u64;
        counts.missing += run.n_missing();
        let found = self.table.find_run(run);
        found[..run.len()].iter().for_each(|&found| self.push(found, column, counts));
        true
    }
}

impl PartialEq for CompanionTable {
    fn eq(&self, other: &Self) -> bool {
        let ways = self.smoothing == other.smoothing && self.spelling == other.spelling;
        ways && self.keys == other.keys && self.counts == other.counts
    }
}

impl Serialize for CompanionEncoder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.table.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CompanionEncoder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        CompanionTable::deserialize(deserializer).map(|table| Self { table: Arc::new(table) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lookup::id_keys::HashKeys;

    fn plain() -> CompanionKeys {
        let (hash, smoothing) = (HashKeys::default(), Smoothing::default());
        CompanionKeys { hash, smoothing, spelling: None, n_columns: 1 }
    }

    fn hashed(buckets: u32, seed: Option<u64>) -> CompanionKeys {
        CompanionKeys { hash: HashKeys { buckets: Some(buckets), seed }, ..plain() }
    }

    fn fitted(keys: &CompanionKeys, rows: &[(Option<&str>, bool)]) -> CompanionEncoder {
        let mut fitter = CompanionFitter::new(keys, "f", false);
        for &(text, positive) in rows {
            fitter.observe(text, positive, 0).expect("few values");
        }
        fitter.finish().0
    }

    fn encoded(encoder: &CompanionEncoder, text: Option<&str>) -> Vec<f32> {
        let mut column = Column::new(&encoder.shape("f"));
        let mut counts = FieldCounts::default();
        encoder.encode(text, &mut column, &mut counts).expect("any text");
        column.dense_mut().values().to_vec()
    }

    const ROWS: [(Option<&str>, bool); 6] = [
        (Some("a"), true),
        (Some("a"), false),
        (Some("a"), true),
        (Some("b"), false),
        (None, true),
        (Some("b"), false),
    ];

    #[test]
    fn numbers_are_those_of_the_formulas() {
        let encoder = fitted(&CompanionKeys { smoothing: 2.0.into(), ..plain() }, &ROWS);
        // Python: p = (3 + 1) / (6 + 2); M = 3; k = 2
        // [n/M, c/M, (c+k)/(n*p+k), math.log1p(n)/math.log1p(M), math.log1p(c)/math.log1p(M)]
        for (text, numbers) in [
            (Some("a"), [1.0, 0.6666667, 8.0 / 7.0, 1.0, 0.792_481_25]),
            (Some("b"), [0.6666667, 0.0, 0.6666667, 0.792_481_25, 0.0]),
            (None, [0.33333334, 0.33333334, 1.2, 0.5, 0.5]),
            (Some("never met"), [0.0, 0.0, 1.0, 0.0, 0.0]),
        ] {
            assert_eq!(encoded(&encoder, text), numbers, "{text:?}");
        }
    }

    #[test]
    fn each_smoothing_has_a_click_rate() {
        let encoder =
            fitted(&CompanionKeys { smoothing: [2.0, 1.0, 100.0].into(), ..plain() }, &ROWS);
        // Python: [(c+k)/(n*p+k) for k in (2, 1, 100)] with n = 3, c = 2, p = 4 / 8
        let rates = [8.0 / 7.0, 1.2, 102.0 / 101.5];
        let expected = [1.0, 0.6666667, rates[0], rates[1], rates[2], 1.0, 0.792_481_25];
        assert_eq!(encoded(&encoder, Some("a")), expected);
        let end = "values, smoothed by 2, 1 and 100 clicks";
        assert!(encoder.describe().ends_with(end), "{}", encoder.describe());
    }

    #[test]
    fn hashed_values_share_the_counts_of_their_bucket() {
        let encoder = fitted(&hashed(1, None), &ROWS);
        assert_eq!(encoded(&encoder, Some("a")), encoded(&encoder, Some("never met")));
        assert_eq!(encoder.table().counts()[1], ValueCounts { rows: 5, positives: 2 });
    }

    #[test]
    fn buckets_are_those_of_the_field() {
        let encoder = fitted(&hashed(1_000, Some(7)), &ROWS);
        for value in ["a", "b", "never met"] {
            let id = HashBuckets::new("f", 1_000, 7).id(value) as usize;
            assert_eq!(encoder.table().find(Some(value)), Some(id));
        }
    }

    #[test]
    fn the_missing_value_is_not_among_the_described_values() {
        let encoder = fitted(&plain(), &ROWS);
        assert_eq!(encoder.describe(), "companion counts of 2 values, smoothed by 4 clicks");
    }

    #[test]
    fn missing_and_unseen_values_are_counted() {
        let encoder = fitted(&plain(), &ROWS);
        let (mut column, mut counts) = (Column::new(&encoder.shape("f")), FieldCounts::default());
        for text in [Some("a"), None, Some("c"), None] {
            encoder.encode(text, &mut column, &mut counts).expect("any text");
        }
        let expected =
            FieldCounts { values: 4, missing: 2, unseen: 1, rare: 0, clipped: 0, far: 0 };
        assert_eq!(counts, expected);
    }

    #[test]
    fn values_are_counted_in_all_their_spellings() {
        let rows = [("7", true), ("39.0", true), ("39", false), ("+39", true), ("10", true)];
        let rows = rows.map(|(text, positive)| (Some(text), positive));
        let respelled = rows.map(|(text, positive)| {
            (text.map(|text| text.trim_start_matches('+').trim_end_matches(".0")), positive)
        });
        for keys in [plain(), hashed(50, None), hashed(3, None)] {
            let (found, expected) = (fitted(&keys, &rows), fitted(&keys, &respelled));
            assert_eq!(found, expected);
            assert_eq!(encoded(&found, Some("39.0")), encoded(&expected, Some("39")));
            // With a value that is no number, texts count byte for byte.
            let found = fitted(&keys, &[&rows[..], &[(Some("a"), true)]].concat());
            for text in ["39", "39.0", "+39", "7", "a"] {
                let counts = |index: usize| found.table().counts()[index];
                let share =
                    |other: &str| found.table().find(Some(text)) == found.table().find(Some(other));
                let all = rows.iter().chain(&[(Some("a"), true)]);
                let n = all.filter(|(other, _)| share(other.unwrap_or_default())).count() as u64;
                assert_eq!(found.table().find(Some(text)).map(counts).map(|it| it.rows), Some(n));
            }
        }
    }

    #[test]
    fn forged_states_are_refused() {
        let good = fitted(&plain(), &ROWS);
        let check = |forge: &dyn Fn(&mut CompanionTable), message: &str| {
            let mut forged = good.clone();
            forge(Arc::make_mut(&mut forged.table));
            let found = forged.restore("f_counts");
            let found = found.map_or_else(|error| error.to_string(), |()| "accepted".to_owned());
            assert!(found.ends_with(message), "{found}");
        };
        let counts = |rows, positives| ValueCounts { rows, positives };
        check(&|_| {}, "accepted");
        check(&|table| table.counts.truncate(2), "are those of 2 values, but there are 3");
        check(&|table| table.counts[1] = counts(1, 2), "cannot be counts of rows");
        check(&|table| table.counts[1] = counts(u64::MAX, 2), "cannot be counts of rows");
        check(&|table| table.smoothing = 0.0.into(), "have a smoothing of 0");
        check(&|table| table.smoothing = f64::NAN.into(), "have a smoothing of NaN");
        check(&|table| table.smoothing = [1.0, 1.0].into(), "have a smoothing of [1, 1]");
        check(
            &|table| table.smoothing = [1.0; 9].into(),
            "have a smoothing of [1, 1, 1, 1, 1, 1, 1, 1, 1]",
        );
        let joint = |n| FieldSpelling::Joint(vec![SpellingRule::Text; n]);
        check(
            &|table| table.spelling = joint(1),
            "the spelling must be that of two to eight columns, but is of 1",
        );
        check(
            &|table| table.spelling = joint(9),
            "the spelling must be that of two to eight columns, but is of 9",
        );
        check(&|table| table.spelling = joint(2), "accepted");
    }

    proptest! {
        #[test]
        fn numbers_are_in_their_ranges(
            rows in 0_u64..1_000_000,
            clicks in 0.0..=1.0,
            others in 0_u64..1_000_000,
            other_clicks in 0.0..=1.0,
            smoothing in 0.001..1000.0,
        ) {
            let of = |rows: u64, share: f64| ValueCounts { rows, positives: (rows as f64 * share) as u64 };
            let value = of(rows, clicks);
            let [n, c, log_n, log_c] = Scale::new(rows).counts(value);
            let rate = click_rate(value, value.plus(of(others, other_clicks)), smoothing);
            prop_assert!([n, c, log_n, log_c].iter().all(|number| (0.0..=1.0).contains(number)));
            prop_assert!(c <= n && log_c <= log_n && rate > 0.0 && rate.is_finite());
        }
    }
}
