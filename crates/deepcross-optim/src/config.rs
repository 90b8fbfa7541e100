//! The settings of an optimizer.

use crate::Rule;
use deepcross_features::Problem;
use serde::{Deserialize, Serialize};

/// The rows of a table that a step moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableUpdates {
    /// The rows that the batch touched, at a cost that does not depend on the table's height.
    ///
    /// The moments and the L2 penalty of a row have an effect only in steps that touch it.
    #[default]
    Rows,
    /// The rows that the batch touched, each after the steps that it missed.
    ///
    /// What [`Dense`](Self::Dense) does to a row in the steps that do not touch it, penalty and moments, is made up at
    /// once: when the row is [next met](crate::Optimizer::settle), and when all rows are
    /// [settled](crate::Optimizer::settle_all).
    Settled,
    /// Every row, as dense implementations do.
    ///
    /// A row that the batch did not touch has the gradient of the L2 penalty, or 0, and its moments change too.
    Dense,
}

/// The settings of dense matrices or of tables.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The update rule.
    pub rule: Rule,
    /// The learning rate, above 0.
    pub learning_rate: f64,
    /// The penalty `l2 / 2 · ‖w‖²`; at least 0.
    pub l2: f64,
}

/// The configuration of an optimizer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimizerConfig {
    /// The settings of dense matrices.
    pub dense: Settings,
    /// The settings of embedding tables.
    pub tables: Settings,
    /// The rows of a table that a step moves.
    pub table_updates: TableUpdates,
    /// The largest norm of the gradient of all weights together, above 0; `None` if it is not limited.
    ///
    /// A longer gradient is scaled to this norm.
    /// It is the gradient of loss and penalties, for the rows that a step moves.
    pub clip_norm: Option<f64>,
}

impl Settings {
    /// Settings without a penalty.
    pub fn new(rule: Rule, learning_rate: f64) -> Self {
        Self { rule, learning_rate, l2: 0.0 }
    }

    /// Whether a step of [`TableUpdates::Dense`] moves a row that has no gradient of the loss.
    pub fn moves_idle_rows(&self) -> bool {
        self.rule.moves_idle_rows(self.l2)
    }

    /// The reason why rows cannot make up the steps that they missed, if there is one.
    fn problem_of_idle_rows(&self) -> Option<Problem> {
        if !self.moves_idle_rows() {
            let message =
                "must not be `settled` with a rule and a penalty that do not move idle rows";
            return Some(Problem::new("table_updates", message));
        }
        let product = self.learning_rate * self.l2;
        let is_good = self.rule != Rule::Sgd || product < 1.0 || !product.is_finite();
        let allowed = "be below 1 over the learning rate if `table_updates` is `settled`";
        Problem::unless(is_good, "tables.l2", allowed, self.l2)
    }

    fn problems(&self) -> Vec<Problem> {
        let Self { rule, learning_rate, l2 } = *self;
        let mut problems = rule.problems();
        let good = learning_rate > 0.0 && learning_rate.is_finite();
        problems.extend(Problem::unless(good, "learning_rate", "be above 0", learning_rate));
        let good = l2 >= 0.0 && l2.is_finite();
        problems.extend(Problem::unless(good, "l2", "be at least 0", l2));
        problems
    }
}

impl OptimizerConfig {
    /// A configuration with one rule for all weights, without penalties, which updates only touched rows.
    pub fn new(rule: Rule, learning_rate: f64) -> Self {
        let settings = Settings::new(rule, learning_rate);
        let table_updates = TableUpdates::Rows;
        Self { dense: settings, tables: settings, table_updates, clip_norm: None }
    }

    /// The values that are out of range.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (kind, settings) in [("dense", &self.dense), ("tables", &self.tables)] {
            problems.extend(settings.problems().into_iter().map(|problem| problem.within(kind)));
        }
        if self.dense.rule.n_row_states() > 0 {
            let message = "must not be row-wise, which is for tables";
            problems.push(Problem::new("dense.rule", message));
        }
        if self.table_updates == TableUpdates::Settled {
            problems.extend(self.tables.problem_of_idle_rows());
        }
        if let Some(norm) = self.clip_norm {
            let good = norm > 0.0 && norm.is_finite();
            problems.extend(Problem::unless(good, "clip_norm", "be above 0", norm));
        }
        problems
    }
}
