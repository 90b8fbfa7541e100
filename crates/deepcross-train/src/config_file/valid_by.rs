//! The key `valid_by` of `[train]`: the rule by which rows are held out for validation.

use super::run_config::RunConfig;
use deepcross_data::Order;
use deepcross_data::split::{Shares, SplitBy};
use deepcross_features::Problem;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The rule by which rows are held out for validation.
///
/// Rejected: a hash of the whole row. Of few distinct rows, label included, all clicks may then be held out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ValidBy {
    /// `row`: at random, by the number of the row.
    #[default]
    Row,
    /// `field:COLUMN`: all rows with the same value in a column are on one side, which is random.
    Field(String),
    /// `time:COLUMN`: the last rows, by the times in a column; `time`: the last rows, by their order.
    Time(Option<String>),
}

impl ValidBy {
    /// The column that decides, if one does.
    fn column(&self) -> Option<&str> {
        match self {
            Self::Field(column) | Self::Time(Some(column)) => Some(column),
            Self::Row | Self::Time(None) => None,
        }
    }

    /// Whether a seed chooses the rows.
    pub(crate) fn is_random(&self) -> bool {
        !matches!(self, Self::Time(_))
    }
}

impl fmt::Display for ValidBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row => f.write_str("row"),
            Self::Field(column) => write!(f, "field:{column}"),
            Self::Time(Some(column)) => write!(f, "time:{column}"),
            Self::Time(None) => f.write_str("time"),
        }
    }
}

impl TryFrom<String> for ValidBy {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let found = match (text.as_str(), text.split_once(':')) {
            ("row", _) => Some(Self::Row),
            ("time", _) => Some(Self::Time(None)),
            (_, Some(("field", column))) => Some(Self::Field(column.to_owned())),
            (_, Some(("time", column))) => Some(Self::Time(Some(column.to_owned()))),
            _ => None,
        };
        found.filter(|by| by.column() != Some("")).ok_or_else(|| {
            format!("must be `row`, `field:COLUMN`, `time:COLUMN` or `time`, but is `{text}`")
        })
    }
}

impl From<ValidBy> for String {
    fn from(by: ValidBy) -> Self {
        by.to_string()
    }
}

impl RunConfig {
    /// The rule by which rows are held out: `train.valid_by`, or else `time` if the rows are in the order of their
    /// times, and `row` if not.
    pub fn valid_by(&self) -> ValidBy {
        self.train.valid_by.clone().unwrap_or(match self.data.order {
            Order::Any => ValidBy::Row,
            Order::Time => ValidBy::Time(None),
        })
    }

    /// The rule with its share and its seed.
    pub(crate) fn hold_out_by(&self) -> SplitBy {
        let (shares, seed) =
            (Shares { valid: self.train.valid_fraction(), test: 0.0 }, self.train.split_seed());
        match self.valid_by() {
            ValidBy::Row => SplitBy::Row { shares, seed },
            ValidBy::Field(column) => SplitBy::Key { column, shares, seed },
            ValidBy::Time(Some(column)) => SplitBy::Time { column, shares },
            ValidBy::Time(None) => SplitBy::Order(shares),
        }
    }

    /// The problems of the rule together with other keys.
    pub(super) fn valid_by_problems(&self) -> Vec<Problem> {
        let (mut problems, rule) = (Vec::new(), self.valid_by());
        if rule == ValidBy::Time(None) && self.data.order != Order::Time {
            let message = "`time` needs `data.order = \"time\"`, which says that later rows come last; or name a column \
                           of times, as in `time:COLUMN`";
            problems.push(Problem::new("train.valid_by", message));
        }
        let label = self.data.label().map(|label| label.column);
        for (what, target) in [("label", label.as_deref()), ("weight", self.data.weight.as_deref())]
        {
            if let Some(target) = target.filter(|target| rule.column() == Some(target)) {
                let message = format!("must not name `{target}`, the column of the {what}");
                problems.push(Problem::new("train.valid_by", message));
            }
        }
        if self.train.split_seed.is_some() && !rule.is_random() {
            let why = match &self.train.valid_by {
                Some(rule) => format!("`train.valid_by = \"{rule}\"`"),
                None => "`data.order = \"time\"`, unless `train.valid_by` is set,".to_owned(),
            };
            let message = format!("has no meaning if the last rows are held out, as {why} says");
            problems.push(Problem::new("train.split_seed", message));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_written() {
        for (text, rule) in [
            ("row", ValidBy::Row),
            ("time", ValidBy::Time(None)),
            ("time:at", ValidBy::Time(Some("at".to_owned()))),
            ("field:a:b", ValidBy::Field("a:b".to_owned())),
        ] {
            assert_eq!(ValidBy::try_from(text.to_owned()).as_ref(), Ok(&rule));
            assert_eq!(rule.to_string(), text);
        }
        for text in ["", "rows", "field", "field:", "time:", "key:a", "Row"] {
            let message =
                format!("must be `row`, `field:COLUMN`, `time:COLUMN` or `time`, but is `{text}`");
            assert_eq!(ValidBy::try_from(text.to_owned()), Err(message));
        }
    }

    /// The problems of a configuration with these keys of `[data]` and `[train]`.
    fn problems(data: &str, train: &str) -> Vec<String> {
        let field = "[[field]]\nname = 'a'\nkind = 'number'";
        let text = format!("[data]\nlabel = 'click'\n{data}\n{field}\n[train]\n{train}");
        match RunConfig::parse(&text, &[], "run.toml") {
            Ok(_) => Vec::new(),
            Err(crate::TrainError::Config { problems, .. }) => problems,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn rules_that_contradict_other_keys_are_refused() {
        let cases: [(&str, &str, &[&str]); 9] = [
            ("", "valid_by = 'row'\nsplit_seed = 3", &[]),
            ("", "valid_by = 'time:at'", &[]),
            ("order = 'time'", "valid_by = 'row'\nsplit_seed = 3", &[]),
            ("order = 'time'", "valid_by = 'time'", &[]),
            (
                "",
                "valid_by = 'time'",
                &[
                    "line 8: `train.valid_by`: `time` needs `data.order = \"time\"`, which says that later rows come \
                   last; or name a column of times, as in `time:COLUMN`",
                ],
            ),
            (
                "",
                "valid_by = 'field:click'",
                &["line 8: `train.valid_by`: must not name `click`, the column of the label"],
            ),
            (
                "weight = 'w'",
                "valid_by = 'time:w'",
                &["line 8: `train.valid_by`: must not name `w`, the column of the weight"],
            ),
            (
                "",
                "valid_by = 'time:at'\nsplit_seed = 3",
                &[
                    "line 9: `train.split_seed`: has no meaning if the last rows are held out, as `train.valid_by = \
                   \"time:at\"` says",
                ],
            ),
            (
                "order = 'time'",
                "split_seed = 3",
                &[
                    "line 8: `train.split_seed`: has no meaning if the last rows are held out, as `data.order = \
                   \"time\"`, unless `train.valid_by` is set, says",
                ],
            ),
        ];
        for (data, train, expected) in cases {
            assert_eq!(problems(data, train), expected, "{data} {train}");
        }
    }
}
