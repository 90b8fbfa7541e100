//! The section `[distributed]`: how several ranks train one model.

use deepcross_autodiff::Share;
use deepcross_features::Problem;
use deepcross_optim::{OptimizerConfig, Rule, Settings, TableUpdates};
use serde::{Deserialize, Serialize};

/// The way in which ranks join what they learn about dense weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DistributedMethod {
    /// Each step has the gradients of all ranks: the model is that of one process.
    #[default]
    AllReduce,
    /// Each rank moves dense weights by its own rows, and after each block of steps all ranks begin again from a filtered
    /// mean (Chen and Huo, ICASSP 2016): the model depends on the number of ranks.
    Bmuf,
}

/// The place of the rows of tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TablePlacement {
    /// Each row belongs to one rank, and moves in each step with the gradients of all ranks.
    #[default]
    Shared,
    /// Each rank has all rows, and moves those that its own rows of a batch look up. At the end of a block the ranks join
    /// the rows that have moved.
    Replicated,
}

/// The settings of a run on several ranks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DistributedConfig {
    /// How dense weights are joined.
    pub method: DistributedMethod,
    /// Where the rows of tables are with `bmuf`; shared by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tables: Option<TablePlacement>,
    /// The steps of a block of `bmuf`; 16 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<u64>,
    /// The part of the change of one block that the next one repeats, in [0, 1); 1 − 1/ranks by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_momentum: Option<f64>,
}

impl DistributedConfig {
    /// Whether all settings are the defaults.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The steps of a block.
    pub fn block(&self) -> u64 {
        self.block.unwrap_or(16)
    }

    /// Where the rows of tables are.
    pub fn tables(&self) -> TablePlacement {
        self.tables.unwrap_or_default()
    }

    /// The rows of tables that a rank holds, if it owns a share of them.
    pub(crate) fn held(&self, own: Share) -> Share {
        match self.tables() {
            TablePlacement::Shared => own,
            TablePlacement::Replicated => Share::WHOLE,
        }
    }

    /// The settings that are out of range, or that do not go with those of the training.
    pub(crate) fn problems(&self, train: &OptimizerConfig) -> Vec<Problem> {
        let mut problems = self.misplaced();
        let Self { block, block_momentum, .. } = self;
        let is_block = *block != Some(0);
        problems.extend(Problem::unless(is_block, "block", "be at least 1", 0));
        if let Some(momentum) = *block_momentum {
            let is_good = (0.0..1.0).contains(&momentum);
            problems.extend(Problem::unless(is_good, "block_momentum", "be in [0, 1)", momentum));
        }
        problems.extend(self.refused(train));
        problems.into_iter().map(|problem| problem.within("distributed")).collect()
    }

    /// The settings of `bmuf` without it.
    fn misplaced(&self) -> Vec<Problem> {
        let Self { method, tables, block, block_momentum } = self;
        let set = [
            ("tables", tables.is_some()),
            ("block", block.is_some()),
            ("block_momentum", block_momentum.is_some()),
        ];
        let misplaced =
            set.iter().filter(|(_, is_set)| *is_set && *method != DistributedMethod::Bmuf);
        let problem = |key: &str| Problem::new(key, "has a meaning only with the `method` `bmuf`");
        misplaced.map(|(key, _)| problem(key)).collect()
    }

    /// The settings that do not go with those of the training.
    fn refused(&self, train: &OptimizerConfig) -> impl Iterator<Item = Problem> {
        let is_bmuf = self.method == DistributedMethod::Bmuf;
        let is_replicated = is_bmuf && self.tables() == TablePlacement::Replicated;
        let is_ftrl = |settings: &Settings| matches!(settings.rule, Rule::Ftrl { .. });
        let (bmuf, replicated) = (("method", "bmuf"), ("tables", "replicated"));
        let of_gradients = "weights that are computed from their gradients alone";
        let cases = [
            (
                bmuf,
                is_bmuf && train.clip_norm.is_some(),
                "train.clip_norm",
                "a norm of all gradients of a step",
            ),
            (bmuf, is_bmuf && is_ftrl(&train.dense), "train.optimizer = \"ftrl\"", of_gradients),
            (
                replicated,
                is_replicated && !is_ftrl(&train.dense) && is_ftrl(&train.tables),
                "train.embedding_optimizer = \"ftrl\"",
                of_gradients,
            ),
            (
                replicated,
                is_replicated && train.table_updates == TableUpdates::Dense,
                "train.table_updates = \"dense\"",
                "every row in each step",
            ),
        ];
        let refused = cases.into_iter().filter(|(_, is_set, ..)| *is_set);
        refused.map(|((key, value), _, other, what)| {
            let message = format!("`{value}` cannot be used with `{other}`, which needs {what}");
            Problem::new(key, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, train: &OptimizerConfig, expected: &str) {
        let config: DistributedConfig = toml::from_str(text).expect("a well-formed section");
        let found: Vec<_> = config.problems(train).iter().map(Problem::to_string).collect();
        assert_eq!(found.join("; "), expected);
    }

    const BMUF: &str = "method = 'bmuf'";
    const REPLICATED: &str = "method = 'bmuf'\ntables = 'replicated'";

    fn plain() -> OptimizerConfig {
        OptimizerConfig::new(Rule::ADAM, 0.1)
    }

    #[test]
    fn settings_of_blocks_belong_to_blocks_and_have_a_range() {
        let plain = &plain();
        check("method = 'bmuf'\nblock = 3\nblock_momentum = 0.0", plain, "");
        check("method = 'bmuf'\ntables = 'shared'", plain, "");
        check(REPLICATED, plain, "");
        for (key, value) in [("block", "3"), ("tables", "'replicated'")] {
            let expected = "has a meaning only with the `method` `bmuf`";
            check(&format!("{key} = {value}"), plain, &format!("`distributed.{key}`: {expected}"));
        }
        let expected = "`distributed.block`: must be at least 1, but is 0";
        check("method = 'bmuf'\nblock = 0", plain, expected);
        let expected = "`distributed.block_momentum`: must be in [0, 1), but is 1";
        check("method = 'bmuf'\nblock_momentum = 1.0", plain, expected);
    }

    #[test]
    fn problems_name_both_settings() {
        let ftrl = OptimizerConfig::new(Rule::Ftrl { beta: 1.0, l1: 0.0, l2: 0.0 }, 0.1);
        let clipped = OptimizerConfig { clip_norm: Some(1.0), ..plain() };
        let dense = OptimizerConfig { table_updates: TableUpdates::Dense, ..plain() };
        let tables_by_ftrl = OptimizerConfig { tables: ftrl.tables, ..plain() };
        let accepted = [("", &clipped), (BMUF, &dense), (BMUF, &tables_by_ftrl)];
        accepted.into_iter().for_each(|(text, train)| check(text, train, ""));
        let of_gradients = "weights that are computed from their gradients alone";
        let refused = [
            (BMUF, &clipped, "train.clip_norm", "a norm of all gradients of a step"),
            (REPLICATED, &ftrl, "train.optimizer = \"ftrl\"", of_gradients),
            (REPLICATED, &tables_by_ftrl, "train.embedding_optimizer = \"ftrl\"", of_gradients),
            (REPLICATED, &dense, "train.table_updates = \"dense\"", "every row in each step"),
        ];
        for (i, (text, train, other, what)) in refused.into_iter().enumerate() {
            let [key, value] = if i < 2 { ["method", "bmuf"] } else { ["tables", "replicated"] };
            let expected = format!(
                "`distributed.{key}`: `{value}` cannot be used with `{other}`, which needs {what}"
            );
            check(text, train, &expected);
        }
    }
}
