//! Measures one stack: the norms of its gradients before and after training.

use crate::clicks::{BATCH, Clicks};
use crate::stack::{Kind, Stack};
use deepcross::autodiff::{Gradients, Params, Tape};
use deepcross::features::Batch;
use deepcross::layers::Builder;
use deepcross::optim::{Optimizer, OptimizerConfig, OptimizerError, Rule};
use ndarray::ArrayView2;

const SEED: u64 = 2016;
const LEARNING_RATE: f64 = 1e-3;

/// The flow of the gradient of a loss through a stack.
#[derive(Debug)]
pub(crate) struct Flow {
    /// The Frobenius norms of ∂L/∂h(0) to ∂L/∂h(n).
    pub(crate) norms: Vec<f64>,
    /// L, the mean log loss.
    pub(crate) loss: f64,
}

impl Flow {
    /// The decimal logarithm of the norm at the bottom divided by the norm at the top: below 0 for decay, above 0 for
    /// growth, −∞ if no gradient arrives, and NaN if there is none at the top.
    pub(crate) fn orders(&self) -> f64 {
        let norm = |i: usize| self.norms.get(i).copied().unwrap_or(f64::NAN).log10();
        norm(0) - norm(self.norms.len() - 1)
    }
}

/// A stack at the start and after training.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) kind: Kind,
    pub(crate) depth: usize,
    pub(crate) start: Flow,
    pub(crate) trained: Flow,
}

/// Measures a new stack, trains it for that many steps, and measures it again.
pub(crate) fn measure(
    kind: Kind,
    depth: usize,
    clicks: &Clicks,
    steps: usize,
) -> Result<Measured, OptimizerError> {
    let mut run = Run::new(kind, depth, clicks);
    let start = run.flow(&clicks.measured);
    run.train(&clicks.train, steps)?;
    Ok(Measured { kind, depth, start, trained: run.flow(&clicks.measured) })
}

struct Run {
    params: Params<f64>,
    stack: Stack,
    tape: Tape<f64>,
    gradients: Gradients<f64>,
}

impl Run {
    fn new(kind: Kind, depth: usize, clicks: &Clicks) -> Self {
        let mut params = Params::new();
        let mut builder = Builder::new(&mut params, SEED);
        let stack = Stack::new(kind, depth, &clicks.shapes, &mut builder);
        let (tape, gradients) = (Tape::new(), Gradients::new(&params));
        Self { params, stack, tape, gradients }
    }

    fn flow(&mut self, batch: &Batch<f64>) -> Flow {
        let mut pass = self.tape.record(&self.params);
        let walk = self.stack.walk(&mut pass, batch.rows(0..batch.n_rows()));
        self.gradients.clear();
        pass.backward(walk.loss, &mut self.gradients);
        let norms = walk.hidden.iter().map(|&h| pass.gradient(h).map_or(0.0, norm)).collect();
        Flow { norms, loss: pass.scalar(walk.loss) }
    }

    fn train(&mut self, batch: &Batch<f64>, steps: usize) -> Result<(), OptimizerError> {
        let config = OptimizerConfig::new(Rule::ADAM, LEARNING_RATE);
        let mut optimizer = Optimizer::new(config, &self.params)?;
        for step in 0..steps {
            let first = step * BATCH % batch.n_rows();
            let mut pass = self.tape.record(&self.params);
            let walk = self.stack.walk(&mut pass, batch.rows(first..first + BATCH));
            self.gradients.clear();
            pass.backward(walk.loss, &mut self.gradients);
            optimizer.step(&mut self.params, &mut self.gradients);
        }
        Ok(())
    }
}

/// The Frobenius norm; entries are scaled first, since the square of 1e-200 is 0.
fn norm(matrix: ArrayView2<'_, f64>) -> f64 {
    let largest = matrix.fold(0.0, |largest: f64, x| largest.max(x.abs()));
    if largest == 0.0 {
        // `max` passes NaN over.
        return matrix.sum().abs();
    }
    largest * matrix.fold(0.0, |sum, x| sum + (x / largest).powi(2)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::KINDS;
    use deepcross::autodiff::Activation;
    use ndarray::array;

    #[test]
    fn sigmoids_stop_the_gradient_of_a_plain_stack_and_not_of_a_residual_one() {
        let clicks = Clicks::simulate(2 * BATCH, 64).unwrap();
        let orders = |kind| measure(kind, 32, &clicks, 0).unwrap().start.orders();
        let plain = orders(Kind::Plain(Activation::Sigmoid));
        assert!(plain < -10.0, "{plain}");
        let residual = orders(Kind::OneLayer(Activation::Sigmoid));
        assert!(residual.abs() <= 2.0, "{residual}");
    }

    #[test]
    fn training_moves_every_kind_and_leaves_a_norm_for_each_depth() {
        let clicks = Clicks::simulate(2 * BATCH, 64).unwrap();
        for kind in KINDS {
            let Measured { start, trained, .. } = measure(kind, 4, &clicks, 30).unwrap();
            assert_eq!([start.norms.len(), trained.norms.len()], [5, 5], "{kind}");
            assert!(start.norms.iter().chain(&trained.norms).all(|&norm| norm > 0.0), "{kind}");
            assert!(trained.loss < start.loss, "{kind}: {} to {}", start.loss, trained.loss);
        }
    }

    #[test]
    fn norms_are_computed_without_overflow_or_underflow() {
        let cases = [
            (array![[3.0, 0.0], [0.0, -4.0]], 5.0),
            (array![[3e-200, 4e-200]], 5e-200),
            (array![[3e200, 4e200]], 5e200),
            (array![[0.0, 0.0]], 0.0),
        ];
        for (matrix, expected) in cases {
            let found = norm(matrix.view());
            assert!((found - expected).abs() <= 1e-15 * expected, "{matrix}: {found}");
        }
        for bad in [f64::NAN, f64::INFINITY] {
            assert!(!norm(array![[bad, 1.0]].view()).is_finite(), "{bad}");
            assert!(!norm(array![[0.0, bad]].view()).is_finite(), "{bad}");
        }
    }
}
