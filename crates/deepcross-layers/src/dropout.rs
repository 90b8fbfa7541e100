//! Dropout (Srivastava et al., JMLR 2014): random elements are 0 in training, so that no unit relies on a single other
//! one.
//!
//! The [`Pass`], and not the layer, knows whether it trains, and has the random stream.
//! The layer thus stays a plain value that threads share, and the same forward code trains and serves.

use crate::Module;
use deepcross_autodiff::{Pass, Real, Var};

/// In training, each element is 0 with probability `rate`, else `x / (1 − rate)`; in inference, `x` itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// The share of elements that are dropped, in [0, 1).
    pub rate: f64,
}

impl Module for Dropout {
    /// # Shapes
    /// `x`: `[rows, width]` → `[rows, width]`
    ///
    /// # Panics
    /// If the rate is not in [0, 1).
    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> Var {
        pass.dropout(x, self.rate)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::test_support::{Holds, check_derivatives, holds};
    use deepcross_autodiff::check::Check;
    use deepcross_autodiff::{Mode, Params, Stream, Tape};
    use ndarray::Array2;
    use proptest::array::uniform2;
    use proptest::prelude::*;

    fn training(seed: u64) -> Mode {
        Mode::Training(Stream { seed, step: 1, first_row: 0 })
    }

    fn numbers(rows: usize, width: usize) -> Array2<f64> {
        Array2::from_shape_fn((rows, width), |(row, column)| 1.0 + (8 * row + column) as f64)
    }

    #[test]
    pub(crate) fn derivatives_are_right() -> Holds {
        let cases = (uniform2(1_usize..=12), 0.0..0.99, any::<u64>());
        holds(cases, |([rows, width], rate, seed)| {
            let mut params = Params::new();
            let x = params.add_dense("x", numbers(rows, width));
            let check = Check { mode: training(seed), ..Check::default() };
            check_derivatives(check, &params, |pass| {
                let x = pass.dense(x);
                Dropout { rate }.forward(pass, x)
            })
        })
    }

    #[test]
    pub(crate) fn elements_are_dropped_or_scaled() -> Holds {
        let cases = (uniform2(1_usize..=12), 0.0..0.99, any::<u64>());
        holds(cases, |([rows, width], rate, seed)| {
            let (params, mut tape) = (Params::new(), Tape::new());
            let mut pass = tape.record_in(&params, training(seed));
            let x = pass.input(numbers(rows, width).view());
            let out = Dropout { rate }.forward(&mut pass, x);
            for (out, x) in pass.value(out).iter().zip(pass.value(x)) {
                let kept = (out - x / (1.0 - rate)).abs() <= 1e-12 * out.abs();
                prop_assert!(*out == 0.0 || kept, "{} of {}", out, x);
            }
            Ok(())
        })
    }

    #[test]
    fn elements_are_kept_and_dropped_in_training_and_never_dropped_in_inference() {
        let (params, layer) = (Params::new(), Dropout { rate: 0.5 });
        for (mode, expected) in [(training(1), 16..48), (Mode::Inference, 0..1)] {
            let mut tape = Tape::new();
            let mut pass = tape.record_in(&params, mode);
            let x = pass.input(numbers(8, 8).view());
            let out = layer.forward(&mut pass, x);
            let dropped = pass.value(out).iter().filter(|&&v| v == 0.0).count();
            assert!(expected.contains(&dropped), "{dropped} in {mode:?}");
        }
    }

    #[test]
    #[should_panic(expected = "must be in [0, 1), but is 1.5")]
    fn a_rate_past_one_is_refused() {
        let (params, mut tape) = (Params::<f64>::new(), Tape::new());
        let mut pass = tape.record(&params);
        let x = pass.input(numbers(1, 1).view());
        Dropout { rate: 1.5 }.forward(&mut pass, x);
    }
}
