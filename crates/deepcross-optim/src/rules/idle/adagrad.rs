//! Idle steps of Adagrad, whose weights decay while the sum of squares grows.
//!
//! Within a block, the sum of squares is that of its middle, and the decay of a weight is exponential.

use super::blocks::Blocks;
use super::steps::IdleSteps;
use crate::square_sum::square_sum;
use deepcross_kernels::{Real, each_number, functions};

/// Adagrad.
#[derive(Clone, Copy, Debug)]
pub(super) struct IdleAdagrad<F> {
    l2: F,
    epsilon: F,
}

impl<F: Real> IdleAdagrad<F> {
    pub(super) fn new(l2: f64, epsilon: f64) -> Self {
        Self { l2: F::of(l2), epsilon: F::of(epsilon) }
    }

    #[inline(always)]
    pub(super) fn apply(self, idle: IdleSteps, weights: &mut [F], squares: &mut [F]) {
        let Self { l2, epsilon } = self;
        for block in Blocks::of(idle.n) {
            let n = 1_u64 << block;
            let (rate, half) = (F::of(idle.mean() * n as f64), F::of((n as f64 + 1.0) / 2.0));
            let n = F::of(n as f64);
            each_number(weights, [squares], [], |w, [s], []| {
                let gradient = l2 * *w;
                let root = (*s + half * gradient * gradient).sqrt();
                let moved = *w * functions::exp(-rate * l2 / (root + epsilon));
                let mean = (gradient + l2 * moved) * F::of(0.5);
                *s += n * mean * mean;
                *w = moved;
            });
        }
    }
}

/// Row-wise Adagrad, with which all weights of a row decay alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct IdleRowWise {
    pub(super) l2: f64,
    pub(super) epsilon: f64,
}

impl IdleRowWise {
    #[inline(always)]
    pub(super) fn apply<F: Real>(self, idle: IdleSteps, weights: &mut [F], state: &mut [F]) {
        let Self { l2, epsilon } = self;
        let (mut squares, mut keep) = (state[0].as_f64(), 1.0);
        let gradient = l2 * (square_sum(weights) / weights.len().max(1) as f64).sqrt();
        for block in Blocks::of(idle.n) {
            let n = (1_u64 << block) as f64;
            let before = gradient * keep;
            let root = (squares + (n + 1.0) / 2.0 * before * before).sqrt();
            keep *= libm::exp(-idle.mean() * n * l2 / (root + epsilon));
            let mean = (before + gradient * keep) / 2.0;
            squares += n * mean * mean;
        }
        state[0] = F::of(squares);
        let keep = F::of(keep);
        each_number(weights, [], [], |w, [], []| *w *= keep);
    }
}
