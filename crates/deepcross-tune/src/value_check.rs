//! Checks the values of a space before anything is trained: each choice, and both ends of each range.
//!
//! A value that contradicts the configuration may be right beside other values of the space: a momentum beside the
//! optimizer `sgd`. So a value is refused only if its key has a problem beside any of them.

use crate::sample::{Changes, Setting};
use crate::space::{SECTION, Space};
use deepcross_features::Problem;
use deepcross_train::TrainError;
use deepcross_train::config::ConfigText;

/// The most keys that are changed together so that another one can have its value.
const MOST_OTHERS: usize = 3;

/// The values that no trial can have, one problem for each key and reason.
///
/// # Errors
/// As [`ConfigText::problems_at`].
pub(crate) fn refused_values(
    text: ConfigText<'_>,
    space: &Space,
) -> Result<Vec<Problem>, TrainError> {
    let check = ValueCheck { text, space };
    let mut refused = Vec::new();
    for at in 0..space.dimensions.len() {
        refused.extend(check.refused_at(at)?);
    }
    Ok(refused)
}

/// The configuration and the values that it is changed by.
struct ValueCheck<'a> {
    text: ConfigText<'a>,
    space: &'a Space,
}

/// Values of some keys, by the position of the key in the space.
type Chosen = Vec<(usize, Setting)>;

