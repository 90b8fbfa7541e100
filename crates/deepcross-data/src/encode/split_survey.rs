//! Compares the rows that are trained on with those that are held out, while they are read.
//!
//! Two facts say that validation is worth less than it seems: the shares of positive rows differ by more than chance,
//! or many held-out rows are equal to a training row.
//! Both follow from sums over groups of rows, which a sample of the groups by their hashes estimates. So memory is
//! bounded, and the result depends neither on the order of the rows nor on the number of threads.

use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::rows::RawRow;
use crate::source::{SetReader, Source, SplitSet};

/// The most groups of a sample, which take a few megabytes.
const MOST: usize = 1 << 16;

/// The share of equal rows is reported only if the sample has at least this many held-out rows.
const LEAST_ROWS: u64 = 50;

/// The rows that are trained on and those that are held out, as the pass that fits an encoder meets them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SplitReport {
    /// The rows that are trained on.
    pub train: SetCounts,
    /// The rows that are held out.
    pub valid: SetCounts,
    /// The difference between the shares of positive rows, in standard errors of a random choice of rows, or of groups
    /// of rows; `None` if the last rows are held out, or if all rows are of one class.
    pub standard_errors: Option<f64>,
    /// The share of held-out rows that are equal to a training row in all columns of the fields, approximately; `None`
    /// if there are too few held-out rows.
    pub equal: Option<f64>,
}

/// The numbers of rows of a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetCounts {
    /// The rows.
    pub rows: u64,
    /// The positive ones among them.
    pub positives: u64,
}

/// The hashes of a row by which it is compared, and the limits of the samples.
#[derive(Clone, Debug)]
pub(crate) struct RowKeys {
    /// The columns of the fields, each range as long as possible.
    columns: Vec<Range<usize>>,
    limits: Limits,
}

/// The greatest hashes that still belong to the samples of contents and of groups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    content: u64,
    group: u64,
}

/// The notes on some rows, which one thread takes.
#[derive(Debug, Default)]
pub(crate) struct RowNotes {
    sets: [SetCounts; 2],
    /// The rows that are not in a group.
    alone: SetCounts,
    sampled: Vec<SampledRow>,
}

/// A row that belongs to a sample.
#[derive(Clone, Copy, Debug)]
struct SampledRow {
    content: u64,
    group: Option<u64>,
    is_held_out: bool,
    positive: bool,
}

/// The sums over all rows so far.
#[derive(Debug)]
pub(crate) struct SplitSurvey {
    sets: [SetCounts; 2],
    alone: SetCounts,
    contents: Sample<Content>,
    groups: Sample<SetCounts>,
}

/// The rows that are equal in all columns of the fields.
#[derive(Clone, Copy, Debug, Default)]
struct Content {
    is_trained_on: bool,
    held_out: u64,
}

/// Values for those keys whose hashes are not above a limit, which falls as keys come.
#[derive(Debug)]
struct Sample<V> {
    values: HashMap<u64, V>,
    limit: u64,
}

impl SetCounts {
    fn add(&mut self, positive: bool) {
        self.rows += 1;
        self.positives += u64::from(positive);
    }

    fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.positives += other.positives;
    }
}

impl<V: Default> Sample<V> {
    fn new() -> Self {
        Self { values: HashMap::new(), limit: u64::MAX }
    }

    /// The value of a key, if the key belongs to the sample.
    fn get(&mut self, hash: u64) -> Option<&mut V> {
        if hash > self.limit {
            return None;
        }
        if self.values.len() >= MOST && !self.values.contains_key(&hash) {
            while self.values.len() >= MOST {
                self.limit /= 2;
                self.values.retain(|hash, _| *hash <= self.limit);
            }
        }
        (hash <= self.limit).then(|| self.values.entry(hash).or_default())
    }

    /// The number of keys that a sampled key stands for.
    fn scale(&self) -> f64 {
        u64::MAX as f64 / self.limit as f64
    }
}

impl RowKeys {
    /// The keys of rows of `source` by the columns of these names.
    pub(crate) fn new<'n>(source: &Source, names: impl IntoIterator<Item = &'n str>) -> Self {
        let position = |name: &str| source.header().iter().position(|known| known == name);
        let mut positions: Vec<usize> = names.into_iter().filter_map(position).collect();
        positions.sort_unstable();
        positions.dedup();
        let runs = positions.chunk_by(|a, b| a + 1 == *b);
        let columns = runs.map(|run| run[0]..run[0] + run.len()).collect();
        Self { columns, limits: Limits { content: u64::MAX, group: u64::MAX } }
    }

    /// Narrows the samples to the limits that they have now.
    pub(crate) fn limit(&mut self, survey: &SplitSurvey) {
        self.limits = Limits { content: survey.contents.limit, group: survey.groups.limit };
    }
}

