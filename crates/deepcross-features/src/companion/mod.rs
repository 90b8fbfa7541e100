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

use crate::batch::column::Column;
use crate::batch::shape::FieldShape;
use crate::companion::folds::FoldCounts;
use crate::companion::value_counts::ValueCounts;
use crate::config::field_config::{FieldConfig, companion_name};
use crate::config::limits::is_smoothing;
use crate::counts::FieldCounts;
use crate::description::Encoding;
use crate::error::FeatureError;
use crate::lookup::hash::HashBuckets;
use crate::lookup::value_table::{self, MAX_VALUES, ValueTable};
use crate::lookup::vocabulary::split_values;
use crate::raw::value_text::ValueError;
use crate::state::{CompanionKeysState, CompanionState};

/// The number of numbers per row.
pub(crate) const WIDTH: usize = 5;

/// The index of a missing value; other values follow.
const MISSING: usize = 0;

/// The default of k; it suits rates with a standard deviation of about a factor of 1.6.
const SMOOTHING: f64 = 4.0;

/// The index of each value.
#[derive(Clone, Debug)]
enum Keys {
    Values(ValueTable),
    Buckets(HashBuckets),
}

/// Counts the rows and the positive rows of each value.
#[derive(Clone, Debug)]
pub(crate) struct CompanionFitter {
    keys: Keys,
    counts: Vec<ValueCounts>,
    /// The counts of each fold, if training rows have the counts of the other folds.
    folds: Option<FoldCounts>,
    smoothing: f64,
}

/// The counts of all values.
#[derive(Clone, Debug)]
pub(crate) struct CompanionTable {
    keys: Keys,
    counts: Vec<ValueCounts>,
    /// The counts of all rows.
    total: ValueCounts,
    scale: Scale,
}

/// The constants by which the counts of a value become numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    /// The largest number of impressions of a value; at least 1.
    most: f64,
    /// ln(1 + `most`).
    log_most: f64,
    smoothing: f64,
}

/// Writes the counts after training: five numbers per row.
#[derive(Clone, Debug)]
pub(crate) struct CompanionEncoder {
    table: Arc<CompanionTable>,
}

impl Keys {
    fn new(config: &FieldConfig) -> Self {
        match config.buckets {
            Some(buckets) => {
                Self::Buckets(HashBuckets::new(&config.name, buckets, config.seed.unwrap_or(0)))
            }
            None => Self::Values(ValueTable::default()),
        }
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

    fn to_state(&self) -> CompanionKeysState {
        match self {
            Self::Values(values) => CompanionKeysState::Values {
                text: values.iter().collect(),
                lengths: values.iter().map(|value| value.len() as u64).collect(),
            },
            Self::Buckets(buckets) => CompanionKeysState::Hash(buckets.to_state()),
        }
    }

    /// The keys of `field`; their hash uses the name of the field that has the companion counts.
    fn from_state(field: &str, state: CompanionKeysState) -> Result<Self, String> {
        match state {
            CompanionKeysState::Values { text, lengths } => {
                split_values(&text, &lengths).map(Self::Values)
            }
            CompanionKeysState::Hash(state) => {
                let accompanied = field.strip_suffix(&companion_name(""));
                let name =
                    accompanied.ok_or("are not named after the field that they belong to")?;
                HashBuckets::from_state(name, state)
                    .map(Self::Buckets)
                    .map_err(|error| error.to_string())
            }
        }
    }
}

impl CompanionFitter {
    /// A fitter for the companion counts of the field of `config`, which also counts by fold if `by_fold` is true.
    pub(crate) fn new(config: &FieldConfig, by_fold: bool) -> Self {
        Self {
            keys: Keys::new(config),
            counts: Vec::new(),
            folds: by_fold.then(FoldCounts::default),
            smoothing: config.smoothing.unwrap_or(SMOOTHING),
        }
    }

