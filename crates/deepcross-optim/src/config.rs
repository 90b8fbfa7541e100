//! The settings of an optimizer.

use crate::Rule;
use serde::{Deserialize, Serialize};

/// Which rows of a table a step moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableUpdates {
    /// The rows that the batch touched, at a cost that does not depend on the table's height.
    ///
    /// Moments and the L2 penalty of a row move only in steps that touch it.
    #[default]
    Rows,
    /// Every row, as dense implementations do: a row that the batch did not touch has the gradient of the L2 penalty, or
    /// 0, and its moments move on.
    Dense,
}

/// A rule with a learning rate and penalties.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimizerConfig {
    /// The update rule.
    pub rule: Rule,
    /// Above 0.
    pub learning_rate: f64,
    /// The penalty `l2 / 2 · ‖w‖²` on dense matrices; at least 0.
    pub l2: f64,
    /// The penalty `table_l2 / 2 · ‖E‖²` on tables; at least 0.
    pub table_l2: f64,
    /// Which rows of a table a step moves.
    pub tables: TableUpdates,
}

impl OptimizerConfig {
    /// Without penalties, updating touched rows only.
    pub fn new(rule: Rule, learning_rate: f64) -> Self {
        Self { rule, learning_rate, l2: 0.0, table_l2: 0.0, tables: TableUpdates::Rows }
    }

    /// What is out of range, one sentence each.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = self.rule.problems();
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            problems
                .push(format!("`learning_rate` must be above 0, but is {}", self.learning_rate));
        }
        for (name, penalty) in [("l2", self.l2), ("table_l2", self.table_l2)] {
            if !(penalty >= 0.0 && penalty.is_finite()) {
                problems.push(format!("`{name}` must be at least 0, but is {penalty}"));
            }
        }
        problems
    }
}
