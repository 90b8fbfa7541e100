//! The keys of `[train]` that say how a step changes the weights.

use super::train_config::{OptimizerKind, TrainConfig};
use deepcross_features::Problem;
use deepcross_optim::{OptimizerConfig, Rule, Settings, TableUpdates};

impl TrainConfig {
    /// The optimizer's settings.
    pub fn optimizer_config(&self) -> OptimizerConfig {
        let embedding_rate = self.embedding_learning_rate.unwrap_or(self.learning_rate);
        OptimizerConfig {
            dense: self.settings(self.optimizer, self.learning_rate, self.l2),
            tables: self.settings(self.embedding_optimizer(), embedding_rate, self.embedding_l2),
            table_updates: self.table_updates,
            clip_norm: self.clip_norm,
        }
    }

    fn embedding_optimizer(&self) -> OptimizerKind {
        self.embedding_optimizer.unwrap_or(self.optimizer)
    }

    fn settings(&self, kind: OptimizerKind, learning_rate: f64, l2: f64) -> Settings {
        match kind {
            // The L2 penalty of FTRL is part of the rule.
            OptimizerKind::Ftrl => {
                let (beta, l1) = (self.beta.unwrap_or(1.0), self.l1.unwrap_or(0.0));
                Settings::new(Rule::Ftrl { beta, l1, l2 }, learning_rate)
            }
            kind => Settings { rule: self.rule(kind), learning_rate, l2 },
        }
    }

    fn rule(&self, kind: OptimizerKind) -> Rule {
        match (kind, self.momentum) {
            (OptimizerKind::Sgd, Some(momentum)) if self.nesterov == Some(true) => {
                Rule::Nesterov { momentum }
            }
            (OptimizerKind::Sgd, Some(momentum)) => Rule::Momentum { momentum },
            (OptimizerKind::Sgd, None) => Rule::Sgd,
            (OptimizerKind::Adagrad, _) => Rule::ADAGRAD,
            (OptimizerKind::RowWiseAdagrad, _) => Rule::ROW_WISE_ADAGRAD,
            (OptimizerKind::Adamw, _) => Rule::AdamW {
                beta1: 0.9,
                beta2: 0.999,
                epsilon: 1e-8,
                weight_decay: self.weight_decay.unwrap_or(0.01),
            },
            (OptimizerKind::Adam | OptimizerKind::Ftrl, _) => Rule::ADAM,
        }
    }