    /// Counts a value in a row that is positive or not, and belongs to `fold`.
    pub(crate) fn observe(
        &mut self,
        text: Option<&str>,
        positive: bool,
        fold: usize,
    ) -> Result<(), ValueError> {
        let index = self.keys.find_or_add(text).ok_or(ValueError::TooMany(MAX_VALUES))?;
        if self.counts.len() <= index {
            self.counts.resize(index + 1, ValueCounts::default());
        }
        self.counts[index].add(positive);
        if let Some(folds) = &mut self.folds {
            folds.add(index, fold, positive);
        }
        Ok(())
    }

    /// The encoder, and the counts of the folds if they were counted.
    pub(crate) fn finish(mut self) -> (CompanionEncoder, Option<FoldCounts>) {
        self.counts.resize(self.keys.len(), ValueCounts::default());
        self.counts.shrink_to_fit();
        let encoder = CompanionEncoder::new(self.keys, self.counts, self.smoothing);
        (encoder, self.folds)
    }
}

impl CompanionTable {
    /// The index of a value among [`counts`](Self::counts); `None` if the value is unknown.
    #[inline]
    pub(crate) fn find(&self, text: Option<&str>) -> Option<usize> {
        self.keys.find(text)
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
        Self { most, log_most: most.ln_1p(), smoothing }
    }

    /// The five numbers of a value with the counts `value`, if those of all rows are `total`.
    #[inline]
    pub(crate) fn numbers(&self, value: ValueCounts, total: ValueCounts) -> [f32; WIDTH] {
        let (n, c) = (value.rows as f64, value.positives as f64);
        let rate = (total.positives as f64 + 1.0) / (total.rows as f64 + 2.0);
        let relative = (c + self.smoothing) / (n * rate + self.smoothing);
        let log = |count: f64| count.ln_1p() / self.log_most;
        [n / self.most, c / self.most, relative, log(n), log(c)].map(|number| number as f32)
    }
}

impl CompanionEncoder {
    fn new(keys: Keys, counts: Vec<ValueCounts>, smoothing: f64) -> Self {
        let total = counts.iter().copied().fold(ValueCounts::default(), ValueCounts::plus);
        let most = counts.iter().map(|counts| counts.rows).max().unwrap_or(0);
        let scale = Scale::new(most, smoothing);
        Self { table: Arc::new(CompanionTable { keys, counts, total, scale }) }
    }

    /// The counts of all values, for sharing.
    pub(crate) fn table(&self) -> &Arc<CompanionTable> {
        &self.table
    }

    pub(crate) fn encode(&self, text: Option<&str>, column: &mut Column, counts: &mut FieldCounts) {
        let found = self.table.find(text);
        counts.values += 1;
        counts.missing += u64::from(text.is_none());
        counts.unseen += u64::from(found.is_none());
        let found = found.map_or(ValueCounts::default(), |index| self.table.counts[index]);
        column.dense_mut().push_row(&self.table.scale.numbers(found, self.table.total));
    }

    #[expect(clippy::unused_self, reason = "all encoders have the same methods")]
    pub(crate) fn shape(&self, name: &str) -> FieldShape {
        FieldShape::dense(name, WIDTH)
    }

    pub(crate) fn describe(&self) -> Encoding {
        let met = self.table.counts.iter().skip(1).filter(|counts| counts.rows > 0);
        Encoding::Companion { values: met.count(), smoothing: self.table.scale.smoothing }
    }

    pub(crate) fn to_state(&self) -> CompanionState {
        let pair = |counts: &ValueCounts| (counts.rows, counts.positives);
        CompanionState {
            keys: self.table.keys.to_state(),
            tallies: self.table.counts.iter().map(pair).collect(),
            smoothing: self.table.scale.smoothing,
        }
    }

