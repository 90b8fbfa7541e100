//! The bounds of the gradient over a stack whose layers are contractions.
//!
//! `‖W‖₂ · sup |σ'| ≤ q` is ensured and not measured.
//! A matrix is divided by its Frobenius norm, which is not below its largest singular value, or it is an orthogonal
//! matrix, whose singular values are all 1.
//! The second kind comes close to the bound, or attains it; the first rarely does.

use super::cases::{Draw, Kind, Stack, any_kind, any_rows_and_width, any_seed};
use super::textbook::{Layer, Matrix, Vector, at_most, largest_slope, norm, row};
use deepcross_layers::Activation;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use std::ops::{Range, RangeInclusive};

proptest! {
    /// `(1 − q)ⁿ ‖g[n]‖ ≤ ‖g[0]‖ ≤ (1 + q)ⁿ ‖g[n]‖` for the residual stack, and so over its upper part of any depth.
    #[test]
    fn derivation_bound(case in contractions(1..=8, 0.0..1.0)) {
        bound(&case)?;
    }

    /// `‖g[0]‖ ≤ qⁿ ‖g[n]‖` for the plain stack, and so over its upper part of any depth.
    #[test]
    fn derivation_plain_bound(case in contractions(1..=8, 0.0..1.0)) {
        plain_bound(&case)?;
    }

    /// With `W = q` and the identity for `σ`, `‖g[0]‖ = (1 + q)ⁿ ‖g[n]‖`; with `W = −q`, `(1 − q)ⁿ ‖g[n]‖`; and the
    /// plain stack has `qⁿ ‖g[n]‖` with either: none of the bounds can be improved.
    #[test]
    fn derivation_bound_is_attained((depth, q) in (1_usize..=8, 0.01..0.99)) {
        bound_is_attained(&(depth, q))?;
    }

    /// For `q < ½`, and whatever the weights, the gradient of the residual stack is the larger one:
    /// `‖g[0]‖ of the plain stack ≤ ( q / (1 − q) )ⁿ ‖g[0]‖ of the residual stack`.
    #[test]
    fn derivation_bound_separates_below_one_half(case in contractions(1..=8, 0.0..0.5)) {
        bound_separates_below_one_half(&case)?;
    }

    /// For `q > ½` it need not be larger: with `W = −q` and the identity for `σ`, the gradient of the plain stack is
    /// the larger one.
    #[test]
    fn derivation_order_can_turn_above_one_half((depth, q) in (1_usize..=8, 0.51..1.0)) {
        order_can_turn_above_one_half(&(depth, q))?;
    }
}

/// 64 units with `q = c/n`: the residual stack keeps at least `(1 − c/n)ⁿ ≥ exp(−c − c²/n)` of the gradient, the plain
/// stack at most `(c/n)ⁿ`.
/// The residual stack that keeps least, `W = −c/n`, keeps no more than `exp(−c)`.
#[test]
fn derivation_bound_at_depth_64() {
    bound_at_depth_64(&()).unwrap();
}

/// A stack with `‖W‖₂ · sup |σ'| ≤ q` in each layer.
#[derive(Clone, Debug)]
pub(super) struct Contraction {
    stack: Stack,
    q: f64,
}

pub(super) fn contractions(
    depth: RangeInclusive<usize>,
    q: Range<f64>,
) -> impl Strategy<Value = Contraction> {
    let kinds = prop::collection::vec((any_kind(), any::<bool>()), depth);
    (any_rows_and_width(), kinds, q, any_seed())
        .prop_map(|(shape, kinds, q, seed)| contraction(shape, &kinds, q, seed))
}

/// Layers of these kinds; the marked ones have an orthogonal weight.
fn contraction(shape: (usize, usize), kinds: &[(Kind, bool)], q: f64, seed: u64) -> Contraction {
    let mut draw = Draw::new(seed);
    let layers = kinds.iter().map(|&(kind, is_orthogonal)| {
        let mut layer = draw.layer(kind, (shape.1, shape.1));
        let unit = if is_orthogonal { draw.orthogonal(shape.1) } else { divided(&layer.weight) };
        layer.weight = unit * (q / largest_slope(kind.activation));
        layer
    });
    let layers = layers.collect();
    let stack = Stack { layers, input: draw.matrix(shape), upstream: draw.matrix(shape) };
    Contraction { stack, q }
}

