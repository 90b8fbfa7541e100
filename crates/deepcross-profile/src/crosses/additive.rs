//! The best additive combination of two columns: a logistic regression on the log-odds of their values.

use super::id_rows::{IdColumn, JUDGES, PARTS, part};

/// The weight of the mean of all rows in the rate of a value, in rows.
const PRIOR_ROWS: f64 = 10.0;

/// The most rows that the weights are fitted to.
const FITTED: usize = 32_768;

/// The steps of Newton's method; the loss of three weights is flat after four.
const STEPS: usize = 6;

/// The most that a step moves a weight: rows that two columns tell apart perfectly would move it without end.
const LONGEST_STEP: f64 = 1.0;

/// Keeps the weights of two columns that say the same finite.
const RIDGE: f64 = 1e-3;

/// The log-odds of the values of a column beside those of all rows, for the rows of each part.
///
/// No part knows its own labels, and no part knows those of the judging rows.
#[derive(Clone, Debug)]
pub(super) struct ValueOdds(Vec<[f32; PARTS]>);

impl ValueOdds {
    /// The log-odds of the values of `column`, if `rate` is the share of positive rows.
    pub(super) fn new(column: &IdColumn, positives: &[bool], rate: f64) -> Self {
        let mut counts = vec![[[0_u32; 2]; PARTS]; column.n_ids];
        for (row, (&id, &positive)) in column.ids.iter().zip(positives).enumerate() {
            let [rows, clicks] = &mut counts[id as usize][part(row)];
            *rows += 1;
            *clicks += u32::from(positive);
        }
        let of_part = |counts: &[[u32; 2]; PARTS], own: usize| {
            let others = (0..JUDGES).filter(|part| *part != own).map(|part| counts[part]);
            let [rows, clicks] =
                others.fold([0, 0], |[n, c], [rows, clicks]| [n + rows, c + clicks]).map(f64::from);
            let share = (clicks + PRIOR_ROWS * rate) / (rows + PRIOR_ROWS);
            (log_odds(share) - log_odds(rate)) as f32
        };
        Self(counts.iter().map(|counts| std::array::from_fn(|own| of_part(counts, own))).collect())
    }

    /// The log-odds of the value with this id, for a row of this part.
    pub(super) fn get(&self, id: u32, part: usize) -> f32 {
        self.0[id as usize][part]
    }
}

/// The logarithm of the odds of a probability, which is moved into the open interval first.
pub(super) fn log_odds(p: f64) -> f64 {
    let p = p.clamp(1e-6, 1.0 - 1e-6);
    libm::log(p / (1.0 - p))
}

/// The probability with these log-odds.
pub(super) fn probability(logit: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-logit))
}

/// The logits of the best additive combination, added to `known`; `inputs` gives the log-odds of both values of a row.
pub(super) fn best_additive(
    inputs: impl Fn(usize) -> [f32; 2],
    positives: &[bool],
    known: &[f32],
) -> Vec<f32> {
    let weights = fitted(&inputs, positives, known);
    let logit = |row: usize| {
        let [a, b] = inputs(row).map(f64::from);
        (f64::from(known[row]) + weights[0] + weights[1] * a + weights[2] * b) as f32
    };
    (0..known.len()).map(logit).collect()
}

/// The intercept and the weights, by Newton's method on rows that do not judge.
fn fitted(inputs: &impl Fn(usize) -> [f32; 2], positives: &[bool], known: &[f32]) -> [f64; 3] {
    let stride = known.len().div_ceil(FITTED).max(1);
    let rows: Vec<usize> =
        (0..known.len()).step_by(stride).filter(|row| part(*row) != JUDGES).collect();
    let mut weights = [0.0, 1.0, 1.0];
    for _ in 0..STEPS {
        let mut gradient = [0.0; 3];
        let mut hessian = [[RIDGE, 0.0, 0.0], [0.0, RIDGE, 0.0], [0.0, 0.0, RIDGE]];
        for &row in &rows {
            let [a, b] = inputs(row).map(f64::from);
            let x = [1.0, a, b];
            let logit = f64::from(known[row]) + weights[0] + weights[1] * a + weights[2] * b;
            let p = probability(logit);
            let residual = f64::from(u8::from(positives[row])) - p;
            for i in 0..3 {
                gradient[i] += residual * x[i];
                for j in 0..3 {
                    hessian[i][j] += p * (1.0 - p) * x[i] * x[j];
                }
            }
        }
        let step = solved(hessian, gradient);
        let step = step.map(|step| step.clamp(-LONGEST_STEP, LONGEST_STEP));
        weights = std::array::from_fn(|i| weights[i] + step[i]);
    }
    weights
}

/// The solution of a system of three equations with a positive definite matrix, by Gauss' elimination.
fn solved(mut matrix: [[f64; 3]; 3], mut right: [f64; 3]) -> [f64; 3] {
    for i in 0..3 {
        let pivot = matrix[i][i];
        for row in i + 1..3 {
            let factor = matrix[row][i] / pivot;
            matrix[row] = std::array::from_fn(|j| matrix[row][j] - factor * matrix[i][j]);
            right[row] -= factor * right[i];
        }
    }
    let mut solution = [0.0; 3];
    for i in (0..3).rev() {
        let known: f64 = (i + 1..3).map(|j| matrix[i][j] * solution[j]).sum();
        solution[i] = (right[i] - known) / matrix[i][i];
    }
    solution
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equations_are_solved() {
        let matrix = [[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]];
        let solution = solved(matrix, [1.0, 2.0, 3.0]);
        for (row, expected) in matrix.iter().zip([1.0, 2.0, 3.0]) {
            let found: f64 = row.iter().zip(solution).map(|(a, x)| a * x).sum();
            assert!((found - expected).abs() < 1e-12, "{found}");
        }
    }

    /// The labels follow 0.5 − a + 2 b; 40,000 rows, so that a weight has a standard error of about 0.02.
    #[test]
    fn the_weights_are_those_of_the_labels() {
        let hash = |row: usize, salt: u64| {
            let mut bits = (row as u64 + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            bits = (bits ^ (bits >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            ((bits ^ (bits >> 32)) >> 11) as f64 / (1_u64 << 53) as f64
        };
        let inputs =
            |row: usize| [hash(row, 1 << 40) as f32 - 0.5, hash(row, 2 << 40) as f32 - 0.5];
        let label = |row: usize| {
            let [a, b] = inputs(row).map(f64::from);
            hash(row, 3 << 40) < probability(0.5 - a + 2.0 * b)
        };
        let positives: Vec<bool> = (0..FITTED).map(label).collect();
        let weights = fitted(&inputs, &positives, &vec![0.0; FITTED]);
        for (found, expected) in weights.iter().zip([0.5, -1.0, 2.0]) {
            assert!((found - expected).abs() < 0.25, "{weights:?}");
        }
    }
    /// Columns that tell the classes apart, the first of them by huge odds.
    #[test]
    fn perfect_columns_have_finite_weights() {
        let positives: Vec<bool> = (0..5_000).map(|row| row % 3 == 0).collect();
        let sign = |row: usize| if positives[row] { 1.0 } else { -1.0 };
        let inputs = |row: usize| [12.0 * sign(row), 0.1 * sign(row)];
        let weights = fitted(&inputs, &positives, &vec![-0.7; 5_000]);
        assert!(weights.iter().all(|weight| weight.abs() <= 8.0), "{weights:?}");
        let logits = best_additive(inputs, &positives, &vec![-0.7; 5_000]);
        let is_right = |row: usize| (logits[row] > 0.0) == positives[row];
        assert!((0..5_000).all(is_right), "{weights:?}");
    }
}
