//! How a field is configured: the `[[field]]` tables of a run.
//!
//! One flat struct holds the keys of all kinds, so that a table reads the same whatever its kind, and a key that does not belong to the kind is reported beside all other problems.
//! An enum with the keys of each kind inside would stop at the first such key.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::config::missing_number::MissingNumber;
use crate::config::utc_offset::UtcOffset;

/// One field of the model's input: which column it reads and how its values are encoded.
///
/// All keys but `name` and `kind` may be left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldConfig {
    /// The field's name, not empty, unique among the fields.
    pub name: String,
    /// How values are encoded: `categorical`, `multi-hot`, `text`, `number`, `bucketized`, `time` or `cross`.
    pub kind: FieldKind,
    /// The column to read; by default the one called `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Cross: the two columns to read, different ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// Categorical, multi-hot, text and bucketized by `log_square`: a value met less often in training is rare; at least 1, which is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_count: Option<u64>,
    /// Categorical, multi-hot, text and bucketized by `log_square`: only the `top` values that come first by `top_by` are kept, others are rare; at least 1, by default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top: Option<usize>,
    /// With `top`: what values come first by, `count` (the default) or `positives`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_by: Option<TopBy>,
    /// Categorical, multi-hot, text and cross: hash values into so many buckets instead of keeping a vocabulary; 1 to 2³² − 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buckets: Option<u32>,
    /// With `buckets`: the seed of the hash; 0 to 2⁶³ − 1, by default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Categorical: whether a field of companion counts goes with it, called like it with `_counts` after the name; by default not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<bool>,
    /// With `counts`: the clicks to which the click rate is smoothed, 0.001 to 10⁹; by default 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoothing: Option<f64>,
    /// Multi-hot: the one character that parts the elements of a value; by default `|`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// Multi-hot: how the embeddings of a row's elements are joined, `sum` (the default), `mean` or `sqrt-n`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pooling: Option<Pooling>,
    /// Multi-hot: whether an element may have a weight after a colon, as in `word:0.5`; by default not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<bool>,
    /// Multi-hot: only the first so many elements of a value are kept, the others counted as clipped; at least 1, by default all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// Text: what a gram that occurs several times weighs, `counts` (the default) or `binary`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grams: Option<Grams>,
    /// Number: `raw`, `min-max` (the default), `standard`, `log1p` or `signed-log`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<Transform>,
    /// Number: the range, lower end first, into which values are moved before all else, and counted as clipped; by default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<[f64; 2]>,
    /// Number: what stands for a missing value, `"mean"` (the default), `"indicator"` or a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<MissingNumber>,
    /// Bucketized: the numbers at which a new bucket begins, ascending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundaries: Option<Vec<f64>>,
    /// Bucketized: so many buckets that hold equally many training values; 2 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<u32>,
    /// Bucketized: whether the bucket of x is ⌊ln(x)²⌋ for x above 2, and else x without its fraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_square: Option<bool>,
    /// Time: what of it is the value, `hour` or `weekday`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<TimePart>,
    /// Time: how it is written, `unix` (the default), `unix-ms`, `date-time` or `yymmddhh`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_format: Option<TimeFormat>,
    /// Time, but not `yymmddhh`: the offset from UTC of the clock that hour and weekday are read from, as `+01:00`; by default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utc_offset: Option<UtcOffset>,
}

/// How the values of a field are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// A value is one id (one-hot).
    Categorical,
    /// A value is a list of elements, each an id.
    MultiHot,
    /// A value is a text, each of its tri-letter grams an id.
    Text,
    /// A value is a number.
    Number,
    /// A value is a number, and the bucket that it falls into one id.
    Bucketized,
    /// A value is a time, and its hour or weekday one id.
    Time,
    /// The values of two columns are one id.
    Cross,
}

/// Which values of a field come first where only the `top` ones are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TopBy {
    /// Those met most often in training.
    #[default]
    Count,
    /// Those met most often in positive rows of training.
    Positives,
}

/// How the embeddings e of the elements of a multi-hot value are joined, with weights w that are 1 unless given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// Σ w e.
    #[default]
    Sum,
    /// Σ w e / Σ |w|, and 0 where all weights are 0.
    Mean,
    /// Σ w e / √(Σ w²), and 0 where all weights are 0.
    SqrtN,
}

/// What a gram of a text weighs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grams {
    /// As often as it occurs.
    #[default]
    Counts,
    /// 1, however often it occurs.
    Binary,
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
    /// ln(1 + x), and −ln(1 − x) for what is negative.
    SignedLog,
}

/// What of a time is the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimePart {
    /// The hour of the day, 0 to 23.
    Hour,
    /// The day of the week, Monday first.
    Weekday,
}

/// How a time is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeFormat {
    /// Seconds since the beginning of 1970, UTC.
    #[default]
    Unix,
    /// Milliseconds since the beginning of 1970, UTC.
    UnixMs,
    /// `2016-08-13 09:30:00` as the clock shows it, or with an offset from UTC as in RFC 3339: `2016-08-13T09:30:00Z`.
    DateTime,
    /// `16081309`, as the clock shows it.
    Yymmddhh,
}

impl FieldConfig {
    /// A field of this name and kind with all else by default.
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

    /// A categorical field with all else by default.
    pub fn categorical(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Categorical)
    }

    /// A multi-hot field with all else by default.
    pub fn multi_hot(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::MultiHot)
    }

    /// A text with all else by default.
    pub fn text(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Text)
    }

    /// A number with all else by default.
    pub fn number(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Number)
    }

    /// A number in buckets, which are still to be told by one key.
    pub fn bucketized(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Bucketized)
    }

    /// A time of which `part` is the value, with all else by default.
    pub fn time(name: impl Into<String>, part: TimePart) -> Self {
        Self { part: Some(part), ..Self::new(name, FieldKind::Time) }
    }

    /// A cross, whose `columns` and `buckets` are still to be told.
    pub fn cross(name: impl Into<String>) -> Self {
        Self::new(name, FieldKind::Cross)
    }

    /// The column that the field reads; of a cross, the first.
    pub fn column(&self) -> &str {
        self.columns().first().copied().unwrap_or_default()
    }

    /// All columns that the field reads: one, but two of a cross.
    pub fn columns(&self) -> Vec<&str> {
        match (self.kind, &self.columns) {
            (FieldKind::Cross, columns) => columns.iter().flatten().map(String::as_str).collect(),
            _ => vec![self.column.as_deref().unwrap_or(&self.name)],
        }
    }

    /// The name of the field of companion counts that goes with this one, if one does.
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
    fn the_field_tables_of_a_run_parse_and_round_trip() {
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
        let written = toml::to_string(&run).expect("what was read can be written");
        assert_eq!(toml::from_str::<Run>(&written).expect("what was written can be read"), run);
    }
}