/// The matrix divided by its Frobenius norm; the matrix `0` stays unchanged.
pub(super) fn divided(weight: &Matrix) -> Matrix {
    weight / weight.iter().map(|w| w * w).sum::<f64>().sqrt().max(f64::MIN_POSITIVE)
}

/// The stack of units `h + w h`, or of layers `w h`.
fn multiples(depth: usize, w: f64) -> Stack {
    let layer = Layer {
        weight: Matrix::eye(3) * w,
        bias: Vector::zeros(3),
        activation: Activation::Identity,
    };
    let mut draw = Draw::new(0);
    let [input, upstream] = [draw.matrix((2, 3)), draw.matrix((2, 3))];
    Stack { layers: vec![layer; depth], input, upstream }
}

/// `‖g[n]‖` for each row of the batch and, for each of these gradients, `‖g‖` of the same row.
fn norms<const N: usize>(upstream: &Matrix, g: [&Matrix; N]) -> Vec<(f64, [f64; N])> {
    let of = |r| (norm(&row(upstream, r)), g.map(|g| norm(&row(g, r))));
    (0..upstream.nrows()).map(of).collect()
}

/// `low ‖g[n]‖ ≤ ‖g‖ ≤ high ‖g[n]‖` in each row.
fn within(g: &Matrix, upstream: &Matrix, [low, high]: [f64; 2]) -> TestCaseResult {
    for (above, [below]) in norms(upstream, [g]) {
        at_most(low * above, below, high * above)?;
        at_most(below, high * above, high * above)?;
    }
    Ok(())
}

pub(super) fn bound(Contraction { stack, q }: &Contraction) -> TestCaseResult {
    for (units, g) in stack.residual().g.iter().rev().enumerate() {
        let powers = [1.0 - q, 1.0 + q].map(|factor| factor.powi(units as i32));
        within(g, &stack.upstream, powers)?;
    }
    Ok(())
}

pub(super) fn plain_bound(Contraction { stack, q }: &Contraction) -> TestCaseResult {
    for (layers, g) in stack.plain().g.iter().rev().enumerate() {
        within(g, &stack.upstream, [0.0, q.powi(layers as i32)])?;
    }
    Ok(())
}

pub(super) fn bound_is_attained(&(depth, q): &(usize, f64)) -> TestCaseResult {
    for w in [q, -q] {
        let (stack, power) = (multiples(depth, w), |factor: f64| factor.powi(depth as i32));
        within(&stack.residual().g[0], &stack.upstream, [power(1.0 + w); 2])?;
        within(&stack.plain().g[0], &stack.upstream, [power(q); 2])?;
    }
    Ok(())
}

pub(super) fn bound_separates_below_one_half(case: &Contraction) -> TestCaseResult {
    let Contraction { stack, q } = case;
    let [plain, residual] = [stack.plain(), stack.residual()].map(|taped| taped.g[0].clone());
    let ratio = (q / (1.0 - q)).powi(stack.layers.len() as i32);
    for (_, [plain, residual]) in norms(&stack.upstream, [&plain, &residual]) {
        at_most(plain, ratio * residual, ratio * residual)?;
    }
    Ok(())
}

pub(super) fn order_can_turn_above_one_half(&(depth, q): &(usize, f64)) -> TestCaseResult {
    let stack = multiples(depth, -q);
    let (plain, residual) = (stack.plain(), stack.residual());
    for (_, [plain, residual]) in norms(&stack.upstream, [&plain.g[0], &residual.g[0]]) {
        prop_assert!(residual < plain, "{residual} {plain}");
    }
    Ok(())
}

pub(super) fn bound_at_depth_64(_: &()) -> TestCaseResult {
    const N: usize = 64;
    for c in [0.5, 1.0, 2.0_f64] {
        let (n, q) = (N as f64, c / N as f64);
        let least = (-c - c * c / n).exp();
        prop_assert!((1.0 - q).powi(N as i32) >= least);
        let kinds = Activation::ALL.map(|activation| (Kind::new(activation), true));
        let kinds: Vec<_> = kinds.into_iter().cycle().take(N).collect();
        let case = contraction((4, 8), &kinds, q, 64);
        bound(&case)?;
        plain_bound(&case)?;
        within(&case.stack.residual().g[0], &case.stack.upstream, [least, c.exp()])?;
        let stack = multiples(N, -q);
        within(&stack.residual().g[0], &stack.upstream, [least, (-c).exp()])?;
    }
    Ok(())
}
