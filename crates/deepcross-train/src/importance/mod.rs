//! Permutation importance: how much worse predictions become when the values of a field are permuted among the rows.
//!
//! Breiman (2001), "Random Forests", section 10, permutes a variable of rows that the model was not trained on; Fisher,
//! Rudin and Dominici (2019), "All Models are Wrong, but Many are Useful", section 3, show that the loss estimates how
//! far the model relies on the variable.
//! The importance says nothing about another model, trained without the field: if two fields carry the same
//! information, each may have an importance near 0, since the other is still there.
//!
//! Fields that read the same column are permuted together: companion counts with their field, the hour with the weekday
//! of the same time.
//! A cross is permuted separately, with its companion counts, and keeps its values when one of its columns is permuted,
//! since a combination is one id in a batch.
//! Rejected: leaving a field out, or setting it to a constant. A model has never been trained on such rows.

mod row_sample;

use crate::error::TrainError;
use deepcross_features::batch::Column;
use deepcross_features::{Batch, Encoder};
use deepcross_metrics::inference::{auc_difference, log_loss_difference};
use deepcross_model::{Predictor, Tapes};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
pub use row_sample::{RowSample, SampledRows};
use serde::Serialize;

/// The settings of permutation importance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImportancePlan {
    /// The number of permutations of each field, at least 2.
    pub repeats: u32,
    /// The seed of the permutations.
    pub seed: u64,
    /// The level of the intervals, in (0, 1).
    pub level: f64,
}

impl Default for ImportancePlan {
    fn default() -> Self {
        Self { repeats: 3, seed: 1, level: 0.95 }
    }
}

/// The importance of all fields of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Importances {
    /// The number of rows that were permuted.
    pub rows: u64,
    /// The number of permutations of each field.
    pub repeats: u32,
    /// The importance of the fields of each column, or set of columns, the largest added log loss first.
    pub fields: Vec<Importance>,
    /// The importance of all fields together: all that the model has learned from its inputs.
    pub all: Importance,
}

/// The importance of some fields.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Importance {
    /// The names of the fields, which are permuted together.
    pub fields: Vec<String>,
    /// The AUC that is lost; `None` if it is not defined.
    pub auc: Option<ImportanceEstimate>,
    /// The log loss that is added, in nats; `None` for fewer than two rows with weight.
    pub log_loss: Option<ImportanceEstimate>,
}

/// The mean over the repeats of the part of a metric that is lost, positive if the predictions become worse.
///
/// With the loss Dᵣ of repeat r, its variance Vᵣ over other samples of rows (paired: that of DeLong for the difference
/// of two areas on the same rows, or that of the mean difference of losses by row), and R repeats, the standard error
/// is the root of Σ Vᵣ / R + Σ (Dᵣ − D)² / (R (R − 1)), and the interval D ± z standard errors.
/// The first term treats the samples of all repeats as one, which they are: the interval is too wide rather than too
/// narrow.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ImportanceEstimate {
    /// The part of the metric that is lost.
    pub lost: f64,
    /// Its standard error, over other rows and other permutations.
    pub standard_error: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// The importance of each field, measured on rows with labels that the model was not trained on, encoded by `encoder`.
///
/// Work is shared between the threads of the current
/// pool, and the result does not depend on their number. It takes one prediction of all rows for each repeat of each
/// field, and memory for the permuted columns of one field beside the rows.
///
/// # Errors
/// [`TrainError::Evaluation`] if the level is out of range or a prediction is NaN.
///
/// # Panics
/// If the rows have other fields, or there is not one probability a row.
pub fn permutation_importance(
    predictor: Predictor<'_>,
    encoder: &Encoder,
    SampledRows { batch, probabilities }: SampledRows,
    plan: &ImportancePlan,
    tapes: &Tapes,
) -> Result<Importances, TrainError> {
    let rows = batch.n_rows() as u64;
    let mut permuter = Permuter { predictor, batch, before: &probabilities, plan, tapes };
    let groups = permuted_together(encoder);
    let mut fields = groups
        .iter()
        .map(|group| permuter.importance(encoder, group))
        .collect::<Result<Vec<_>, _>>()?;
    let lost = |importance: &Importance| importance.log_loss.map_or(0.0, |loss| loss.lost);
    fields.sort_by(|a, b| lost(b).total_cmp(&lost(a)));
    let everything: Vec<usize> = (0..encoder.shapes().len()).collect();
    let all = permuter.importance(encoder, &everything)?;
    Ok(Importances { rows, repeats: plan.repeats.max(2), fields, all })
}

/// The fields of each column, or set of columns, in the order of their first field.
fn permuted_together(encoder: &Encoder) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Vec<String>, Vec<usize>)> = Vec::new();
    for (index, field) in encoder.fields().into_iter().enumerate() {
        match groups.iter_mut().find(|(columns, _)| *columns == field.columns) {
            Some((_, fields)) => fields.push(index),
            None => groups.push((field.columns, vec![index])),
        }
    }
    groups.into_iter().map(|(_, fields)| fields).collect()
}

