//! Backward rules that are wrong on purpose, to see that a test notices them.
//!
//! A test that has never failed proves little.
//! The switch stands in the real rules and not in a copy of them, so the tests are shown to notice an error in the code
//! that users run.
//! Without the feature `wrong-rules`, which only tests enable, it is compiled out.

use deepcross_kernels::Real;
use ndarray::{Array2, ArrayView2, CowArray, Ix2};

/// A mistake that a backward rule can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongRule {
    /// The gradient of a linear map's pre-activation, and that of a difference's subtracted operand, have the wrong
    /// sign.
    Sign,
    /// A sum passes no gradient to its first operand; in a residual unit this operand is the input carried past the
    /// layers.
    NoIdentityPath,
    /// A product passes its gradient through the other matrix without transposing it.
    NoTranspose,
    /// A bias gets no gradient.
    NoBiasGradient,
    /// The mean and the variance of a batch normalisation count as constants.
    ConstantStatistics,
}

impl WrongRule {
    /// All mistakes that layers without batch normalisation can make.
    pub const ALL: [Self; 4] =
        [Self::Sign, Self::NoIdentityPath, Self::NoTranspose, Self::NoBiasGradient];
}

#[cfg(any(test, feature = "wrong-rules"))]
mod switch {
    use super::WrongRule;
    use std::cell::Cell;

    thread_local! {
        static MADE: Cell<Option<WrongRule>> = const { Cell::new(None) };
    }

    /// Resets the switch, even if the closure panics.
    struct Reset(Option<WrongRule>);

    impl Drop for Reset {
        fn drop(&mut self) {
            MADE.set(self.0);
        }
    }

    /// The result of `run` while the backward pass makes the mistake on this thread.
    pub fn with<T>(rule: WrongRule, run: impl FnOnce() -> T) -> T {
        let _reset = Reset(MADE.replace(Some(rule)));
        run()
    }

    pub(crate) fn is_made(rule: WrongRule) -> bool {
        MADE.get() == Some(rule)
    }

    #[cfg(test)]
    pub(crate) fn is_any_made() -> bool {
        MADE.get().is_some()
    }
}

#[cfg(test)]
pub(crate) use switch::is_any_made;
#[cfg(any(test, feature = "wrong-rules"))]
pub(crate) use switch::is_made;
#[cfg(any(test, feature = "wrong-rules"))]
pub use switch::with;

/// No rule is wrong.
#[cfg(not(any(test, feature = "wrong-rules")))]
#[inline(always)]
pub(crate) const fn is_made(_rule: WrongRule) -> bool {
    false
}

/// The matrix through which a product's gradient passes; [`WrongRule::NoTranspose`] changes it.
pub(crate) fn transposed<F: Real>(matrix: ArrayView2<'_, F>) -> CowArray<'_, F, Ix2> {
    not_transposed(matrix).map_or_else(|| matrix.into(), CowArray::from)
}

/// The matrix read in the other order but in the required shape, whatever the sizes; `None` unless that mistake is
/// made.
pub(crate) fn not_transposed<F: Real>(matrix: ArrayView2<'_, F>) -> Option<Array2<F>> {
    is_made(WrongRule::NoTranspose).then(|| {
        let mut out = matrix.to_owned();
        out.iter_mut().zip(matrix.t()).for_each(|(out, &value)| *out = value);
        out
    })
}

#[cfg(test)]
mod tests {
    use super::WrongRule::{ConstantStatistics, NoBiasGradient, NoIdentityPath, NoTranspose, Sign};
    use super::*;
    use crate::ops_test::Holds;
    use crate::{graph_test, ops};

    /// A property, and the mistakes that it must notice.
    type Row = (&'static str, fn() -> Holds, &'static [WrongRule]);

    const PROPERTIES: [Row; 23] = [
        ("activate", ops::activate::tests::derivative, &[]),
        ("add", ops::add::tests::derivative, &[NoIdentityPath]),
        ("add_activate", ops::add_activate::tests::derivative, &[NoIdentityPath]),
        (
            "affine",
            ops::affine::tests::derivative,
            &[Sign, NoIdentityPath, NoTranspose, NoBiasGradient],
        ),
        ("bag", ops::bag::tests::derivative, &[NoBiasGradient]),
        (
            "batch_norm",
            ops::batch_norm::tests::derivative,
            &[NoIdentityPath, NoBiasGradient, ConstantStatistics],
        ),
        ("concat", ops::concat::tests::derivative, &[]),
        ("custom", ops::custom::tests::derivative, &[]),
        ("dropout", ops::dropout::tests::derivative, &[]),
        ("ffm", ops::ffm::tests::derivative, &[]),
        ("fm", ops::fm::tests::derivative, &[]),
        ("gather", ops::gather::tests::derivative, &[NoBiasGradient]),
        ("log_loss", ops::log_loss::tests::derivative, &[]),
        ("matmul", ops::matmul::tests::derivative, &[NoTranspose]),
        ("mean", ops::mean::tests::derivative, &[]),
        ("mul", ops::mul::tests::derivative, &[]),
        ("project", ops::project::tests::derivative, &[]),
        ("scale", ops::scale::tests::derivative, &[]),
        ("shift", ops::shift::tests::derivative, &[]),
        ("stack", ops::stack::tests::derivative, &[NoBiasGradient]),
        ("sub", ops::sub::tests::derivative, &[Sign]),
        ("sum_columns", ops::sum_columns::tests::derivative, &[NoBiasGradient]),
        ("graph", graph_test::derivative, &WrongRule::ALL),
    ];

    #[test]
    fn each_property_notices_its_mistakes() {
        for rule in WrongRule::ALL.into_iter().chain([ConstantStatistics]) {
            for (name, property, noticed) in PROPERTIES {
                let result = with(rule, property);
                assert_eq!(result.is_err(), noticed.contains(&rule), "{name} under {rule:?}");
            }
        }
    }

    #[test]
    fn the_switch_is_reset() {
        with(Sign, || with(NoTranspose, || assert!(is_made(NoTranspose) && !is_made(Sign))));
        let _ = std::panic::catch_unwind(|| with(Sign, || panic!("on purpose")));
        assert!(!is_any_made());
    }
}
