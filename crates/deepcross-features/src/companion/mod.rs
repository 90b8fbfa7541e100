//! Companion counts: past impressions and clicks of each value of a categorical field, as five numbers per row.
//!
//! The paper gives its campaigns a second, dense feature of this kind beside their ids.
//! So a value that is too rare for its own id still has its numbers of impressions and clicks.
//! Let n and c be the impressions and clicks of the value, N and C those of all rows, p = (C + 1) / (N + 2) the overall
//! click rate, M the largest number of impressions of any value, and k the `smoothing`.
//! Then the numbers are
//!
//! | | number | range |
//! |---|---|---|
//! | impressions | n / M | [0, 1] |
//! | clicks | c / M | [0, 1] |
//! | click rate | (c + k) / (n p + k) | above 0; 1 for an unknown value |
//! | log impressions | ln(1 + n) / ln(1 + M) | [0, 1] |
//! | log clicks | ln(1 + c) / ln(1 + M) | [0, 1] |
//!
//! The click rate is relative to that of all rows, and smoothed towards it as if k more clicks had been both expected
//! and observed: the mean of a gamma distribution, given c events of a Poisson distribution.
//! Rejected: k in impressions (k / p of them), because it must be set again for each overall rate.
//! Only n, c, N and C depend on labels: if they leave out the label of a row, all five numbers do.
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
use crate::limits::is_smoothing;
use crate::lookup::hash::HashBuckets;
use crate::lookup::value_table::{self, MAX_VALUES, ValueTable};
use crate::raw::spelling::{SpellingFitter, SpellingRule};
use crate::raw::value_text::{Texts, ValueError};

/// The number of numbers per row.
pub(crate) const WIDTH: usize = 5;

/// The end of the name of a field of companion counts, after the name of the field that it accompanies.
const SUFFIX: &str = "_counts";

/// The index of a missing value; other values follow.
const MISSING: usize = 0;

/// The default of k; it suits rates with a standard deviation of about a factor of 1.6.
const SMOOTHING: f64 = 4.0;

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
    spelling: SpellingFitter,
    /// For buckets: the counts of those texts for which another text may stand, by the buckets of the texts themselves
    /// and of the others. The end of fitting shows which of them are right.
    respelled: [Counted; 2],
    smoothing: f64,
}

/// The counts of all values.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CompanionTable {
    keys: Keys,
    counts: Vec<ValueCounts>,
    smoothing: f64,
    spelling: SpellingRule,
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
    smoothing: f64,
}

/// Writes the counts after training: five numbers per row.
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
        let counted = Counted::new(by_fold);
        Self {
            keys: Keys::new(keys, field),
            respelled: [counted.clone(), counted.clone()],
            counted,
            spelling: SpellingFitter::new(keys.spelling),
            smoothing: keys.smoothing.unwrap_or(SMOOTHING),
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
        let is_hashed = matches!(self.keys, Keys::Buckets(_));
        let Some(value) = text.filter(|_| is_hashed || index == n_values) else {
            self.counted.add(index, positive, fold);
            return Ok(());
        };
        self.spelling.observe(value);
        match (&self.keys, self.spelling.respelled(value)) {
            (Keys::Buckets(buckets), Some(other)) => {
                let [by_text, by_other] = &mut self.respelled;
                by_text.add(index, positive, fold);
                by_other.add(buckets.id_of(&[&other]) as usize, positive, fold);
            }
            _ => self.counted.add(index, positive, fold),
        }
        Ok(())
    }

    /// The encoder, and the counts of the folds if they were counted.
    pub(crate) fn finish(self) -> (CompanionEncoder, Option<FoldCounts>) {
        let spelling = self.spelling.rule();
        let merging = self.spelling.merging_rule();
        let (keys, mut counted) = match (self.keys, merging) {
            (Keys::Values(values), Some(rule)) => self.counted.merged(&values, rule),
            (keys, _) => {
                let [by_text, by_other] = self.respelled;
                let mut counted = self.counted;
                counted.add_all(if merging.is_some() { &by_other } else { &by_text });
                (keys, counted)
            }
        };
        counted.counts.resize(keys.len(), ValueCounts::default());
        counted.counts.shrink_to_fit();
        let table = CompanionTable::new(keys, counted.counts, self.smoothing, spelling);
        (CompanionEncoder { table: Arc::new(table) }, counted.folds)
    }
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

    fn add_all(&mut self, other: &Self) {
        (0..other.counts.len()).for_each(|index| self.merge(index, other, index));
    }

    /// The same counts, of the texts that stand for `values`.
    fn merged(&self, values: &ValueTable, spelling: SpellingRule) -> (Keys, Self) {
        let mut keys = Keys::Values(ValueTable::default());
        let mut merged = Self::new(self.folds.is_some());
        for from in 0..self.counts.len() {
            let value = from.checked_sub(1).map(|index| values.value(index as u32));
            let value = value.map(|value| spelling.canonical(value));
            // There are no more values than before.
            if let Some(index) = keys.find_or_add(value.as_deref()) {
                merged.merge(index, self, from);
            }
        }
        (keys, merged)
    }
}

