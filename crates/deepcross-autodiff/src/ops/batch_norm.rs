//! Batch normalisation (Ioffe and Szegedy, ICML 2015, algorithm 1): columns are moved to mean 0 and scaled to variance
//! 1 over the rows of a pass, then scaled and moved by learned parameters.
//!
//! With n rows, `x̂ = (x − μ) / √(v + ε)` and `y = γ x̂ + β`, where v is the biased variance:
//! `∂β = Σ ∂y`, `∂γ = Σ ∂y ⊙ x̂`, and `∂x = γ / √(v + ε) · (∂y − ∂β / n − x̂ ∂γ / n)`, since μ and v depend on x, too.
//! Outside of training, μ and v are statistics of the parameters, and constants: the last two terms vanish.
//!
//! The rows are those of one pass, which in training is one group of a batch ("ghost" batch normalisation, Hoffer et
//! al., NIPS 2017).
//! The backward pass leaves the moments in the gradients, for
//! [`Params::update_statistics`](crate::Params::update_statistics); the forward pass cannot leave them in the
//! parameters, which passes on other threads read.
//! One row has no variance: x̂ is 0, `∂x` is 0, and nothing is observed.

use super::affine::add_bias_gradient;
use crate::backward::{Backward, scratch};
use crate::op::Op;
use crate::tape::{Inputs, Span};
use crate::{DenseId, Mode, Pass, StatisticId, Var};
use deepcross_kernels::normalise::{
    ColumnScale, add_normalised_sums, column_moments, normalise_gradient_into, normalise_into,
};
use deepcross_kernels::{Real, Write, map_into};

/// The parameters of a batch normalisation, each `[1, width]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalisation {
    /// The learned scale γ.
    pub gamma: DenseId,
    /// The learned shift β.
    pub beta: DenseId,
    /// The running mean, which replaces μ outside of training.
    pub mean: StatisticId,
    /// The running variance, unbiased, which replaces v outside of training.
    pub variance: StatisticId,
    /// ε: added to the variance; above 0.
    pub epsilon: f64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchNorm {
    x: Var,
    pub(super) parameters: Normalisation,
    /// The means of the columns, and 1 over their standard deviations.
    mean: Span,
    inverse: Span,
}

impl<F: Real> Pass<'_, F> {
    /// `γ (x − μ) / √(v + ε) + β`, column by column.
    ///
    /// In training μ and v are the mean and variance of these rows, in inference those of the parameters.
    ///
    /// # Shapes
    /// `[m, n]` → `[m, n]`
    ///
    /// # Panics
    /// If a parameter is not as wide as `x`.
    #[track_caller]
    pub fn batch_norm(&mut self, x: Var, parameters: Normalisation) -> Var {
        let shape = self.shape(x);
        let widths = [
            self.params.dense_slice(parameters.gamma).len(),
            self.params.dense_slice(parameters.beta).len(),
            self.params.statistic(parameters.mean).len(),
            self.params.statistic(parameters.variance).len(),
        ];
        assert_eq!(
            widths, [shape.1; 4],
            "the parameters of a batch normalisation have other widths"
        );
        let (mean, inverse) = self.column_scales(x, parameters);
        let op = BatchNorm { x, parameters, mean, inverse };
        self.push(Op::BatchNorm(op), shape, true, |inputs, out| {
            let beta = inputs.params.dense_slice(parameters.beta);
            normalise_into(out, inputs.slice(x), op.scale(inputs), beta);
        })
    }

    /// Appends the means, and 1 over the standard deviations, to the arena.
    fn column_scales(&mut self, x: Var, parameters: Normalisation) -> (Span, Span) {
        let (range, width, mode) = (self.tape.nodes[x.0].range(), self.shape(x).1, self.mode());
        let reals = &mut self.tape.arena.reals;
        let start = reals.len();
        match mode {
            Mode::Training(_) => {
                reals.resize(start + 2 * width, F::zero());
                let (mean, variance) = reals[start..].split_at_mut(width);
                column_moments(&self.tape.values[range], mean, variance);
            }
            Mode::Inference => {
                reals.extend_from_slice(self.params.statistic(parameters.mean));
                reals.extend_from_slice(self.params.statistic(parameters.variance));
            }
        }
        let epsilon = F::of(parameters.epsilon);
        for variance in &mut reals[start + width..] {
            *variance = F::one() / (*variance + epsilon).sqrt();
        }
        let [mean, inverse] = [start, start + width].map(|start| Span::new(start, start + width));
        (mean, inverse)
    }
}

