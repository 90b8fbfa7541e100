//! The configuration of one field: a `[[field]]` table of a run.
//!
//! One flat struct holds the keys of all kinds, so that a table reads the same whatever its kind.
//! A key that does not belong to the kind is reported together with all other problems.
//! Rejected: an enum with the keys of each kind, because reading it stops at the first key that does not belong.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::config::missing_number::MissingNumber;
use crate::config::utc_offset::UtcOffset;

/// One field of the model's input: the column that it reads, and the encoding of its values.
///
/// All keys except `name` and `kind` may be left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldConfig {
    /// The field's name, not empty, unique among the fields.
    pub name: String,
    /// The encoding of values: `categorical`, `multi-hot`, `text`, `number`, `bucketized`, `time` or `cross`.
    pub kind: FieldKind,
    /// The column to read; by default the column called `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Cross: the two columns to read, different ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// Categorical, multi-hot, text and bucketized by `log_square`: a value that occurs less often in training is rare;
    /// at least 1, which is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_count: Option<u64>,
    /// Categorical, multi-hot, text and bucketized by `log_square`: only the first `top` values by `top_by` are kept,
    /// others are rare; at least 1, by default all are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top: Option<usize>,
    /// With `top`: the order of values, by `count` (the default) or by `positives`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_by: Option<TopBy>,
    /// Categorical, multi-hot, text and cross: hash values into this number of buckets instead of keeping a vocabulary;
    /// 1 to 2³² − 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buckets: Option<u32>,
    /// With `buckets`: the seed of the hash; 0 to 2⁶³ − 1, by default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Categorical: whether to add a field of companion counts, named like this field with `_counts` appended;
    /// by default not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<bool>,
    /// With `counts`: the strength of smoothing of the click rate, in clicks; 0.001 to 10⁹, by default 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoothing: Option<f64>,
    /// Multi-hot: the one character between the elements of a value; by default `|`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// Multi-hot: the pooling of the embeddings of a row's elements, `sum` (the default), `mean` or `sqrt-n`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pooling: Option<Pooling>,
    /// Multi-hot: whether an element may have a weight after a colon, as in `word:0.5`; by default not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<bool>,
    /// Multi-hot: the number of elements of a value that are kept, from the first on; others are counted as clipped.
    /// At least 1; by default all are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// Text: the weight of a gram that occurs several times, `counts` (the default) or `binary`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grams: Option<Grams>,
    /// Number: the scaling, `raw`, `min-max` (the default), `standard`, `log1p` or `signed-log`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<Transform>,
    /// Number: a range, lower end first; values outside are moved to its nearer end before all else, and counted as
    /// clipped. By default, there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<[f64; 2]>,
    /// Number: the replacement of a missing value, `"mean"` (the default), `"indicator"` or a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<MissingNumber>,
    /// Bucketized: the numbers at which a new bucket begins, ascending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundaries: Option<Vec<f64>>,
    /// Bucketized: the number of buckets, each with equally many training values; 2 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<u32>,
    /// Bucketized: whether the bucket of x is ⌊ln(x)²⌋ for x above 2, and else x without its fraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_square: Option<bool>,
    /// Time: the part that is the value, `hour` or `weekday`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<TimePart>,
    /// Time: the form in which it is written, `unix` (the default), `unix-ms`, `date-time` or `yymmddhh`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_format: Option<TimeFormat>,
    /// Time, except `yymmddhh`: the offset from UTC of the clock that shows the hour and the weekday, such as `+01:00`;
    /// by default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utc_offset: Option<UtcOffset>,
}

/// The encoding of a field's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// A value is one id (one-hot).
    Categorical,
    /// A value is a list of elements, and each element is an id.
    MultiHot,
    /// A value is a text, and each of its tri-letter grams is an id.
    Text,
    /// A value is a number.
    Number,
    /// A value is a number, and the bucket that it falls into is one id.
    Bucketized,
    /// A value is a time, and its hour or weekday is one id.
    Time,
    /// The values of two columns together are one id.
    Cross,
}

/// The order of a field's values, of which only the first `top` are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TopBy {
    /// The values that occur most often in training come first.
    #[default]
    Count,
    /// The values that occur most often in positive training rows come first.
    Positives,
}

/// The pooling of the embeddings e of the elements of a multi-hot value, with weights w that are 1 unless given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// Σ w e.
    #[default]
    Sum,
    /// Σ w e / Σ |w|, and 0 if all weights are 0.
    Mean,
    /// Σ w e / √(Σ w²), and 0 if all weights are 0.
    SqrtN,
}

/// The weight of a gram of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grams {
    /// The number of times that it occurs.
    #[default]
    Counts,
    /// 1, however often it occurs.
    Binary,
}

/// The scaling of a number before the model sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transform {
    /// The number itself.
    Raw,
    /// (x − min) / (max − min) of the training data, with values outside clipped; 0 if all were equal.
    ///
    /// This is the default, since the outer ReLU of a residual unit clips negative numbers.
    #[default]
    MinMax,
    /// (x − mean) / standard deviation of the training data; 0 if all were equal.
    Standard,
    /// ln(1 + x), and 0 for negative x.
    Log1p,
    /// ln(1 + x), and −ln(1 − x) for negative x.
    SignedLog,
}

/// The part of a time that is the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimePart {
    /// The hour of the day, 0 to 23.
    Hour,
    /// The day of the week, Monday first.
    Weekday,
}

