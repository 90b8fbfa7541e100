//! How a field is configured: the `[[field]]` tables of a run.
//!
//! One flat struct holds the keys of all kinds, so that a table reads the same whatever its kind, and a key that does not belong to the kind is reported beside all other problems.
//! An enum with the keys of each kind inside would stop at the first such key.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::missing_number::MissingNumber;

/// One field of the model's input: which column it reads and how its values are encoded.
///
/// All keys but `name` and `kind` may be left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldConfig {
    /// The field's name, not empty, unique among the fields.
    pub name: String,
    /// How values are encoded: `categorical`, `multi-hot` or `number`.
    pub kind: FieldKind,
    /// The column to read; by default the one called `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Categorical and multi-hot: a value met less often in training is rare; at least 1, which is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_count: Option<u64>,
    /// Categorical and multi-hot: only the `top` most frequent values are kept, others are rare; at least 1, by default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top: Option<usize>,
    /// Categorical and multi-hot: hash values into so many buckets instead of keeping a vocabulary; 1 to 2³² − 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buckets: Option<u32>,
    /// With `buckets`: the seed of the hash; 0 to 2⁶³ − 1, by default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Multi-hot: the one character that parts the elements of a value; by default `|`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// Multi-hot: how the embeddings of a row's elements are joined, `sum` (the default) or `mean`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pooling: Option<Pooling>,
    /// Number: `raw`, `min-max` (the default), `standard` or `log1p`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<Transform>,
    /// Number: what stands for a missing value, `"mean"` (the default), `"indicator"` or a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<MissingNumber>,
}

/// How the values of a field are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// A value is one id (one-hot).
    Categorical,
    /// A value is a list of elements, each an id.
    MultiHot,
    /// A value is a number.
    Number,
}

/// How the embeddings of the elements of a multi-hot value are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// Their sum: each element has weight 1.
    #[default]
    Sum,
    /// Their mean: each of n elements has weight 1/n.
    Mean,
}

/// How a number is scaled before the model sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transform {
    /// As it is.
    Raw,
    /// (x − min) / (max − min) of the training data, values outside clipped; 0 where all were equal.
    ///
    /// The default, since the outer ReLU of a residual unit clips what is negative.
    #[default]
    MinMax,
    /// (x − mean) / standard deviation of the training data; 0 where all were equal.
    Standard,
    /// ln(1 + x), with 0 for what is negative.
    Log1p,
}

impl FieldConfig {
    /// A field of this name and kind with all else by default.
    pub fn new(name: impl Into<String>, kind: FieldKind) -> Self {
        Self {
            name: name.into(),
            kind,
            column: None,
            min_count: None,
            top: None,
            buckets: None,
            seed: None,
            separator: None,
            pooling: None,
            transform: None,
            missing: None,
        }
    }

    /// A categorical field with all else by default.
    pub fn categorical(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Categorical)
    }

    /// A multi-hot field with all else by default.
    pub fn multi_hot(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::MultiHot)
    }

    /// A number with all else by default.
    pub fn number(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Number)
    }

    /// The column that the field reads.
    pub fn column(&self) -> &str {
        self.column.as_deref().unwrap_or(&self.name)
    }

    /// Everything that is wrong with the field by itself, a sentence each; empty where it can be used.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = self.foreign_keys();
        problems.extend(self.contradictions());
        problems.extend(self.bad_values());
        problems
    }

    fn key(&self, key: &str) -> String {
        format!("`field.{}.{key}`", self.name)
    }

    /// Keys that have no meaning for the kind.
    fn foreign_keys(&self) -> Vec<String> {
        use FieldKind::{Categorical, MultiHot, Number};
        let ids: &[FieldKind] = &[Categorical, MultiHot];
        let keys = [
            ("min_count", self.min_count.is_some(), ids),
            ("top", self.top.is_some(), ids),
            ("buckets", self.buckets.is_some(), ids),
            ("seed", self.seed.is_some(), ids),
            ("separator", self.separator.is_some(), &[MultiHot]),
            ("pooling", self.pooling.is_some(), &[MultiHot]),
            ("transform", self.transform.is_some(), &[Number]),
            ("missing", self.missing.is_some(), &[Number]),
        ];
        keys.iter()
            .filter(|(_, given, kinds)| *given && !kinds.contains(&self.kind))
            .map(|(key, ..)| format!("{}: has no meaning for kind `{}`", self.key(key), self.kind))
            .collect()
    }

    /// Keys that contradict each other.
    fn contradictions(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(buckets) = self.buckets {
            let vocabulary = [("min_count", self.min_count.is_some()), ("top", self.top.is_some())];
            problems.extend(vocabulary.iter().filter(|(_, given)| *given).map(|(key, _)| {
                format!(
                    "{}: contradicts `buckets = {buckets}`, since hashing keeps no vocabulary",
                    self.key(key)
                )
            }));
        } else if let Some(seed) = self.seed {
            problems.push(format!(
                "{}: has no meaning without `buckets`, but is {seed}",
                self.key("seed")
            ));
        }
        problems
    }

    /// Values out of range.
    fn bad_values(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut check = |key: &str, good: bool, want: &str, is: &dyn fmt::Display| {
            if !good {
                problems.push(format!("{}: must be {want}, but is {is}", self.key(key)));
            }
        };
        check("name", !self.name.is_empty(), "not empty", &"\"\"");
        check("column", self.column.as_deref() != Some(""), "not empty", &"\"\"");
        check("min_count", self.min_count != Some(0), "at least 1", &0);
        check("top", self.top != Some(0), "at least 1", &0);
        let buckets = self.buckets.unwrap_or(1);
        check("buckets", (1..u32::MAX).contains(&buckets), "from 1 to 4294967294", &buckets);
        let seed = self.seed.unwrap_or(0);
        check("seed", i64::try_from(seed).is_ok(), "at most 9223372036854775807", &seed);
        let separator = self.separator.as_deref().unwrap_or("|");
        check(
            "separator",
            single_char(separator).is_some(),
            "one character",
            &format!("{separator:?}"),
        );
        if let Some(MissingNumber::Value(value)) = self.missing {
            let good = value.abs() <= f64::from(f32::MAX);
            check("missing", good, "a finite number within the range of f32", &value);
        }
        problems
    }

    pub(crate) fn separator_char(&self) -> char {
        self.separator.as_deref().and_then(single_char).unwrap_or('|')
    }
}

