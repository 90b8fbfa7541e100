//! Update rules on slices, one a file.
//!
//! A rule sees weights, their gradient and their state, all of one length (the state some multiple of it), and neither
//! a matrix nor a table: the same code moves a whole matrix and one row.

mod adagrad;
mod adam;
mod momentum;
mod sgd;

use deepcross_kernels::Real;

/// An update rule and its constants.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// `w −= η g`.
    Sgd,
    /// `v = μ v + g`, `w −= η v`.
    Momentum {
        /// `μ`, in [0, 1).
        momentum: f64,
    },
    /// `s += g²`, `w −= η g / (√s + ε)` (Duchi, Hazan and Singer, JMLR 2011).
    Adagrad {
        /// `ε`, above 0.
        epsilon: f64,
    },
    /// Moving averages of gradient and squared gradient, corrected for their start at 0 (Kingma and Ba, ICLR 2015).
    Adam {
        /// The decay of the average gradient, in [0, 1).
        beta1: f64,
        /// The decay of the average squared gradient, in [0, 1).
        beta2: f64,
        /// `ε`, above 0.
        epsilon: f64,
    },
    /// [`Adam`](Self::Adam) with `w −= η λ w` beside it (Loshchilov and Hutter, ICLR 2019).
    AdamW {
        /// The decay of the average gradient, in [0, 1).
        beta1: f64,
        /// The decay of the average squared gradient, in [0, 1).
        beta2: f64,
        /// `ε`, above 0.
        epsilon: f64,
        /// `λ`, at least 0.
        weight_decay: f64,
    },
}

impl Rule {
    /// Adam with the constants of its paper: 0.9, 0.999, 1e-8.
    pub const ADAM: Self = Self::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    /// Adagrad with `ε` = 1e-10.
    pub const ADAGRAD: Self = Self::Adagrad { epsilon: 1e-10 };

    /// How many numbers of state a weight has; all are 0 before the first step.
    pub fn n_states(&self) -> usize {
        match self {
            Self::Sgd => 0,
            Self::Momentum { .. } | Self::Adagrad { .. } => 1,
            Self::Adam { .. } | Self::AdamW { .. } => 2,
        }
    }

    /// The rule in one step of the run.
    pub fn at<F: Real>(&self, size: StepSize) -> Update<F> {
        match *self {
            Self::Sgd => Update(Kind::Sgd(sgd::Sgd::new(size))),
            Self::Momentum { momentum } => {
                Update(Kind::Momentum(momentum::Momentum::new(size, momentum)))
            }
            Self::Adagrad { epsilon } => {
                Update(Kind::Adagrad(adagrad::Adagrad::new(size, epsilon)))
            }
            Self::Adam { beta1, beta2, epsilon } => {
                Update(Kind::Adam(adam::Adam::new(size, [beta1, beta2], epsilon, 0.0)))
            }
            Self::AdamW { beta1, beta2, epsilon, weight_decay } => {
                Update(Kind::Adam(adam::Adam::new(size, [beta1, beta2], epsilon, weight_decay)))
            }
        }
    }

    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut check = |name, value: f64, allowed: &str, ok: bool| {
            if !ok {
                problems.push(format!("`{name}` must be {allowed}, but is {value}"));
            }
        };
        let mut decay = |name, value| check(name, value, "in [0, 1)", (0.0..1.0).contains(&value));
        match *self {
            Self::Momentum { momentum } => decay("momentum", momentum),
            Self::Adam { beta1, beta2, .. } | Self::AdamW { beta1, beta2, .. } => {
                decay("beta1", beta1);
                decay("beta2", beta2);
            }
            Self::Sgd | Self::Adagrad { .. } => {}
        }
        match *self {
            Self::Adagrad { epsilon }
            | Self::Adam { epsilon, .. }
            | Self::AdamW { epsilon, .. } => {
                check("epsilon", epsilon, "above 0", epsilon > 0.0 && epsilon.is_finite());
            }
            Self::Sgd | Self::Momentum { .. } => {}
        }
        if let Self::AdamW { weight_decay, .. } = *self {
            check(
                "weight_decay",
                weight_decay,
                "at least 0",
                weight_decay >= 0.0 && weight_decay.is_finite(),
            );
        }
        problems
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug)]
pub struct StepSize {
    /// Of this step.
    pub learning_rate: f64,
    /// The number of the step, from 1: how often the moments have moved.
    pub step: u64,
    /// Whether Adam's `ε` is added before the correction of the second moment and not after it, as PyTorch's SparseAdam
    /// does and its Adam does not.
    pub epsilon_before_correction: bool,
}

/// A rule in one step: its constants are computed once, and then applied to many slices.
#[derive(Clone, Copy, Debug)]
pub struct Update<F>(Kind<F>);

#[derive(Clone, Copy, Debug)]
enum Kind<F> {
    Sgd(sgd::Sgd<F>),
    Momentum(momentum::Momentum<F>),
    Adagrad(adagrad::Adagrad<F>),
    Adam(adam::Adam<F>),
}

impl<F: Real> Update<F> {
    /// Moves weights by their gradient.
    ///
    /// # Shapes
    /// `weights` and `gradient`: `n`; `state`: `n` times [`Rule::n_states`], one kind of state after the other.
    ///
    /// # Panics
    /// If the lengths do not fit together.
    #[track_caller]
    pub fn apply(&self, weights: &mut [F], gradient: &[F], state: &mut [F]) {
        assert_eq!(weights.len(), gradient.len(), "weights and gradient differ in length");
        match &self.0 {
            Kind::Sgd(rule) => rule.apply(weights, gradient),
            Kind::Momentum(rule) => rule.apply(weights, gradient, state),
            Kind::Adagrad(rule) => rule.apply(weights, gradient, state),
            Kind::Adam(rule) => rule.apply(weights, gradient, state),
        }
    }
}

#[cfg(test)]
pub(crate) fn run(rule: Rule, learning_rate: f64, gradients: &[[f64; 2]]) -> [f64; 2] {
    let mut weights = [1.0, -2.0];
    let mut state = vec![0.0; 2 * rule.n_states()];
    for (gradient, step) in gradients.iter().zip(1..) {
        let size = StepSize { learning_rate, step, epsilon_before_correction: false };
        rule.at(size).apply(&mut weights, gradient, &mut state);
    }
    weights
}
