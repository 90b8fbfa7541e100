//! Idle steps of a row, in which no row of the batch looks it up: what a dense update would do to the row in all of
//! them, at once.
//!
//! In an idle step the gradient of a weight is that of the penalty, `λ w`.
//! Plain descent multiplies a weight by `1 − η λ`, so that the product of many steps is one number, whatever the rates
//! were; with momentum, weight and velocity are multiplied by a matrix, and the rate is the mean of those of the steps.
//! The steps of Adagrad and Adam are not linear, and are made in blocks, whose number grows with the logarithm of the
//! number of steps.
//! Rejected: repeating each step. That is the work of a dense update, though the rows are in the cache.

mod adagrad;
mod adam;
mod blocks;
mod linear;
mod steps;

use super::Rule;
use adagrad::{IdleAdagrad, IdleRowWise};
use adam::IdleAdam;
use deepcross_kernels::{Real, vectorised};
use linear::{IdleDescent, IdleVelocity};

pub(crate) use steps::IdleSteps;

/// What a rule and a penalty do to idle rows.
#[derive(Clone, Debug)]
pub(crate) struct IdleRule<F>(Kind<F>);

#[derive(Clone, Debug)]
enum Kind<F> {
    Descent(IdleDescent),
    Velocity(IdleVelocity),
    Adagrad(IdleAdagrad<F>),
    RowWise(IdleRowWise),
    Adam(Box<IdleAdam<F>>),
}

impl<F: Real> IdleRule<F> {
    /// The idle steps of a rule with the penalty `l2`; `None` if idle rows do not move.
    pub(crate) fn new(rule: Rule, l2: f64) -> Option<Self> {
        let kind = match rule {
            _ if !rule.moves_idle_rows(l2) => return None,
            Rule::Sgd => Kind::Descent(IdleDescent { l2 }),
            Rule::Momentum { momentum } => Kind::Velocity(IdleVelocity::new(l2, momentum)),
            Rule::Nesterov { momentum } => Kind::Velocity(IdleVelocity::ahead(l2, momentum)),
            Rule::Adagrad { epsilon } => Kind::Adagrad(IdleAdagrad::new(l2, epsilon)),
            Rule::RowWiseAdagrad { epsilon } => Kind::RowWise(IdleRowWise { l2, epsilon }),
            Rule::Adam { beta1, beta2, epsilon } => {
                Kind::Adam(Box::new(IdleAdam::new([beta1, beta2], epsilon, [l2, 0.0])))
            }
            Rule::AdamW { beta1, beta2, epsilon, weight_decay } => {
                Kind::Adam(Box::new(IdleAdam::new([beta1, beta2], epsilon, [l2, weight_decay])))
            }
            Rule::Ftrl { .. } => return None,
        };
        Some(Self(kind))
    }

    /// What a row must know of a step with this learning rate: the sums of these numbers stand for the steps.
    pub(crate) fn measure(&self, learning_rate: f64) -> f64 {
        match &self.0 {
            Kind::Descent(rule) => rule.measure(learning_rate),
            _ => learning_rate,
        }
    }

    /// Makes the idle steps of a whole row.
    pub(crate) fn apply(&self, idle: IdleSteps, weights: &mut [F], state: &mut [F]) {
        vectorised(
            #[inline(always)]
            || match &self.0 {
                Kind::Descent(rule) => rule.apply(idle, weights),
                Kind::Velocity(rule) => rule.apply(idle, weights, state),
                Kind::Adagrad(rule) => rule.apply(idle, weights, state),
                Kind::RowWise(rule) => rule.apply(idle, weights, state),
                Kind::Adam(rule) => rule.apply(idle, weights, state),
            },
        );
    }
}

impl Rule {
    /// Whether a dense update moves a row without a gradient of the loss, if the penalty is `l2`.
    pub(crate) fn moves_idle_rows(&self, l2: f64) -> bool {
        match self {
            Self::Sgd | Self::Adagrad { .. } | Self::RowWiseAdagrad { .. } => l2 > 0.0,
            Self::Ftrl { .. } => false,
            _ => true,
        }
    }
}
