//! Companion counts: what is known of each value of a categorical field, as five numbers a row.
//!
//! The paper gives its campaigns a second, dense feature of this kind beside their ids: values too rare for an id of
//! their own still tell how often they were shown and clicked.
//! With n impressions and c clicks of the value, N and C those of all rows, p = (C + 1) / (N + 2) the overall click
//! rate, M the most impressions of any value, and k the `smoothing`, the numbers are
//!
//! | | number | range |
//! |---|---|---|
//! | impressions | n / M | [0, 1] |
//! | clicks | c / M | [0, 1] |
//! | click rate | (c + k) / (n p + k) | above 0; 1 for a value of which nothing is known |
//! | log impressions | ln(1 + n) / ln(1 + M) | [0, 1] |
//! | log clicks | ln(1 + c) / ln(1 + M) | [0, 1] |
//!
//! The click rate is relative to that of all rows, and smoothed towards it as if k more clicks had been expected and
//! seen: the mean of a gamma distribution, given c events of a Poisson distribution.
//! k in impressions (k / p of them) would have to be set anew for each overall rate.
//! Nothing but n, c, N and C depends on labels, so that leaving a row's label out of these leaves it out of all.
//!
//! Statistics cover all values, not only those with an id; a hashed field has them by bucket, so that they are bounded.
//! Row weights play no part.

use std::sync::Arc;

use crate::cell::CellError;
use crate::column::Column;
use crate::config::FieldConfig;
use crate::counts::FieldCounts;
use crate::description::Encoding;
use crate::error::FeatureError;
use crate::hash::HashBuckets;
use crate::history::FoldTallies;
use crate::shape::FieldShape;
use crate::state::{CompanionKeysState, CompanionState};
use crate::tally::Tally;
use crate::value_table::{self, MAX_VALUES, ValueTable};
use crate::vocabulary::split_values;

/// The numbers a row.
pub(crate) const WIDTH: usize = 5;

/// The index of a missing value; others follow.
const MISSING: usize = 0;

/// k where a field does not say: rates that spread by a factor of about 1.6 (one standard deviation) call for it.
const SMOOTHING: f64 = 4.0;

/// What tells one value from another.
#[derive(Clone, Debug)]
enum Keys {
    Values(ValueTable),
    Buckets(HashBuckets),
}

/// Counts the rows and the positive ones of each value.
#[derive(Clone, Debug)]
pub(crate) struct CompanionFitter {
    keys: Keys,
    tallies: Vec<Tally>,
    /// Those of each fold, where a training row is to know the other folds.
    folds: Option<FoldTallies>,
    smoothing: f64,
}

/// The statistics of all values.
#[derive(Clone, Debug)]
pub(crate) struct CompanionTable {
    keys: Keys,
    tallies: Vec<Tally>,
    /// All rows.
    total: Tally,
    scale: Scale,
}

/// What turns the tally of a value into numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    /// The most impressions of a value; at least 1.
    most: f64,
    /// ln(1 + `most`).
    log_most: f64,
    smoothing: f64,
}

/// Writes the statistics as they are after training: five numbers a row.
#[derive(Clone, Debug)]
pub(crate) struct CompanionEncoder {
    table: Arc<CompanionTable>,
}

