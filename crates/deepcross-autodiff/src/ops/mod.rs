//! The operations, one a file: the method of [`Pass`](crate::Pass), its derivative, its test.

pub(crate) mod activate;
pub(crate) mod add;
pub(crate) mod add_activate;
pub(crate) mod affine;
pub(crate) mod bag;
pub(crate) mod batch_norm;
pub(crate) mod columns;
pub(crate) mod concat;
pub(crate) mod custom;
pub(crate) mod dropout;
pub(crate) mod ffm;
pub(crate) mod fm;
pub(crate) mod gather;
pub(crate) mod log_loss;
pub(crate) mod matmul;
pub(crate) mod mean;
pub(crate) mod mul;
pub(crate) mod project;
pub(crate) mod scale;
pub(crate) mod shift;
pub(crate) mod stack;
pub(crate) mod sub;
pub(crate) mod sum;
pub(crate) mod sum_columns;
#[cfg(any(test, feature = "wrong-rules"))]
pub mod wrong_rules;

pub(crate) use activate::Activate;
pub(crate) use add_activate::AddActivate;
pub(crate) use affine::Affine;
pub(crate) use batch_norm::BatchNorm;
pub(crate) use columns::SomeColumns;
pub(crate) use concat::Concat;
pub(crate) use custom::Custom;
pub(crate) use dropout::Dropout;
pub(crate) use ffm::Ffm;
pub(crate) use fm::Fm;
pub(crate) use log_loss::LogLoss;
pub(crate) use scale::Scale;
pub(crate) use shift::Shift;
pub(crate) use stack::{Segment, Stack};
pub(crate) use sum_columns::SumColumns;

use crate::tape::Shape;
use crate::{Pass, Var};
use deepcross_kernels::{Real, Write};

/// The two inputs of an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binary {
    pub(crate) a: Var,
    pub(crate) b: Var,
}

/// The input of a reduction to one number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reduce {
    pub(crate) x: Var,
}

/// The rows of a gradient, to add to some of their columns; all elements are 0 if no gradient came before.
pub(crate) fn rows_from_zero<F: Real>(
    gradient: &mut [F],
    write: Write,
    stride: usize,
) -> impl Iterator<Item = &mut [F]> {
    if write == Write::Assign {
        gradient.fill(F::zero());
    }
    gradient.chunks_exact_mut(stride.max(1))
}

impl<F: Real> Pass<'_, F> {
    #[track_caller]
    pub(crate) fn same_shape(&self, a: Var, b: Var) -> Shape {
        let (a, b) = (self.shape(a), self.shape(b));
        assert_eq!(a, b, "the operands differ in shape");
        a
    }

    pub(crate) fn any_tracked(&self, a: Var, b: Var) -> bool {
        self.is_tracked(a) || self.is_tracked(b)
    }
}
