//! The section `[distributed]`: how several ranks train one model.

use deepcross_features::Problem;
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

/// The settings of a run on several ranks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DistributedConfig {
    /// How dense weights are joined. Rows of tables move with the gradients of all ranks in each step.
    pub method: DistributedMethod,
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

    /// The settings that are out of range, or that do not go with a clipped norm or with the optimizer FTRL.
    pub(crate) fn problems(&self, is_clipped: bool, is_ftrl: bool) -> Vec<Problem> {
        let Self { method, block, block_momentum } = self;
        let is_bmuf = *method == DistributedMethod::Bmuf;
        let set = [("block", block.is_some()), ("block_momentum", block_momentum.is_some())];
        let mut problems: Vec<_> = set
            .into_iter()
            .filter(|(_, is_set)| *is_set && !is_bmuf)
            .map(|(key, _)| Problem::new(key, "has a meaning only with the `method` `bmuf`"))
            .collect();
        let is_block = *block != Some(0);
        problems.extend(Problem::unless(is_block, "block", "be at least 1", 0));
        if let Some(momentum) = *block_momentum {
            let is_good = (0.0..1.0).contains(&momentum);
            problems.extend(Problem::unless(is_good, "block_momentum", "be in [0, 1)", momentum));
        }
        let others = [
            ("train.clip_norm", is_clipped, "a norm of all gradients of a step"),
            (
                "train.optimizer = \"ftrl\"",
                is_ftrl,
                "weights that are computed from their gradients alone",
            ),
        ];
        let refused = others.iter().filter(|(_, is_set, _)| is_bmuf && *is_set);
        problems.extend(refused.map(|(other, _, what)| {
            let message = format!("`bmuf` cannot be used with `{other}`, which needs {what}");
            Problem::new("method", message)
        }));
        problems.into_iter().map(|problem| problem.within("distributed")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_name_both_settings() {
        let cases = [
            ("", "", ""),
            ("method = 'bmuf'\nblock = 3\nblock_momentum = 0.0", "", ""),
            ("block = 3", "", "`distributed.block`: has a meaning only with the `method` `bmuf`"),
            ("method = 'bmuf'\nblock = 0", "", "`distributed.block`: must be at least 1, but is 0"),
            (
                "method = 'bmuf'\nblock_momentum = 1.0",
                "",
                "`distributed.block_momentum`: must be in [0, 1), but is 1",
            ),
            (
                "method = 'bmuf'",
                "clipped",
                "`distributed.method`: `bmuf` cannot be used with `train.clip_norm`, which needs a norm of all gradients of \
                 a step",
            ),
            (
                "method = 'bmuf'",
                "ftrl",
                "`distributed.method`: `bmuf` cannot be used with `train.optimizer = \"ftrl\"`, which needs weights that \
                 are computed from their gradients alone",
            ),
        ];
        for (text, other, expected) in cases {
            let config: DistributedConfig = toml::from_str(text).expect("a well-formed section");
            let problems = config.problems(other == "clipped", other == "ftrl");
            let found: Vec<_> = problems.iter().map(Problem::to_string).collect();
            assert_eq!(found.join("; "), expected);
        }
    }
}
