//! Update rules on slices, one per file.
//!
//! A rule sees weights, their gradient and their state, and neither a matrix nor a table: the same code moves a whole
//! matrix and one row.
//! Only row-wise rules must receive whole rows.

mod adagrad;
mod adam;
mod ftrl;
mod idle;
mod momentum;
mod nesterov;
mod row_wise_adagrad;
mod sgd;
mod step_size;

use deepcross_features::Problem;
use deepcross_kernels::{Real, vectorised};
use row_wise_adagrad::RowWiseAdagrad;

pub(crate) use idle::{IdleRule, IdleSteps};
pub use step_size::StepSize;

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
    /// `v = μ v + g`, `w −= η (g + μ v)`.
    Nesterov {
        /// `μ`, in [0, 1).
        momentum: f64,
    },
    /// `s += g²`, `w −= η g / (√s + ε)` (Duchi, Hazan and Singer, JMLR 2011).
    Adagrad {
        /// `ε`, above 0.
        epsilon: f64,
    },
    /// `s += mean(g²)` over a row of a table, `w −= η g / (√s + ε)`: one number of state per row (Naumov et al., 2019).
    RowWiseAdagrad {
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
    /// [`Adam`](Self::Adam) with a separate decay `w −= η λ w` (Loshchilov and Hutter, ICLR 2019).
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
    /// FTRL-proximal with the learning rate as `α` (McMahan et al., KDD 2013): for linear models.
    Ftrl {
        /// `β`, above 0.
        beta: f64,
        /// `λ₁`, at least 0: weights with small gradients are exactly 0.
        l1: f64,
        /// `λ₂`, at least 0.
        l2: f64,
    },
}

impl Rule {
    /// Adam with the constants of its paper: 0.9, 0.999, 1e-8.
    pub const ADAM: Self = Self::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    /// Adagrad with `ε` = 1e-10.
    pub const ADAGRAD: Self = Self::Adagrad { epsilon: 1e-10 };

    /// Row-wise Adagrad with `ε` = 1e-10.
    pub const ROW_WISE_ADAGRAD: Self = Self::RowWiseAdagrad { epsilon: 1e-10 };

    /// The number of state values per weight, without those of the whole row; all are 0 before the first step.
    pub fn n_states(&self) -> usize {
        match self {
            Self::Sgd | Self::RowWiseAdagrad { .. } => 0,
            Self::Momentum { .. } | Self::Nesterov { .. } | Self::Adagrad { .. } => 1,
            Self::Adam { .. } | Self::AdamW { .. } | Self::Ftrl { .. } => 2,
        }
    }

    /// The number of state values per row of a table, beside those of its weights; all are 0 before the first step.
    ///
    /// A rule with such values is row-wise: it moves whole rows of tables, and not dense matrices.
    pub fn n_row_states(&self) -> usize {
        usize::from(matches!(self, Self::RowWiseAdagrad { .. }))
    }

    /// The number of state values of a row with this width.
    pub(crate) fn states_of_row(&self, width: usize) -> usize {
        width * self.n_states() + self.n_row_states()
    }

