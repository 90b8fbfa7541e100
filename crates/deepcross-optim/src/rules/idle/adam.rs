//! Idle steps of Adam.
//!
//! Within a block of `s` steps, the gradient `g = λ w` and the root of the second moment change little.
//! The first moments of the steps are then `g + (m − g) β₁ᵏ`, whose sum is `s g + (m − g) β₁ (1 − β₁ˢ) / (1 − β₁)`, and the
//! second moment in the middle is `g² + (v − g²) β₂^((s + 1) / 2)`.
//! The part of the sum that belongs to `g` makes the weight decay, exponentially and not linearly: a long block then
//! ends at 0, and not beyond.

use super::blocks::{Blocks, SIZES};
use super::steps::IdleSteps;
use deepcross_kernels::{Real, each_number, functions};

#[derive(Clone, Debug)]
pub(super) struct IdleAdam<F> {
    betas: [f64; 2],
    l2: F,
    weight_decay: f64,
    epsilon: f64,
    blocks: [Block<F>; SIZES],
}

/// The constants of the blocks of one size.
#[derive(Clone, Copy, Debug)]
struct Block<F> {
    n: f64,
    /// `βˢ`.
    betas: [f64; 2],
    /// `β^((s + 1) / 2)`.
    middle: [f64; 2],
    beta1: F,
    beta2: F,
    beta2_middle: F,
    /// `β₁ (1 − β₁ˢ) / (1 − β₁)`.
    rest: F,
}

impl<F: Real> Block<F> {
    fn new(power: u32, [beta1, beta2]: [f64; 2]) -> Self {
        let n = (1_u64 << power) as f64;
        let betas = [beta1, beta2].map(|beta| libm::pow(beta, n));
        let middle = [beta1, beta2].map(|beta| libm::pow(beta, (n + 1.0) / 2.0));
        let rest = F::of(beta1 * (1.0 - betas[0]) / (1.0 - beta1));
        let [beta1, beta2] = betas.map(F::of);
        Self { n, betas, middle, beta1, beta2, beta2_middle: F::of(middle[1]), rest }
    }
}

impl<F: Real> IdleAdam<F> {
    /// The penalties are that of the settings and the decay that belongs to the rule.
    pub(super) fn new(betas: [f64; 2], epsilon: f64, [l2, weight_decay]: [f64; 2]) -> Self {
        let blocks = std::array::from_fn(|power| Block::new(power as u32, betas));
        Self { betas, l2: F::of(l2), weight_decay, epsilon, blocks }
    }

    #[inline(always)]
    pub(super) fn apply(&self, idle: IdleSteps, weights: &mut [F], state: &mut [F]) {
        let (first, second) = state.split_at_mut(weights.len());
        let mut powers = self.betas.map(|beta| libm::pow(beta, idle.before as f64));
        for power in Blocks::of(idle.n) {
            let block = &self.blocks[power as usize];
            self.apply_block(block, (idle.mean(), powers), weights, [first, second]);
            powers = [powers[0] * block.betas[0], powers[1] * block.betas[1]];
        }
    }

    /// Makes the steps of a block; `powers` are the decay rates to the power of the steps before it.
    #[inline(always)]
    fn apply_block(
        &self,
        block: &Block<F>,
        (learning_rate, powers): (f64, [f64; 2]),
        weights: &mut [F],
        [first, second]: [&mut [F]; 2],
    ) {
        let &Block { n, middle, beta1, beta2, beta2_middle, rest, .. } = block;
        // The rate with the corrections of both moments; ε is added after that of the second, as by dense updates.
        let root = (1.0 - powers[1] * middle[1]).sqrt();
        let rate = learning_rate * root / (1.0 - powers[0] * middle[0]);
        let decay = F::of(-n * learning_rate * self.weight_decay);
        let (l2, epsilon, rate, n) = (self.l2, F::of(self.epsilon * root), F::of(rate), F::of(n));
        each_number(weights, [first, second], [], |w, [m, v], []| {
            let gradient = l2 * *w;
            let square = gradient * gradient;
            let size = rate / ((square + (*v - square) * beta2_middle).sqrt() + epsilon);
            let ahead = *m - gradient;
            let moved = (*w - size * rest * ahead) * functions::exp(decay - size * n * l2);
            let mean = (gradient + l2 * moved) * F::of(0.5);
            *m = l2 * moved + ahead * beta1;
            *v = mean * mean + (*v - mean * mean) * beta2;
            *w = moved;
        });
    }
}