impl fmt::Display for FieldKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Categorical => "categorical",
            Self::MultiHot => "multi-hot",
            Self::Number => "number",
        })
    }
}

fn single_char(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Run {
        field: Vec<FieldConfig>,
    }

    fn parse(toml: &str) -> FieldConfig {
        toml::from_str(toml).expect("a well-formed field")
    }

    #[test]
    fn the_field_tables_of_a_run_parse_and_round_trip() {
        let run: Run = toml::from_str(
            r#"
            [[field]]
            name = "age"
            kind = "number"
            transform = "min-max"
            missing = 0

            [[field]]
            name = "campaign"
            kind = "categorical"
            column = "campaign_id"
            top = 10000

            [[field]]
            name = "genres"
            kind = "multi-hot"
            separator = "|"
            pooling = "mean"
            buckets = 1000000
            seed = 7
            "#,
        )
        .expect("well-formed tables");
        let expected = vec![
            FieldConfig {
                transform: Some(Transform::MinMax),
                missing: Some(MissingNumber::Value(0.0)),
                ..FieldConfig::number("age")
            },
            FieldConfig {
                column: Some("campaign_id".to_owned()),
                top: Some(10_000),
                ..FieldConfig::categorical("campaign")
            },
            FieldConfig {
                separator: Some("|".to_owned()),
                pooling: Some(Pooling::Mean),
                buckets: Some(1_000_000),
                seed: Some(7),
                ..FieldConfig::multi_hot("genres")
            },
        ];
        assert_eq!(run.field, expected);
        let written = toml::to_string(&run).expect("what was read can be written");
        assert_eq!(toml::from_str::<Run>(&written).expect("what was written can be read"), run);
    }

    #[track_caller]
    fn check(toml: &str, problems: &[&str]) {
        assert_eq!(parse(toml).problems(), problems);
    }

    #[test]
    fn all_problems_are_told_at_once() {
        check("name = \"a\"\nkind = \"categorical\"\nmin_count = 2\ntop = 5", &[]);
        check(
            "name = \"a\"\nkind = \"number\"\nseparator = \"|\"\ntop = 0",
            &[
                "`field.a.top`: has no meaning for kind `number`",
                "`field.a.separator`: has no meaning for kind `number`",
                "`field.a.top`: must be at least 1, but is 0",
            ],
        );
        check(
            "name = \"a\"\nkind = \"multi-hot\"\nbuckets = 0\ntop = 1\nmin_count = 0\n\
             separator = \"ab\"",
            &[
                "`field.a.min_count`: contradicts `buckets = 0`, since hashing keeps no vocabulary",
                "`field.a.top`: contradicts `buckets = 0`, since hashing keeps no vocabulary",
                "`field.a.min_count`: must be at least 1, but is 0",
                "`field.a.buckets`: must be from 1 to 4294967294, but is 0",
                "`field.a.separator`: must be one character, but is \"ab\"",
            ],
        );
        check(
            "name = \"a\"\nkind = \"categorical\"\nseed = 3\ntransform = \"raw\"",
            &[
                "`field.a.transform`: has no meaning for kind `categorical`",
                "`field.a.seed`: has no meaning without `buckets`, but is 3",
            ],
        );
        check(
            "name = \"\"\nkind = \"number\"\ncolumn = \"\"\nmissing = inf",
            &[
                "`field..name`: must be not empty, but is \"\"",
                "`field..column`: must be not empty, but is \"\"",
                "`field..missing`: must be a finite number within the range of f32, but is inf",
            ],
        );
    }
}