    /// The update of this rule in one step of the run.
    pub fn at<F: Real>(&self, size: StepSize) -> Update<F> {
        match *self {
            Self::Sgd => Update(Kind::Sgd(sgd::Sgd::new(size))),
            Self::Momentum { momentum } => {
                Update(Kind::Momentum(momentum::Momentum::new(size, momentum)))
            }
            Self::Nesterov { momentum } => {
                Update(Kind::Nesterov(nesterov::Nesterov::new(size, momentum)))
            }
            Self::RowWiseAdagrad { epsilon } => {
                Update(Kind::RowWiseAdagrad(RowWiseAdagrad::new(size, epsilon)))
            }
            Self::Ftrl { beta, l1, l2 } => {
                Update(Kind::Ftrl(ftrl::Ftrl::new(size, [beta, l1, l2])))
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

    pub(crate) fn problems(&self) -> Vec<Problem> {
        let decay = |name, value: f64| (name, value, "in [0, 1)", (0.0..1.0).contains(&value));
        let above = |name, value: f64| (name, value, "above 0", value > 0.0 && value.is_finite());
        let least =
            |name, value: f64| (name, value, "at least 0", value >= 0.0 && value.is_finite());
        let checks = match *self {
            Self::Sgd => vec![],
            Self::Momentum { momentum } | Self::Nesterov { momentum } => {
                vec![decay("momentum", momentum)]
            }
            Self::Adagrad { epsilon } | Self::RowWiseAdagrad { epsilon } => {
                vec![above("epsilon", epsilon)]
            }
            Self::Adam { beta1, beta2, epsilon } => {
                vec![decay("beta1", beta1), decay("beta2", beta2), above("epsilon", epsilon)]
            }
            Self::AdamW { beta1, beta2, epsilon, weight_decay } => vec![
                decay("beta1", beta1),
                decay("beta2", beta2),
                above("epsilon", epsilon),
                least("weight_decay", weight_decay),
            ],
            Self::Ftrl { beta, l1, l2 } => {
                vec![above("beta", beta), least("l1", l1), least("l2", l2)]
            }
        };
        let problem = |(name, value, allowed, good): (&str, f64, &str, bool)| {
            Problem::unless(good, name, &format!("be {allowed}"), value)
        };
        checks.into_iter().filter_map(problem).collect()
    }
}

/// A rule in one step, whose constants are computed once and then applied to many slices.
#[derive(Clone, Copy, Debug)]
pub struct Update<F>(Kind<F>);

#[derive(Clone, Copy, Debug)]
enum Kind<F> {
    Sgd(sgd::Sgd<F>),
    Momentum(momentum::Momentum<F>),
    Adagrad(adagrad::Adagrad<F>),
    Adam(adam::Adam<F>),
    Nesterov(nesterov::Nesterov<F>),
    RowWiseAdagrad(RowWiseAdagrad<F>),
    Ftrl(ftrl::Ftrl<F>),
}

impl<F: Real> Update<F> {
    /// Moves weights by their gradient.
    ///
    /// # Shapes
    /// `weights` and `gradient`: `n`, which must be a whole row if the rule is row-wise;
    /// `state`: `n` times [`Rule::n_states`], one kind of state after the other, or [`Rule::n_row_states`].
    ///
    /// # Panics
    /// If the lengths do not fit together.
    #[track_caller]
    pub fn apply(&self, weights: &mut [F], gradient: &[F], state: &mut [F]) {
        assert_eq!(weights.len(), gradient.len(), "weights and gradient differ in length");
        vectorised(
            #[inline(always)]
            || self.apply_here(weights, gradient, state),
        );
    }

    /// Moves the rows of a part of a table, each as [`apply`](Self::apply) does.
    ///
    /// # Shapes
    /// `weights` and `gradients`: rows of `width`, end to end; `state`: as many rows of it, end to end.
    ///
    /// # Panics
    /// If the lengths do not fit together.
    #[track_caller]
    pub(crate) fn apply_rows(
        &self,
        width: usize,
        weights: &mut [F],
        gradients: &[F],
        state: &mut [F],
    ) {
        assert_eq!(weights.len(), gradients.len(), "weights and gradients differ in length");
        let n_states = state.len() / (weights.len() / width).max(1);
        vectorised(
            #[inline(always)]
            || {
                let gradients = gradients.chunks_exact(width);
                // A loop, since the closure of `for_each` would not be compiled for the instruction set chosen here.
                for (row, (weights, gradient)) in
                    weights.chunks_exact_mut(width).zip(gradients).enumerate()
                {
                    let state = &mut state[row * n_states..(row + 1) * n_states];
                    self.apply_here(weights, gradient, state);
                }
            },
        );
    }

    #[inline(always)]
    fn apply_here(&self, weights: &mut [F], gradient: &[F], state: &mut [F]) {
        match &self.0 {
            Kind::Sgd(rule) => rule.apply(weights, gradient),
            Kind::Momentum(rule) => rule.apply(weights, gradient, state),
            Kind::Adagrad(rule) => rule.apply(weights, gradient, state),
            Kind::Adam(rule) => rule.apply(weights, gradient, state),
            Kind::Nesterov(rule) => rule.apply(weights, gradient, state),
            Kind::RowWiseAdagrad(rule) => rule.apply(weights, gradient, state),
            Kind::Ftrl(rule) => rule.apply(weights, gradient, state),
        }
    }

    /// For a row-wise rule, updates the state of a row whose squared gradient has this sum.
    ///
    /// Returns the update of the parts of the row; `None` for other rules.
    pub(crate) fn of_row(&self, square_sum: f64, width: usize, state: &mut [F]) -> Option<Self> {
        match &self.0 {
            Kind::RowWiseAdagrad(rule) => {
                Some(Self(Kind::Sgd(rule.of_row(square_sum, width, &mut state[0]))))
            }
            _ => None,
        }
    }

    pub(crate) fn is_row_wise(&self) -> bool {
        matches!(self.0, Kind::RowWiseAdagrad(_))
    }
}

#[cfg(test)]
pub(crate) fn run(rule: Rule, learning_rate: f64, gradients: &[[f64; 2]]) -> [f64; 2] {
    let mut weights = [1.0, -2.0];
    let mut state = vec![0.0; rule.states_of_row(2)];
    for (gradient, step) in gradients.iter().zip(1..) {
        let size = StepSize { learning_rate, step, epsilon_before_correction: false };
        rule.at(size).apply(&mut weights, gradient, &mut state);
    }
    weights
}