impl BatchNorm {
    fn scale<'a, F: Real>(&self, inputs: Inputs<'a, F>) -> ColumnScale<'a, F> {
        ColumnScale {
            mean: self.mean.of(&inputs.arena.reals),
            inverse: self.inverse.of(&inputs.arena.reals),
            gamma: inputs.params.dense_slice(self.parameters.gamma),
        }
    }
}

pub(crate) fn backward<F: Real>(op: &BatchNorm, mut context: Backward<'_, F>) {
    let (rows, width) = context.shape;
    let buffer = std::mem::take(context.scratch);
    let buffer = with_sums(op, &mut context, buffer, rows, width);
    *context.scratch = buffer;
}

/// The rule itself, with the scratch buffer taken out of the context.
fn with_sums<F: Real>(
    op: &BatchNorm,
    context: &mut Backward<'_, F>,
    mut buffer: Vec<F>,
    rows: usize,
    width: usize,
) -> Vec<F> {
    let (scale, x, gradient) =
        (op.scale(context.inputs), context.inputs.slice(op.x), context.gradient);
    let (shift, slope) = scratch(&mut buffer, 2 * width).split_at_mut(width);
    shift.fill(F::zero());
    slope.fill(F::zero());
    add_normalised_sums([&mut *shift, &mut *slope], [gradient, x], scale);
    let (out, write) = context.parameters.dense_mut(op.parameters.gamma);
    map_into(out, write, slope, |sum| sum);
    add_bias_gradient(context.parameters, op.parameters.beta, gradient);
    let is_training = matches!(context.mode, Mode::Training(_));
    if is_training {
        observe(op, context, rows);
    }
    let share = if is_training { F::one() / F::of(rows as f64) } else { F::zero() };
    [&mut *shift, &mut *slope].into_iter().flatten().for_each(|sum| *sum *= share);
    let means = [&*shift, &*slope];
    context.add_to(op.x, |out, write| {
        normalise_gradient_into(out, write, [gradient, x], scale, means);
    });
    buffer
}