/// The name of the field that holds the companion counts of the field `name`.
pub(crate) fn companion_name(name: &str) -> String {
    format!("{name}_counts")
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

    /// The index of a value; `None` where nothing is known of it.
    #[inline]
    fn find(&self, cell: Option<&str>) -> Option<usize> {
        let Some(value) = cell else { return Some(MISSING) };
        match self {
            Self::Values(values) => {
                values.find(value, value_table::hash(value)).map(|index| 1 + index as usize)
            }
            Self::Buckets(buckets) => Some(buckets.id(value) as usize),
        }
    }

    fn find_or_add(&mut self, cell: Option<&str>) -> Option<usize> {
        match (self, cell) {
            (Self::Values(values), Some(value)) => {
                values.find_or_add(value).map(|index| 1 + index as usize)
            }
            (keys, cell) => keys.find(cell),
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

    /// The keys of `field`, whose hash goes by the name of the field that it accompanies.
    fn from_state(field: &str, state: CompanionKeysState) -> Result<Self, String> {
        match state {
            CompanionKeysState::Values { text, lengths } => {
                split_values(&text, &lengths).map(Self::Values)
            }
            CompanionKeysState::Hash(state) => {
                let accompanied = field.strip_suffix(&companion_name(""));
                let name = accompanied.ok_or("is not named after the field that they accompany")?;
                HashBuckets::from_state(name, state)
                    .map(Self::Buckets)
                    .map_err(|error| error.to_string())
            }
        }
    }
}

impl CompanionFitter {
    /// Counts by fold too where `by_fold` says so.
    pub(crate) fn new(config: &FieldConfig, by_fold: bool) -> Self {
        Self {
            keys: Keys::new(config),
            tallies: Vec::new(),
            folds: by_fold.then(FoldTallies::default),
            smoothing: config.smoothing.unwrap_or(SMOOTHING),
        }
    }

    /// Counts a value in a row that is positive or not, and lies in `fold`.
    pub(crate) fn observe(
        &mut self,
        cell: Option<&str>,
        positive: bool,
        fold: usize,
    ) -> Result<(), CellError> {
        let index = self.keys.find_or_add(cell).ok_or(CellError::TooMany(MAX_VALUES))?;
        if self.tallies.len() <= index {
            self.tallies.resize(index + 1, Tally::default());
        }
        self.tallies[index].add(positive);
        if let Some(folds) = &mut self.folds {
            folds.add(index, fold, positive);
        }
        Ok(())
    }

    /// The encoder, and the tallies of the folds if they were counted.
    pub(crate) fn finish(mut self) -> (CompanionEncoder, Option<FoldTallies>) {
        self.tallies.resize(self.keys.len(), Tally::default());
        self.tallies.shrink_to_fit();
        let encoder = CompanionEncoder::new(self.keys, self.tallies, self.smoothing);
        (encoder, self.folds)
    }
}

impl CompanionTable {
    /// The index of a value among [`tallies`](Self::tallies); `None` where nothing is known of it.
    #[inline]
    pub(crate) fn find(&self, cell: Option<&str>) -> Option<usize> {
        self.keys.find(cell)
    }

    /// What training met of each value, the missing one first.
    pub(crate) fn tallies(&self) -> &[Tally] {
        &self.tallies
    }

    /// All rows that training met.
    pub(crate) fn total(&self) -> Tally {
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

    /// The five numbers of a value, beside those of all rows.
    #[inline]
    pub(crate) fn numbers(&self, value: Tally, total: Tally) -> [f32; WIDTH] {
        let (n, c) = (value.rows as f64, value.positives as f64);
        let rate = (total.positives as f64 + 1.0) / (total.rows as f64 + 2.0);
        let relative = (c + self.smoothing) / (n * rate + self.smoothing);
        let log = |count: f64| count.ln_1p() / self.log_most;
        [n / self.most, c / self.most, relative, log(n), log(c)].map(|number| number as f32)
    }
}

impl CompanionEncoder {
    fn new(keys: Keys, tallies: Vec<Tally>, smoothing: f64) -> Self {
        let total = tallies.iter().copied().fold(Tally::default(), Tally::plus);
        let most = tallies.iter().map(|tally| tally.rows).max().unwrap_or(0);
        let scale = Scale::new(most, smoothing);
        Self { table: Arc::new(CompanionTable { keys, tallies, total, scale }) }
    }

    /// The statistics, to be shared.
    pub(crate) fn table(&self) -> &Arc<CompanionTable> {
        &self.table
    }

    pub(crate) fn encode(&self, cell: Option<&str>, column: &mut Column, counts: &mut FieldCounts) {
        let found = self.table.find(cell);
        counts.values += 1;
        counts.missing += u64::from(cell.is_none());
        counts.unseen += u64::from(found.is_none());
        let tally = found.map_or(Tally::default(), |index| self.table.tallies[index]);
        column.dense_mut().push_row(&self.table.scale.numbers(tally, self.table.total));
    }

    #[expect(clippy::unused_self, reason = "all encoders are asked alike")]
    pub(crate) fn shape(&self, name: &str) -> FieldShape {
        FieldShape::dense(name, WIDTH)
    }

    pub(crate) fn describe(&self) -> Encoding {
        let met = self.table.tallies.iter().skip(1).filter(|tally| tally.rows > 0);
        Encoding::Companion { values: met.count(), smoothing: self.table.scale.smoothing }
    }

    pub(crate) fn to_state(&self) -> CompanionState {
        let tally = |tally: &Tally| (tally.rows, tally.positives);
        CompanionState {
            keys: self.table.keys.to_state(),
            tallies: self.table.tallies.iter().map(tally).collect(),
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
            return Err(problem(format!("are of {found} values instead of {wanted}")));
        }
        if !is_smoothing(state.smoothing) {
            let problem_of = format!("have a smoothing of {}", state.smoothing);
            return Err(problem(problem_of));
        }
        let sum = state.tallies.iter().try_fold(0_u64, |sum, tally| sum.checked_add(tally.0));
        if sum.is_none() || state.tallies.iter().any(|(rows, positives)| positives > rows) {
            return Err(problem("are no counts of rows".to_owned()));
        }
        let tallies = state.tallies.iter();
        let tallies = tallies.map(|&(rows, positives)| Tally { rows, positives }).collect();
        Ok(Self::new(keys, tallies, state.smoothing))
    }
}

/// Whether rates can be smoothed by so many clicks.
pub(crate) fn is_smoothing(smoothing: f64) -> bool {
    (1e-3..=1e9).contains(&smoothing)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fitted(config: &FieldConfig, rows: &[(Option<&str>, bool)]) -> CompanionEncoder {
        let mut fitter = CompanionFitter::new(config, false);
        for &(cell, positive) in rows {
            fitter.observe(cell, positive, 0).expect("few values");
        }
        fitter.finish().0
    }

    fn encoded(encoder: &CompanionEncoder, cell: Option<&str>) -> Vec<f32> {
        let mut column = Column::new(&encoder.shape("f"));
        encoder.encode(cell, &mut column, &mut FieldCounts::default());
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
        for (cell, numbers) in [
            (Some("a"), [1.0, 0.6666667, 8.0 / 7.0, 1.0, 0.792_481_25]),
            (Some("b"), [0.6666667, 0.0, 0.6666667, 0.792_481_25, 0.0]),
            (None, [0.33333334, 0.33333334, 1.2, 0.5, 0.5]),
            (Some("never met"), [0.0, 0.0, 1.0, 0.0, 0.0]),
        ] {
            assert_eq!(encoded(&encoder, cell), numbers, "{cell:?}");
        }
    }

    #[test]
    fn hashed_values_share_the_counts_of_their_bucket() {
        let config = FieldConfig { buckets: Some(1), ..FieldConfig::categorical("f") };
        let encoder = fitted(&config, &ROWS);
        assert_eq!(encoded(&encoder, Some("a")), encoded(&encoder, Some("never met")));
        assert_eq!(encoder.table().tallies()[1], Tally { rows: 5, positives: 2 });
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
    fn a_missing_value_is_not_counted_as_a_value() {
        let encoder = fitted(&FieldConfig::categorical("f"), &ROWS);
        let smoothing = SMOOTHING;
        assert_eq!(encoder.describe(), Encoding::Companion { values: 2, smoothing });
    }

    #[test]
    fn what_has_no_counts_is_told() {
        let encoder = fitted(&FieldConfig::categorical("f"), &ROWS);
        let (mut column, mut counts) = (Column::new(&encoder.shape("f")), FieldCounts::default());
        for cell in [Some("a"), None, Some("c"), None] {
            encoder.encode(cell, &mut column, &mut counts);
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
        check(&|state| state.tallies.truncate(2), "are of 2 values instead of 3");
        check(&|state| state.tallies[1] = (1, 2), "are no counts of rows");
        check(&|state| state.tallies[1] = (u64::MAX, 2), "are no counts of rows");
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
            let of = |rows: u64, share: f64| Tally { rows, positives: (rows as f64 * share) as u64 };
            let value = of(rows, clicks);
            let scale = Scale::new(rows, smoothing);
            let numbers = scale.numbers(value, value.plus(of(others, other_clicks)));
            let [n, c, rate, log_n, log_c] = numbers;
            prop_assert!([n, c, log_n, log_c].iter().all(|number| (0.0..=1.0).contains(number)), "{numbers:?}");
            prop_assert!(c <= n && log_c <= log_n && rate > 0.0 && rate.is_finite());
        }
    }
}
