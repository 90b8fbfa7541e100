//! Finds what is wrong with a model in training: numbers that are not finite, and residual units that do not learn.

mod failed_step;
mod non_finite;
mod unit_problem;
mod unit_reports;

pub(crate) use failed_step::{FailedStep, first_weight, weight_of_table};
pub use non_finite::{Element, NonFinite};
pub use unit_problem::{UnitProblem, moment, unit_problems};
pub(crate) use unit_reports::{Learner, report_rows, unit_reports};
pub use unit_reports::{ReluReport, UnitReport};