/// Writes the mean and unbiased variance of the rows into the gradients, if there are at least two rows.
fn observe<F: Real>(op: &BatchNorm, context: &mut Backward<'_, F>, rows: usize) {
    if rows < 2 {
        return;
    }
    let ColumnScale { mean, inverse, .. } = op.scale(context.inputs);
    context.parameters.observe(op.parameters.mean).copy_from_slice(mean);
    let (epsilon, unbiased) = (op.parameters.epsilon, rows as f64 / (rows - 1) as f64);
    let out = context.parameters.observe(op.parameters.variance);
    map_into(out, Write::Assign, inverse, |inverse| {
        let biased = F::one() / (inverse * inverse) - F::of(epsilon);
        biased.max(F::zero()) * F::of(unbiased)
    });
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::ops_test::{Holds, SIZES, any_matrix, any_training, check_params, holds};
    use crate::{Gradients, Params, Stream, Tape};
    use ndarray::{Array2, array};
    use proptest::prelude::*;

    const TRAINING: Mode = Mode::Training(Stream { seed: 1, step: 1, first_row: 0 });

    /// `x`, and a normalisation of its columns with parameters that all differ.
    fn parameters(x: &Array2<f64>) -> (Params<f64>, DenseId, Normalisation) {
        let (mut params, width) = (Params::new(), x.ncols());
        let row = |seed: f64| Array2::from_shape_fn((1, width), |(_, c)| (seed + c as f64).sin());
        let x = params.add_dense("x", x.clone());
        let (gamma, beta) =
            (params.add_dense("gamma", row(1.0)), params.add_dense("beta", row(2.0)));
        let mean = params.add_statistic("mean", row(3.0).into_raw_vec_and_offset().0);
        let variance = params.add_statistic("variance", (1..=width).map(|c| c as f64).collect());
        (params, x, Normalisation { gamma, beta, mean, variance, epsilon: 1e-5 })
    }

    #[test]
    pub(crate) fn derivative() -> Holds {
        let matrices = (SIZES, SIZES).prop_flat_map(|(rows, cols)| any_matrix(rows, cols));
        let modes = prop_oneof![1 => Just(Mode::Inference), 3 => any_training()];
        holds((matrices, modes), |(x, mode)| {
            // If a column is nearly constant, the derivative changes within any step, so rows are moved apart.
            let apart = Array2::from_shape_fn(x.dim(), |(r, _)| (r * r) as f64);
            let (params, x, parameters) = parameters(&(x + apart));
            check_params(mode, &params, |pass| {
                let x = pass.dense(x);
                let once = pass.batch_norm(x, parameters);
                let both = pass.add(once, x);
                pass.batch_norm(both, parameters)
            })
        })
    }

    /// The value for `x` in a mode, and the values that a backward pass observed.
    fn run(x: Array2<f64>, mode: Mode) -> (Array2<f64>, Option<Vec<f64>>, Option<Vec<f64>>) {
        let (params, x, parameters) = parameters(&x);
        let (mut tape, mut gradients) = (Tape::new(), Gradients::new(&params));
        let mut pass = tape.record_in(&params, mode);
        let x = pass.dense(x);
        let out = pass.batch_norm(x, parameters);
        let value = pass.value(out).to_owned();
        pass.backward_from(out, value.view(), &mut gradients);
        let observed = |id| gradients.observed(id).map(<[f64]>::to_vec);
        (value, observed(parameters.mean), observed(parameters.variance))
    }

    #[test]
    fn training_takes_the_moments_of_the_rows_and_observes_them() {
        let (value, mean, variance) = run(array![[1.0], [2.0], [6.0]], TRAINING);
        let (gamma, beta) = (1.0_f64.sin(), 2.0_f64.sin());
        let deviation = (14.0_f64 / 3.0 + 1e-5).sqrt();
        for (found, x) in value.iter().zip([1.0, 2.0, 6.0]) {
            let expected = gamma * (x - 3.0) / deviation + beta;
            assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
        }
        assert!((mean.unwrap()[0] - 3.0).abs() < 1e-12);
        assert!((variance.unwrap()[0] - 7.0).abs() < 1e-9, "unbiased");
    }

    #[test]
    fn inference_takes_the_statistics_and_observes_nothing() {
        let (value, mean, variance) = run(array![[1.0], [5.0]], Mode::Inference);
        let [gamma, beta, running] = [1.0_f64, 2.0, 3.0].map(f64::sin);
        for (found, x) in value.iter().zip([1.0, 5.0]) {
            let expected = gamma * (x - running) / (1.0 + 1e-5_f64).sqrt() + beta;
            assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
        }
        assert_eq!((mean, variance), (None, None));
    }

    #[test]
    fn one_row_is_the_shift_and_is_not_observed() {
        let (value, mean, variance) = run(array![[5.0, -3.0]], TRAINING);
        assert_eq!(value, array![[2.0_f64.sin(), 3.0_f64.sin()]]);
        assert_eq!((mean, variance), (None, None));
    }

    #[test]
    #[should_panic(expected = "the parameters of a batch normalisation have other widths")]
    fn widths_must_agree() {
        let (params, _, parameters) = parameters(&Array2::zeros((2, 3)));
        let mut tape = Tape::new();
        let mut pass = tape.record(&params);
        let x = pass.input(Array2::zeros((2, 2)).view());
        pass.batch_norm(x, parameters);
    }
}