/// The form in which a time is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeFormat {
    /// Seconds since the beginning of 1970, UTC.
    #[default]
    Unix,
    /// Milliseconds since the beginning of 1970, UTC.
    UnixMs,
    /// `2016-08-13 09:30:00` of the local clock, or with an offset from UTC as in RFC 3339: `2016-08-13T09:30:00Z`.
    DateTime,
    /// `16081309` of the local clock: year, month, day and hour with two digits each.
    Yymmddhh,
}

impl FieldConfig {
    /// A field with this name and kind, and defaults for everything else.
    pub fn new(name: impl Into<String>, kind: FieldKind) -> Self {
        Self {
            name: name.into(),
            kind,
            column: None,
            columns: None,
            min_count: None,
            top: None,
            top_by: None,
            buckets: None,
            seed: None,
            counts: None,
            smoothing: None,
            separator: None,
            pooling: None,
            weights: None,
            max_length: None,
            grams: None,
            transform: None,
            clip: None,
            missing: None,
            boundaries: None,
            quantiles: None,
            log_square: None,
            part: None,
            time_format: None,
            utc_offset: None,
        }
    }

    /// A categorical field with defaults for everything else.
    pub fn categorical(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Categorical)
    }

    /// A multi-hot field with defaults for everything else.
    pub fn multi_hot(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::MultiHot)
    }

    /// A text field with defaults for everything else.
    pub fn text(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Text)
    }

    /// A number field with defaults for everything else.
    pub fn number(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Number)
    }

    /// A bucketized field; exactly one of `boundaries`, `quantiles` and `log_square` must still be set.
    pub fn bucketized(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Bucketized)
    }

    /// A time field whose value is `part`, with defaults for everything else.
    pub fn time(name: impl Into<String>, part: TimePart) -> Self {
        Self { part: Some(part), ..Self::new(name, FieldKind::Time) }
    }

    /// A cross field; its `columns` and `buckets` must still be set.
    pub fn cross(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Cross)
    }

    /// The column that the field reads; for a cross, the first one.
    pub fn column(&self) -> &str {
        self.columns().first().copied().unwrap_or_default()
    }

    /// All columns that the field reads: two for a cross, and one for every other kind.
    pub fn columns(&self) -> Vec<&str> {
        match (self.kind, &self.columns) {
            (FieldKind::Cross, columns) => columns.iter().flatten().map(String::as_str).collect(),
            _ => vec![self.column.as_deref().unwrap_or(&self.name)],
        }
    }

    /// The name of the field of companion counts that goes with this field, if there is one.
    pub fn companion(&self) -> Option<String> {
        (self.counts == Some(true)).then(|| companion_name(&self.name))
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
            Self::Text => "text",
            Self::Number => "number",
            Self::Bucketized => "bucketized",
            Self::Time => "time",
            Self::Cross => "cross",
        })
    }
}

/// The name of the field that holds the companion counts of the field `name`.
pub(crate) fn companion_name(name: &str) -> String {
    format!("{name}_counts")
}

/// The only character of `text`; `None` if it has none or several.
pub(crate) fn single_char(text: &str) -> Option<char> {
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

    const FIELDS: &str = r#"
        [[field]]
        name = "age"
        kind = "number"
        transform = "signed-log"
        clip = [0, 99.5]
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

        [[field]]
        name = "tags"
        kind = "multi-hot"
        weights = true
        max_length = 20
        pooling = "sqrt-n"

        [[field]]
        name = "query"
        kind = "text"
        grams = "binary"
        top = 49292
        top_by = "positives"

        [[field]]
        name = "price"
        kind = "bucketized"
        boundaries = [1, 2.5]

        [[field]]
        name = "hour"
        kind = "time"
        part = "hour"
        time_format = "date-time"
        utc_offset = "-08:30"

        [[field]]
        name = "pair"
        kind = "cross"
        columns = ["a", "b"]
        buckets = 10
    "#;

    fn ids() -> Vec<FieldConfig> {
        vec![
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
            FieldConfig {
                weights: Some(true),
                max_length: Some(20),
                pooling: Some(Pooling::SqrtN),
                ..FieldConfig::multi_hot("tags")
            },
            FieldConfig {
                grams: Some(Grams::Binary),
                top: Some(49_292),
                top_by: Some(TopBy::Positives),
                ..FieldConfig::text("query")
            },
        ]
    }

    #[test]
    fn field_tables_of_a_run_are_parsed_and_survive_a_round_trip() {
        let run: Run = toml::from_str(FIELDS).expect("well-formed tables");
        let number = FieldConfig {
            transform: Some(Transform::SignedLog),
            clip: Some([0.0, 99.5]),
            missing: Some(MissingNumber::Value(0.0)),
            ..FieldConfig::number("age")
        };
        let others = vec![
            FieldConfig { boundaries: Some(vec![1.0, 2.5]), ..FieldConfig::bucketized("price") },
            FieldConfig {
                time_format: Some(TimeFormat::DateTime),
                utc_offset: UtcOffset::parse("-08:30"),
                ..FieldConfig::time("hour", TimePart::Hour)
            },
            FieldConfig {
                columns: Some(vec!["a".to_owned(), "b".to_owned()]),
                buckets: Some(10),
                ..FieldConfig::cross("pair")
            },
        ];
        assert_eq!(run.field, [vec![number], ids(), others].concat());
        assert!(run.field.iter().all(|field| field.problems().is_empty()));
        let written = toml::to_string(&run).expect("a configuration can be written");
        assert_eq!(
            toml::from_str::<Run>(&written).expect("a written configuration can be read"),
            run
        );
    }
}