/// Rows whose columns are permuted for a prediction.
struct Permuter<'a> {
    predictor: Predictor<'a>,
    batch: Batch,
    before: &'a [f32],
    plan: &'a ImportancePlan,
    tapes: &'a Tapes,
}

impl Permuter<'_> {
    fn importance(
        &mut self,
        encoder: &Encoder,
        fields: &[usize],
    ) -> Result<Importance, TrainError> {
        let names = fields.iter().map(|&field| encoder.shapes()[field].name.clone());
        let names: Vec<String> = names.collect();
        let (mut areas, mut losses) = (Vec::new(), Vec::new());
        for repeat in 0..self.plan.repeats.max(2) {
            let after = self.predict_permuted(fields, &mut stream(self.plan.seed, &names, repeat));
            let (labels, weights) = (self.batch.labels(), self.batch.weights());
            let level = self.plan.level;
            let area = auc_difference(&after, self.before, labels, weights, level)?;
            areas.extend(area.map(|area| (area.difference, area.standard_error)));
            let loss = log_loss_difference(self.before, &after, labels, weights, level)?;
            losses.extend(loss.map(|loss| (loss.difference, loss.standard_error)));
        }
        let z = deepcross_metrics::inference::two_sided_quantile(self.plan.level)?;
        Ok(Importance {
            fields: names,
            auc: over_repeats(&areas, z),
            log_loss: over_repeats(&losses, z),
        })
    }

    /// The predictions with these fields permuted, all by the same permutation; afterwards the rows are as before.
    fn predict_permuted(&mut self, fields: &[usize], rng: &mut ChaCha8Rng) -> Vec<f32> {
        let mut order: Vec<usize> = (0..self.batch.n_rows()).collect();
        order.shuffle(rng);
        let own: Vec<Column> = fields.iter().map(|&field| self.permute(field, &order)).collect();
        let mut after = Vec::new();
        self.predictor.predict_batch(self.tapes, &self.batch, &mut after);
        for (&field, column) in fields.iter().zip(own) {
            self.batch.columns_mut()[field] = column;
        }
        after
    }

    /// Puts the values of a field into the order `order`; returns the column as it was.
    fn permute(&mut self, field: usize, order: &[usize]) -> Column {
        let column = &mut self.batch.columns_mut()[field];
        let own = column.clone();
        column.clear();
        order.iter().for_each(|&row| column.append(&own, row..row + 1));
        own
    }
}

/// The estimate from the (value, standard error) of each repeat; `None` for fewer than two repeats.
fn over_repeats(repeats: &[(f64, f64)], z: f64) -> Option<ImportanceEstimate> {
    let n = repeats.len() as f64;
    if repeats.len() < 2 {
        return None;
    }
    let lost = repeats.iter().map(|repeat| repeat.0).sum::<f64>() / n;
    let of_rows = repeats.iter().map(|repeat| repeat.1.powi(2)).sum::<f64>() / n;
    let squares = repeats.iter().map(|repeat| (repeat.0 - lost).powi(2)).sum::<f64>();
    let standard_error = (of_rows + squares / (n * (n - 1.0))).sqrt();
    Some(ImportanceEstimate {
        lost,
        standard_error,
        low: lost - z * standard_error,
        high: lost + z * standard_error,
    })
}

/// The random numbers of a repeat of a field, which do not depend on other fields.
fn stream(seed: u64, names: &[String], repeat: u32) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(b"permute ");
    // FNV-1a over the names, with a separator after each.
    let bytes = names.iter().flat_map(|name| name.bytes().chain([0xff]));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    key[16..24].copy_from_slice(&hash.to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(u64::from(repeat));
    rng
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_error_is_that_of_rows_and_of_repeats() {
        let found = over_repeats(&[(1.0, 0.3), (2.0, 0.4), (3.0, 0.5)], 2.0).expect("repeats");
        assert_eq!(found.lost, 2.0);
        let variance = (0.09 + 0.16 + 0.25) / 3.0 + 2.0 / 6.0;
        assert!((found.standard_error - f64::sqrt(variance)).abs() < 1e-15);
        assert!((found.low - (2.0 - 2.0 * f64::sqrt(variance))).abs() < 1e-15);
        assert_eq!(over_repeats(&[(1.0, 0.3)], 2.0), None);
    }

    #[test]
    fn streams_differ_by_names_repeat_and_seed() {
        use rand::RngCore;
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let mut numbers = [
            stream(1, &names(&["a", "b"]), 0).next_u64(),
            stream(1, &names(&["ab"]), 0).next_u64(),
            stream(1, &names(&["a"]), 0).next_u64(),
            stream(1, &names(&["a"]), 1).next_u64(),
            stream(2, &names(&["a"]), 0).next_u64(),
        ];
        numbers.sort_unstable();
        assert!(numbers.is_sorted_by(|a, b| a < b));
    }
}