impl CompanionTable {
    fn new(keys: Keys, counts: Vec<ValueCounts>, smoothing: f64, spelling: SpellingRule) -> Self {
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
        self.scale = Scale::new(most, self.smoothing);
    }

    /// Checks what was read from a stored encoder; the problem is a predicate of the counts.
    fn check(&self) -> Result<(), String> {
        let Self { keys, counts, smoothing, .. } = self;
        if counts.len() != keys.len() {
            let (found, wanted) = (counts.len(), keys.len());
            return Err(format!("are those of {found} values, but there are {wanted}"));
        }
        if !is_smoothing(*smoothing) {
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

    /// The counts of each value in training; the missing value comes first.
    pub(crate) fn counts(&self) -> &[ValueCounts] {
        &self.counts
    }

    /// The counts of all training rows.
    pub(crate) fn total(&self) -> ValueCounts {
        self.total
    }

    pub(crate) fn scale(&self) -> Scale {
        self.scale
    }
}

impl Scale {
    fn new(most: u64, smoothing: f64) -> Self {
        let most = most.max(1) as f64;
        Self { most, log_most: libm::log1p(most), smoothing }
    }

    /// The five numbers of a value with the counts `value`, if those of all rows are `total`.
    #[inline]
    pub(crate) fn numbers(&self, value: ValueCounts, total: ValueCounts) -> [f32; WIDTH] {
        let (n, c) = (value.rows as f64, value.positives as f64);
        let rate = (total.positives as f64 + 1.0) / (total.rows as f64 + 2.0);
        let relative = (c + self.smoothing) / (n * rate + self.smoothing);
        let log = |count: f64| libm::log1p(count) / self.log_most;
        [n / self.most, c / self.most, relative, log(n), log(c)].map(|number| number as f32)
    }
}

impl CompanionEncoder {
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
        let table = Arc::make_mut(&mut self.table);
        table.keys.restore(field).map_err(problem)?;
        table.check().map_err(problem)?;
        table.derive();
        Ok(())
    }

    fn shape(&self, name: &str) -> FieldShape {
        FieldShape::dense(name, WIDTH)
    }

    fn kind(&self) -> &'static str {
        "categorical"
    }

    fn describe(&self) -> String {
        let met = self.table.counts.iter().skip(1).filter(|counts| counts.rows > 0).count();
        let smoothing = self.table.smoothing;
        format!("companion counts of {met} values, smoothed by {smoothing} clicks")
    }

    fn form(&self) -> ValueForm {
        ValueForm::Text
    }

    fn encode(
        &self,
        texts: Texts<'_>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> Result<(), ValueError> {
        let found = self.table.find(texts.first);
        counts.values += 1;
        counts.missing += u64::from(texts.first.is_none());
        counts.unseen += u64::from(found.is_none());
        let found = found.map_or(ValueCounts::default(), |index| self.table.counts[index]);
        column.dense_mut().push_row(&self.table.scale.numbers(found, self.table.total));
        Ok(())
    }
}

impl PartialEq for CompanionTable {
    fn eq(&self, other: &Self) -> bool {
        let stored = |it: &Self| (it.smoothing, it.spelling);
        self.keys == other.keys && self.counts == other.counts && stored(self) == stored(other)
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

    const PLAIN: CompanionKeys = CompanionKeys {
        hash: HashKeys { buckets: None, seed: None },
        smoothing: None,
        spelling: None,
    };

    fn hashed(buckets: u32, seed: Option<u64>) -> CompanionKeys {
        CompanionKeys { hash: HashKeys { buckets: Some(buckets), seed }, ..PLAIN }
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
        encoder.encode(Texts::one(text), &mut column, &mut counts).expect("any text");
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
        let encoder = fitted(&CompanionKeys { smoothing: Some(2.0), ..PLAIN }, &ROWS);
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
        let encoder = fitted(&PLAIN, &ROWS);
        assert_eq!(encoder.describe(), "companion counts of 2 values, smoothed by 4 clicks");
    }

    #[test]
    fn missing_and_unseen_values_are_counted() {
        let encoder = fitted(&PLAIN, &ROWS);
        let (mut column, mut counts) = (Column::new(&encoder.shape("f")), FieldCounts::default());
        for text in [Some("a"), None, Some("c"), None] {
            encoder.encode(Texts::one(text), &mut column, &mut counts).expect("any text");
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
        for keys in [PLAIN, hashed(50, None), hashed(3, None)] {
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
        let good = fitted(&PLAIN, &ROWS);
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
        check(&|table| table.smoothing = 0.0, "have a smoothing of 0");
        check(&|table| table.smoothing = f64::NAN, "have a smoothing of NaN");
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
            let scale = Scale::new(rows, smoothing);
            let numbers = scale.numbers(value, value.plus(of(others, other_clicks)));
            let [n, c, rate, log_n, log_c] = numbers;
            prop_assert!([n, c, log_n, log_c].iter().all(|number| (0.0..=1.0).contains(number)), "{numbers:?}");
            prop_assert!(c <= n && log_c <= log_n && rate > 0.0 && rate.is_finite());
        }
    }
}
