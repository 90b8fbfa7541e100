//! Idle steps of descent, with or without momentum, whose steps are linear maps of weight and velocity.

use super::steps::IdleSteps;
use deepcross_kernels::{Real, each_number};

/// Plain descent: `w ← (1 − η λ) w`.
#[derive(Clone, Copy, Debug)]
pub(super) struct IdleDescent {
    pub(super) l2: f64,
}

impl IdleDescent {
    /// `−ln(1 − η λ)`; a step that would turn a weight's sign leaves almost nothing of it.
    pub(super) fn measure(self, learning_rate: f64) -> f64 {
        -libm::log1p(-(learning_rate * self.l2).min(1.0 - f64::EPSILON))
    }

    #[inline(always)]
    pub(super) fn apply<F: Real>(self, idle: IdleSteps, weights: &mut [F]) {
        let keep = F::of(libm::exp(-idle.measure));
        each_number(weights, [], [], |w, [], []| *w *= keep);
    }
}

/// Descent with momentum.
#[derive(Clone, Copy, Debug)]
pub(super) struct IdleVelocity {
    l2: f64,
    momentum: f64,
    /// The shares of the gradient and of the new velocity in a step.
    shares: [f64; 2],
}

/// A linear map of weight and velocity.
type Map = [[f64; 2]; 2];

impl IdleVelocity {
    /// `v ← μ v + λ w`, `w ← w − η v`.
    pub(super) fn new(l2: f64, momentum: f64) -> Self {
        Self { l2, momentum, shares: [0.0, 1.0] }
    }

    /// `v ← μ v + λ w`, `w ← w − η (λ w + μ v)`.
    pub(super) fn ahead(l2: f64, momentum: f64) -> Self {
        Self { l2, momentum, shares: [1.0, momentum] }
    }

    /// One step.
    fn step(self, learning_rate: f64) -> Map {
        let Self { l2, momentum, shares: [gradient, velocity] } = self;
        let of_weight = 1.0 - learning_rate * l2 * (gradient + velocity);
        [[of_weight, -learning_rate * velocity * momentum], [l2, momentum]]
    }

    #[inline(always)]
    pub(super) fn apply<F: Real>(self, idle: IdleSteps, weights: &mut [F], velocity: &mut [F]) {
        let map = power(self.step(idle.mean()), idle.n);
        let [[ww, wv], [vw, vv]] = map.map(|row| row.map(F::of));
        each_number(weights, [velocity], [], |w, [v], []| {
            (*w, *v) = (ww * *w + wv * *v, vw * *w + vv * *v);
        });
    }
}

fn power(mut map: Map, mut n: u64) -> Map {
    let mut done = [[1.0, 0.0], [0.0, 1.0]];
    while n > 0 {
        if n % 2 == 1 {
            done = product(map, done);
        }
        map = product(map, map);
        n /= 2;
    }
    done
}

fn product(a: Map, b: Map) -> Map {
    let entry = |row: usize, column: usize| a[row][0] * b[0][column] + a[row][1] * b[1][column];
    [[entry(0, 0), entry(0, 1)], [entry(1, 0), entry(1, 1)]]
}