impl RowNotes {
    pub(crate) fn clear(&mut self) {
        (self.sets, self.alone) = Default::default();
        self.sampled.clear();
    }

    /// Notes a valid row of a set.
    pub(crate) fn add(
        &mut self,
        (row, set, positive): (&RawRow<'_>, SplitSet, bool),
        keys: &RowKeys,
        sets: &SetReader,
    ) {
        let is_held_out = set == SplitSet::Valid;
        self.sets[usize::from(is_held_out)].add(positive);
        let group = sets.group(row);
        if group.is_none() {
            self.alone.add(positive);
        }
        let content = row.hash(&keys.columns);
        let Limits { content: most, group: most_group } = keys.limits;
        if content <= most || group.is_some_and(|group| group <= most_group) {
            self.sampled.push(SampledRow { content, group, is_held_out, positive });
        }
    }
}

impl SplitSurvey {
    /// The survey of no row.
    pub(crate) fn new() -> Self {
        let (sets, alone) = Default::default();
        Self { sets, alone, contents: Sample::new(), groups: Sample::new() }
    }

    /// Adds the rows of some notes.
    pub(crate) fn add(&mut self, notes: &RowNotes) {
        self.sets.iter_mut().zip(notes.sets).for_each(|(sum, counts)| sum.merge(counts));
        self.alone.merge(notes.alone);
        for row in &notes.sampled {
            if let Some(content) = self.contents.get(row.content) {
                match row.is_held_out {
                    true => content.held_out += 1,
                    false => content.is_trained_on = true,
                }
            }
            if let Some(group) = row.group.and_then(|group| self.groups.get(group)) {
                group.add(row.positive);
            }
        }
    }

    /// The report; `is_random` says that rows or groups are held out at random.
    pub(crate) fn report(&self, is_random: bool) -> SplitReport {
        let [train, valid] = self.sets;
        let standard_errors = self.standard_errors().filter(|_| is_random);
        SplitReport { train, valid, standard_errors, equal: self.equal() }
    }

    /// The difference between the shares of positive rows, in standard errors.
    ///
    /// With the share p of all rows, each group g has the excess d = positives − p · rows, and the excesses add up to 0.
    /// If each group is held out with the probability f, the variance of the excess of the held-out rows is
    /// f (1 − f) Σ d². The difference between the two shares is this excess, times the sum of 1 / rows of both sets.
    fn standard_errors(&self) -> Option<f64> {
        let [train, valid] = self.sets;
        let rows = (train.rows + valid.rows) as f64;
        let p = (train.positives + valid.positives) as f64 / rows;
        let (n_train, n_valid) = (train.rows as f64, valid.rows as f64);
        let (mut squares, mut products, mut squared_rows) = (0_u128, 0_u128, 0_u128);
        for group in self.groups.values.values() {
            let (rows, positives) = (u128::from(group.rows), u128::from(group.positives));
            squares += positives * positives;
            products += positives * rows;
            squared_rows += rows * rows;
        }
        let of_groups = squares as f64 - 2.0 * p * products as f64 + p * p * squared_rows as f64;
        let SetCounts { rows: alone, positives } = self.alone;
        let of_rows = positives as f64 * (1.0 - p).powi(2) + (alone - positives) as f64 * p.powi(2);
        let excess = of_groups.max(0.0) * self.groups.scale() + of_rows;
        let f = n_valid / rows;
        let deviation = (f * (1.0 - f) * excess).sqrt() * (1.0 / n_train + 1.0 / n_valid);
        let difference = train.positives as f64 / n_train - valid.positives as f64 / n_valid;
        let errors = difference.abs() / deviation;
        (deviation > 0.0 && errors.is_finite()).then_some(errors)
    }