impl ValueCheck<'_> {
    /// The refused values of a key, those with the same reason together.
    fn refused_at(&self, at: usize) -> Result<Vec<Problem>, TrainError> {
        let mut by_reason: Vec<(String, Vec<String>)> = Vec::new();
        for setting in self.settings_of(at) {
            let value = setting.value.to_string();
            let chosen = vec![(at, setting)];
            let problems = self.problems(at, &chosen)?;
            if problems.is_empty() || self.can_be(at, &chosen, &problems)? {
                continue;
            }
            let reason = self.reason(at, &problems);
            match by_reason.iter_mut().find(|(other, _)| *other == reason) {
                Some((_, values)) => values.push(value),
                None => by_reason.push((reason, vec![value])),
            }
        }
        let path = format!("{SECTION}.{}", self.space.dimensions[at].key);
        let problem = |(reason, values): (String, Vec<String>)| {
            Problem::new(path.clone(), format!("cannot be {}: {reason}", values.join(" or ")))
        };
        Ok(by_reason.into_iter().map(problem).collect())
    }

    /// Whether the problems of a key go with values of other keys; only values that change the problems are tried on with
    /// further ones.
    fn can_be(&self, at: usize, chosen: &Chosen, problems: &[Problem]) -> Result<bool, TrainError> {
        if chosen.len() > MOST_OTHERS {
            return Ok(false);
        }
        let is_free = |other: &usize| chosen.iter().all(|(taken, _)| taken != other);
        for other in (0..self.space.dimensions.len()).filter(is_free) {
            for setting in self.settings_of(other) {
                let mut more = chosen.clone();
                more.push((other, setting));
                let left = self.problems(at, &more)?;
                let can_be =
                    left.is_empty() || (left != problems && self.can_be(at, &more, &left)?);
                if can_be {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The problems of a key, in the configuration with these values.
    fn problems(&self, at: usize, chosen: &Chosen) -> Result<Vec<Problem>, TrainError> {
        // The keys of all fields come after those of single fields, as in a trial.
        let mut chosen: Vec<_> = chosen.iter().collect();
        chosen.sort_by_key(|(place, _)| *place);
        let settings = chosen.into_iter().map(|(_, setting)| setting);
        let changes = Changes::of(self.text.overrides, settings);
        changes.made_in(self.text).problems_at(&self.space.dimensions[at].key)
    }

    /// The checked values of a key.
    fn settings_of(&self, at: usize) -> impl Iterator<Item = Setting> + use<> {
        let dimension = &self.space.dimensions[at];
        let key = dimension.key.clone();
        let values = dimension.domain.checked_values().into_iter();
        values.map(move |value| Setting { key: key.clone(), value })
    }

    /// The problems in one line; the path of the key itself is left out.
    fn reason(&self, at: usize, problems: &[Problem]) -> String {
        let key = &self.space.dimensions[at].key;
        let text = |problem: &Problem| match problem.path == *key || problem.path.starts_with("--")
        {
            true => problem.message.clone(),
            false => problem.to_string(),
        };
        problems.iter().map(text).collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use crate::trial::space;
    use deepcross_train::TrainError;
    use deepcross_train::config::ConfigText;

    const CONFIG: &str = "[data]\nlabel = 'click'\n[[field]]\nname = 'ad'\nkind = 'categorical'\n[[field]]\n\
                          name = 'age'\nkind = 'number'\n[model]\nembedding = 4\nhidden = [8]\n[tune]\n";

    /// The refused values of ranges, without the lines of their keys.
    fn refused(ranges: &str) -> Vec<String> {
        let text = format!("{CONFIG}{ranges}");
        let text = ConfigText { text: &text, file: "run.toml", ..ConfigText::default() };
        match space(text) {
            Ok(_) => Vec::new(),
            Err(TrainError::Config { problems, .. }) => {
                let without_line = |problem: &String| match problem.split_once(": `tune.") {
                    Some((_, rest)) => format!("`tune.{rest}"),
                    None => problem.clone(),
                };
                problems.iter().map(without_line).collect()
            }
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_wrong_choice_or_end_of_a_range_is_refused_with_key_value_and_reason() {
        let cases = [
            (
                "model.hidden = [[64, 'x'], [8]]",
                "`tune.model.hidden`: cannot be [64, \"x\"]: `model.hidden[1]`: invalid type: string \"x\", expected a \
                 whole number from 0",
            ),
            (
                "train.batch = { low = 0, high = 64 }",
                "`tune.train.batch`: cannot be 0: must be at least 1, but is 0",
            ),
            (
                "train.batch = { low = 1.0, high = 64.0 }",
                "`tune.train.batch`: cannot be 1.0: invalid type: floating point `1.0`, expected a whole number from 0",
            ),
            (
                "model.dropout = { low = 0, high = 1.0 }",
                "`tune.model.dropout`: cannot be 1.0: must be in [0, 1), but is 1",
            ),
            (
                "train.learning_rat = [0.1, 0.2]",
                "`tune.train.learning_rat`: cannot be 0.1 or 0.2: unknown key; the nearest known one is `learning_rate`",
            ),
            (
                "field.agee.bins = [4]",
                "`tune.field.agee.bins`: cannot be 4: there is no field `agee`; the nearest is `age`",
            ),
            (
                "field.age = [true, { kind = 'numbr' }]",
                "`tune.field.age`: cannot be { kind = \"numbr\" }: `field.age.kind`: unknown variant `numbr`, expected one \
                 of `categorical`, `multi-hot`, `text`, `number`, `bucketized`, `time`, `cross`, `vector`",
            ),
            (
                "train.momentum = [0.5]",
                "`tune.train.momentum`: cannot be 0.5: has a meaning only with `optimizer = \"sgd\"`",
            ),
        ];
        for (ranges, expected) in cases {
            assert_eq!(refused(ranges)[0], expected, "{ranges}");
        }
        let optimizer = refused("train.optimizer = ['adam', 'adm']\ntrain.batch = [32, -1]");
        assert_eq!(optimizer.len(), 2, "{optimizer:?}");
        let variants = optimizer.iter().filter(|problem| problem.contains("unknown variant `adm`"));
        assert_eq!(variants.count(), 1, "{optimizer:?}");
    }

    #[test]
    fn a_value_that_goes_with_other_values_of_the_space_is_not_refused() {
        for ranges in [
            "train.optimizer = ['adam', 'sgd']\ntrain.momentum = [0.5, 0.9]\ntrain.nesterov = [true, false]",
            "model.kind = ['lr', 'mlp']\nmodel.hidden = [[8], [16]]",
            "field.age.kind = ['number', 'bucketized']\nfield.age.quantiles = [5]\n\
             field.age.log_square = [true]\nfield.age.min_count = [3]",
            "field.pair = [{ kind = 'cross', columns = ['ad', 'age'], buckets = 64 }]\nfield.'pa*'.counts = [true]",
            "field.age = [true, false]\nfield.'*'.min_count = [4, 8]",
        ] {
            assert_eq!(refused(ranges), [""; 0], "{ranges}");
        }
        // The momentum is wrong with any optimizer.
        let wrong = refused("train.optimizer = ['adam', 'sgd']\ntrain.momentum = [2.0, 0.5]");
        assert!(wrong.len() == 1 && wrong[0].contains("cannot be 2.0: "), "{wrong:?}");
    }
}
