//! The AUC of a column: how well the column alone predicts the label.
//!
//! Each value's score is its mean label in one half of the rows.
//! The AUC (area under the ROC curve) of these scores is measured on the other half.
//! Rejected: scores measured on the rows that they come from, because a column of row numbers would predict every label.

use deepcross_metrics::ranking::Auc;

use super::known_value::Known;
use super::label_counts::LabelCounts;
use super::row_sample::NumberSample;
use super::value_counts::ValueCounts;

/// The fewest rows of each class, in each half, for which there is an AUC.
const FEWEST: u64 = 10;

/// The least AUC above 0.5 that counts as a prediction.
const LEAST: f64 = 0.02;

/// An AUC that is this many standard deviations above 0.5 is not due to chance.
const SURE: f64 = 4.0;

/// The rows of a column by value.
pub(crate) struct LabelAuc<'a> {
    missing: LabelCounts,
    values: &'a ValueCounts<Known>,
    /// The rows of the values that are not in the table of counts.
    others: LabelCounts,
    all: LabelCounts,
}

impl<'a> LabelAuc<'a> {
    /// The rows without a value, the rows with one, and the counts of the values.
    pub(crate) fn new(
        missing: LabelCounts,
        present: LabelCounts,
        values: &'a ValueCounts<Known>,
    ) -> Self {
        let mut others = present;
        values.entries().for_each(|entry| others.subtract(entry.counts));
        let mut all = present;
        all += missing;
        Self { missing, values, others, all }
    }

    /// The larger of two AUCs: that of the column's values, and that of its numbers in their order; `None` if there are
    /// too few labels.
    pub(crate) fn of_column(&self, sample: &NumberSample) -> Option<f64> {
        let by_values = self.of_values()?;
        Some(of_numbers(sample).map_or(by_values, |by_numbers| by_numbers.max(by_values)))
    }

    /// Whether some order or some values of the column predict the label better than chance does.
    pub(crate) fn has_signal(&self, auc: f64) -> bool {
        auc - 0.5 > self.least_gain()
    }

    /// The least AUC above 0.5 that is not due to chance.
    pub(crate) fn least_gain(&self) -> f64 {
        LEAST.max(SURE * self.deviation())
    }

    /// The values of the column that are in the table of counts.
    pub(crate) fn values(&self) -> &'a ValueCounts<Known> {
        self.values
    }

    /// The counts of all rows.
    pub(crate) fn all(&self) -> LabelCounts {
        self.all
    }

    fn of_values(&self) -> Option<f64> {
        let entries = self.values.entries().map(|entry| entry.counts);
        let all_counts: Vec<_> = entries.chain([self.missing, self.others]).collect();
        self.tested(all_counts.iter().map(|counts| (*counts, *counts)))
    }

    /// The mean over both halves of the AUC of `pairs`: the mean label of a pair's first rows in one half is the score of
    /// its second rows in the other half.
    pub(crate) fn tested(
        &self,
        pairs: impl Iterator<Item = (LabelCounts, LabelCounts)> + Clone,
    ) -> Option<f64> {
        let auc_of_half = |half: usize| {
            let mut auc = Auc::<f64>::default();
            for (scoring, scored) in pairs.clone() {
                let (score, other) = (self.mean(scoring, half), 1 - half);
                let positives = scored.positives[other];
                // The number of rows is the weight of the score.
                auc.push(score, 1.0, positives as f64).ok()?;
                auc.push(score, 0.0, (scored.labelled[other] - positives) as f64).ok()?;
            }
            auc.into_value()
        };
        self.has_enough_labels().then(|| Some((auc_of_half(0)? + auc_of_half(1)?) / 2.0)).flatten()
    }

    fn has_enough_labels(&self) -> bool {
        let has = |half: usize| {
            let (rows, positives) = (self.all.labelled[half], self.all.positives[half]);
            positives >= FEWEST && rows - positives >= FEWEST
        };
        has(0) && has(1)
    }

    /// The standard deviation of the AUC if nothing predicts the label, as of the Mann–Whitney statistic; the rarer class
    /// matters most.
    fn deviation(&self) -> f64 {
        let (positives, labelled) = (self.all.positives() as f64, self.all.labelled() as f64);
        let negatives = labelled - positives;
        ((labelled + 1.0) / (12.0 * positives * negatives)).sqrt()
    }

    /// The mean label of one half of the rows, with one row added whose label is the mean of all rows.
    pub(crate) fn mean(&self, counts: LabelCounts, half: usize) -> f64 {
        let base = self.all.mean_label().unwrap_or_default();
        (counts.positives[half] as f64 + base) / (counts.labelled[half] as f64 + 1.0)
    }
}

/// The AUC of the numbers themselves, ascending or descending, whichever is larger; `None` if there are too few labels.
fn of_numbers(sample: &NumberSample) -> Option<f64> {
    let (mut auc, mut rows) = (Auc::<f64>::default(), [0; 2]);
    for (number, label) in sample.numbers().filter_map(|(x, label)| Some((x, label?))) {
        rows[usize::from(label)] += 1;
        auc.push(number, if label { 1.0 } else { 0.0 }, 1.0).ok()?;
    }
    let auc = (rows.iter().min() >= Some(&(2 * FEWEST))).then(|| auc.into_value()).flatten()?;
    Some(auc.max(1.0 - auc))
}