    /// The share of held-out rows that are equal to a training row.
    fn equal(&self) -> Option<f64> {
        let (mut all, mut equal) = (0, 0);
        for content in self.contents.values.values() {
            all += content.held_out;
            equal += if content.is_trained_on { content.held_out } else { 0 };
        }
        (all >= LEAST_ROWS).then(|| equal as f64 / all as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A survey of rows: a content, a group, whether the row is held out, and its label.
    fn survey(rows: impl Iterator<Item = (u64, Option<u64>, bool, bool)>) -> SplitSurvey {
        let mut survey = SplitSurvey::new();
        for (content, group, is_held_out, positive) in rows {
            let mut notes = RowNotes::default();
            notes.sets[usize::from(is_held_out)].add(positive);
            if group.is_none() {
                notes.alone.add(positive);
            }
            let [content, group] = [Some(content), group].map(|key| key.map(hash));
            let content = content.unwrap_or_default();
            notes.sampled.push(SampledRow { content, group, is_held_out, positive });
            survey.add(&notes);
        }
        survey
    }

    fn hash(key: u64) -> u64 {
        xxhash_rust::xxh3::xxh3_64(&key.to_le_bytes())
    }

    #[test]
    fn without_groups_the_errors_are_those_of_two_shares() {
        // 300 of 1000 training rows and 60 of 100 held-out rows are positive.
        let rows = (0..1100_u64).map(|i| match i < 1000 {
            true => (i, None, false, i < 300),
            false => (i, None, true, i < 1060),
        });
        let report = survey(rows).report(true);
        let p: f64 = 360.0 / 1100.0;
        let expected = 0.3 / (p * (1.0 - p) * (1.0 / 1000.0 + 1.0 / 100.0)).sqrt();
        let found = report.standard_errors.unwrap();
        assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
        assert_eq!(report.valid, SetCounts { rows: 100, positives: 60 });
        assert_eq!(report.equal, Some(0.0));
    }

    #[test]
    fn rows_of_one_group_are_one_draw() {
        // Groups of 50 rows with one label: the same shares say much less.
        let rows = |grouped: bool| {
            (0..1100_u64).map(move |i| {
                let group = grouped.then_some(i / 50);
                match i < 1000 {
                    true => (i, group, false, i / 50 % 10 < 3),
                    false => (i, group, true, true),
                }
            })
        };
        let single = survey(rows(false)).report(true).standard_errors.unwrap();
        let grouped = survey(rows(true)).report(true).standard_errors.unwrap();
        assert!((single / grouped - 50_f64.sqrt()).abs() < 1e-9, "{single}, {grouped}");
        assert!(single > 10.0 && grouped < 5.0);
        assert_eq!(survey(rows(true)).report(false).standard_errors, None);
    }

    #[test]
    fn the_sample_gives_what_all_rows_give() {
        const N: u64 = 400_000;
        // A third of the contents are both trained on and held out; groups have five rows.
        let rows = |i: u64| {
            let (content, is_held_out) = (i / 2, i % 2 == 1 && (i / 2).is_multiple_of(3));
            (content, Some(i / 5), is_held_out, hash(i / 5 + 7).is_multiple_of(4))
        };
        let in_order = survey((0..N).map(rows));
        assert!(in_order.contents.values.len() <= MOST && in_order.contents.limit < u64::MAX);
        let backwards = survey((0..N).rev().map(rows));
        let reports = [&in_order, &backwards].map(|survey| survey.report(true));
        assert_eq!(reports[0], reports[1], "the order of rows does not decide");
        assert_eq!(reports[0].equal, Some(1.0));
        // The exact variance of the excess, with all groups.
        let [train, valid] = in_order.sets;
        let p = (train.positives + valid.positives) as f64 / N as f64;
        let groups = (0..N / 5)
            .map(|group| if hash(group + 7).is_multiple_of(4) { 5.0 } else { 0.0 } - 5.0 * p);
        let excess: f64 = groups.map(|excess| excess * excess).sum();
        let (a, b) = (train.rows as f64, valid.rows as f64);
        let f = b / (a + b);
        let deviation = (f * (1.0 - f) * excess).sqrt() * (1.0 / a + 1.0 / b);
        let difference = (train.positives as f64 / a - valid.positives as f64 / b).abs();
        let found = reports[0].standard_errors.unwrap();
        assert!((found / (difference / deviation) - 1.0).abs() < 0.05, "{found}");
    }

    #[test]
    fn few_rows_say_nothing() {
        let rows = |n: u64| (0..n).map(|i| (i % 3, None, i % 2 == 0, i % 5 == 0));
        assert_eq!(survey(rows(20)).report(true).equal, None);
        assert_eq!(survey(rows(200)).report(true).equal, Some(1.0));
        assert_eq!(survey(std::iter::empty()).report(true).standard_errors, None);
        let negative = (0..200).map(|i| (i, None, i % 2 == 0, false));
        assert_eq!(survey(negative).report(true).standard_errors, None);
    }
}