    pub(crate) fn from_state(field: &str, state: CompanionState) -> Result<Self, FeatureError> {
        let problem = |problem: String| FeatureError::State {
            problem: format!("field `{field}`: the companion counts {problem}"),
        };
        let keys = Keys::from_state(field, state.keys).map_err(problem)?;
        if state.tallies.len() != keys.len() {
            let (found, wanted) = (state.tallies.len(), keys.len());
            return Err(problem(format!("are those of {found} values, but there are {wanted}")));
        }
        if !is_smoothing(state.smoothing) {
            let problem_of = format!("have a smoothing of {}", state.smoothing);
            return Err(problem(problem_of));
        }
        let sum = state.tallies.iter().try_fold(0_u64, |sum, counts| sum.checked_add(counts.0));
        if sum.is_none() || state.tallies.iter().any(|(rows, positives)| positives > rows) {
            return Err(problem("cannot be counts of rows".to_owned()));
        }
        let counts = state.tallies.iter();
        let counts = counts.map(|&(rows, positives)| ValueCounts { rows, positives }).collect();
        Ok(Self::new(keys, counts, state.smoothing))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fitted(config: &FieldConfig, rows: &[(Option<&str>, bool)]) -> CompanionEncoder {
        let mut fitter = CompanionFitter::new(config, false);
        for &(text, positive) in rows {
            fitter.observe(text, positive, 0).expect("few values");
        }
        fitter.finish().0
    }

    fn encoded(encoder: &CompanionEncoder, text: Option<&str>) -> Vec<f32> {
        let mut column = Column::new(&encoder.shape("f"));
        encoder.encode(text, &mut column, &mut FieldCounts::default());
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
        let config = FieldConfig { smoothing: Some(2.0), ..FieldConfig::categorical("f") };
        let encoder = fitted(&config, &ROWS);
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
        let config = FieldConfig { buckets: Some(1), ..FieldConfig::categorical("f") };
        let encoder = fitted(&config, &ROWS);
        assert_eq!(encoded(&encoder, Some("a")), encoded(&encoder, Some("never met")));
        assert_eq!(encoder.table().counts()[1], ValueCounts { rows: 5, positives: 2 });
    }

    #[test]
    fn buckets_are_those_of_the_field() {
        let (buckets, seed) = (Some(1_000), Some(7));
        let config = FieldConfig { buckets, seed, ..FieldConfig::categorical("f") };
        let encoder = fitted(&config, &ROWS);
        for value in ["a", "b", "never met"] {
            let id = HashBuckets::new("f", 1_000, 7).id(value) as usize;
            assert_eq!(encoder.table().find(Some(value)), Some(id));
        }
    }

    #[test]
    fn the_missing_value_is_not_among_the_described_values() {
        let encoder = fitted(&FieldConfig::categorical("f"), &ROWS);
        let smoothing = SMOOTHING;
        assert_eq!(encoder.describe(), Encoding::Companion { values: 2, smoothing });
    }

    #[test]
    fn missing_and_unseen_values_are_counted() {
        let encoder = fitted(&FieldConfig::categorical("f"), &ROWS);
        let (mut column, mut counts) = (Column::new(&encoder.shape("f")), FieldCounts::default());
        for text in [Some("a"), None, Some("c"), None] {
            encoder.encode(text, &mut column, &mut counts);
        }
        let expected = FieldCounts { values: 4, missing: 2, unseen: 1, rare: 0, clipped: 0 };
        assert_eq!(counts, expected);
    }

    #[test]
    fn forged_states_are_refused() {
        let good = fitted(&FieldConfig::categorical("f"), &ROWS).to_state();
        let check = |forge: &dyn Fn(&mut CompanionState), message: &str| {
            let mut state = good.clone();
            forge(&mut state);
            let found = CompanionEncoder::from_state("f_counts", state).map(|_| ());
            let found = found.map_or_else(|error| error.to_string(), |()| "accepted".to_owned());
            assert!(found.ends_with(message), "{found}");
        };
        check(&|_| {}, "accepted");
        check(&|state| state.tallies.truncate(2), "are those of 2 values, but there are 3");
        check(&|state| state.tallies[1] = (1, 2), "cannot be counts of rows");
        check(&|state| state.tallies[1] = (u64::MAX, 2), "cannot be counts of rows");
        check(&|state| state.smoothing = 0.0, "have a smoothing of 0");
        check(&|state| state.smoothing = f64::NAN, "have a smoothing of NaN");
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
