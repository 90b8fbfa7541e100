//! The values of a unit in one pass.

use deepcross_autodiff::Var;

/// The inner value and the output of a unit in one pass; both are on the tape anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitVars {
    /// After the inner activation: `relu(W₀ x + b₀)` of a unit of two layers, `σ(W x + b)` of one.
    pub inner: Var,
    /// The output, after the outer activation.
    pub out: Var,
}