    /// The values that are out of range or contradict each other.
    pub(crate) fn optimizer_problems(&self) -> Vec<Problem> {
        let mut problems = self.misplaced();
        if self.optimizer == OptimizerKind::RowWiseAdagrad {
            let message = "must not be `row-wise-adagrad`, which is for embedding tables; set `embedding_optimizer` to it";
            problems.push(Problem::new("optimizer", message));
        }
        problems.extend(self.problem_of_idle_rows());
        let of_rules = self.optimizer_config().problems().into_iter();
        let is_other =
            |problem: &Problem| !["dense.rule", "table_updates"].contains(&&*problem.path);
        for problem in of_rules.filter(is_other) {
            let problem = Problem::new(self.key_of(&problem.path), problem.message);
            // The problem of a key that both rules use is reported once.
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        problems
    }

    /// The reason why rows have no steps to make up, if `table_updates` says that they do.
    fn problem_of_idle_rows(&self) -> Option<Problem> {
        let tables = self.optimizer_config().tables;
        if self.table_updates != TableUpdates::Settled || tables.moves_idle_rows() {
            return None;
        }
        let key =
            if self.embedding_optimizer.is_some() { "embedding_optimizer" } else { "optimizer" };
        let rule = format!("`{key} = \"{}\"`", self.embedding_optimizer());
        let message = match self.embedding_optimizer() {
            OptimizerKind::Ftrl => format!(
                "`settled` cannot be used with {rule}, which computes weights from their gradients alone; set `rows`"
            ),
            _ => format!(
                "`settled` has no effect with {rule} and `embedding_l2 = 0`, since rows without a gradient then stay as \
                 they are; set `embedding_l2`, or `rows`"
            ),
        };
        Some(Problem::new("table_updates", message))
    }

    /// The key of `[train]` from which this setting of the optimizer comes.
    fn key_of<'p>(&self, setting: &'p str) -> &'p str {
        match setting {
            "tables.learning_rate" if self.embedding_learning_rate.is_some() => {
                "embedding_learning_rate"
            }
            "tables.l2" => "embedding_l2",
            other => other.split_once('.').map_or(other, |(_, key)| key),
        }
    }

    /// The problems of keys that belong to an optimizer which is not chosen.
    fn misplaced(&self) -> Vec<Problem> {
        let keys = [
            ("momentum", self.momentum.is_some(), OptimizerKind::Sgd),
            ("weight_decay", self.weight_decay.is_some(), OptimizerKind::Adamw),
            ("l1", self.l1.is_some(), OptimizerKind::Ftrl),
            ("beta", self.beta.is_some(), OptimizerKind::Ftrl),
        ];
        let chosen = [self.optimizer, self.embedding_optimizer()];
        let misplaced = keys.iter().filter(|(_, set, kind)| *set && !chosen.contains(kind));
        let mut problems: Vec<_> = misplaced
            .map(|(key, _, kind)| {
                Problem::new(*key, format!("has a meaning only with `optimizer = \"{kind}\"`"))
            })
            .collect();
        if self.start_from_rate && self.optimizer == OptimizerKind::Ftrl {
            let message = "has no effect with `optimizer = \"ftrl\"`, which computes weights from \
                           their gradients alone";
            problems.push(Problem::new("start_from_rate", message));
        }
        if self.nesterov.is_some() && self.momentum.is_none() {
            problems.push(Problem::new("nesterov", "has a meaning only with `momentum`"));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> TrainConfig {
        toml::from_str(text).expect("a well-formed section")
    }

    #[test]
    fn tables_have_their_own_settings() {
        let config = parse(
            "optimizer = 'sgd'\nmomentum = 0.9\nnesterov = true\nlearning_rate = 0.1\nl2 = 1e-5\n\
             embedding_optimizer = 'row-wise-adagrad'\nembedding_learning_rate = 0.02\n\
             table_updates = 'dense'\nclip_norm = 10",
        );
        assert_eq!(config.problems(), []);
        let dense = Settings { l2: 1e-5, ..Settings::new(Rule::Nesterov { momentum: 0.9 }, 0.1) };
        let expected = OptimizerConfig {
            dense,
            tables: Settings::new(Rule::ROW_WISE_ADAGRAD, 0.02),
            table_updates: TableUpdates::Dense,
            clip_norm: Some(10.0),
        };
        assert_eq!(config.optimizer_config(), expected);
    }

    #[test]
    fn penalties_of_ftrl_are_part_of_its_rule() {
        let config = parse("optimizer = 'ftrl'\nl1 = 0.5\nl2 = 0.25\nembedding_l2 = 0.125");
        let OptimizerConfig { dense, tables, .. } = config.optimizer_config();
        let rule = |l2| Rule::Ftrl { beta: 1.0, l1: 0.5, l2 };
        assert_eq!(dense, Settings::new(rule(0.25), 1e-3));
        assert_eq!(tables, Settings::new(rule(0.125), 1e-3));
    }

    #[test]
    fn problems_name_the_keys_that_were_set() {
        let cases = [
            ("momentum = 0.9", "`train.momentum`: has a meaning only with `optimizer = \"sgd\"`"),
            (
                "embedding_optimizer = 'sgd'\nmomentum = 1",
                "`train.momentum`: must be in [0, 1), but is 1",
            ),
            (
                "optimizer = 'sgd'\nnesterov = true",
                "`train.nesterov`: has a meaning only with `momentum`",
            ),
            ("learning_rate = 0", "`train.learning_rate`: must be above 0, but is 0"),
            (
                "embedding_learning_rate = 0",
                "`train.embedding_learning_rate`: must be above 0, but is 0",
            ),
            ("embedding_l2 = -1", "`train.embedding_l2`: must be at least 0, but is -1"),
            (
                "table_updates = 'settled'\noptimizer = 'adagrad'",
                "`train.table_updates`: `settled` has no effect with `optimizer = \"adagrad\"` and `embedding_l2 = 0`, since \
                 rows without a gradient then stay as they are; set `embedding_l2`, or `rows`",
            ),
            (
                "table_updates = 'settled'\nembedding_optimizer = 'ftrl'\nembedding_l2 = 0.1",
                "`train.table_updates`: `settled` cannot be used with `embedding_optimizer = \"ftrl\"`, which computes \
                 weights from their gradients alone; set `rows`",
            ),
            (
                "table_updates = 'settled'\noptimizer = 'sgd'\nlearning_rate = 0.5\nembedding_l2 = 2",
                "`train.embedding_l2`: must be below 1 over the learning rate if `table_updates` is `settled`, but is 2",
            ),
            ("clip_norm = 0", "`train.clip_norm`: must be above 0, but is 0"),
            ("optimizer = 'ftrl'\nl1 = -1", "`train.l1`: must be at least 0, but is -1"),
            (
                "optimizer = 'ftrl'\nstart_from_rate = true",
                "`train.start_from_rate`: has no effect with `optimizer = \"ftrl\"`, which computes weights from their \
                 gradients alone",
            ),
        ];
        for (text, problem) in cases {
            let found: Vec<_> = parse(text).problems().iter().map(Problem::to_string).collect();
            assert_eq!(found, [problem], "{text}");
        }
        let row_wise = parse("optimizer = 'row-wise-adagrad'").problems();
        assert!(row_wise.len() == 1 && row_wise[0].path == "train.optimizer");
    }
}
