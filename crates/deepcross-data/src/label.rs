//! The label of a row: 1 or 0, by the values of one column.
//!
//! Both classes are named, and any other value is an error: "all that is not positive" would take a
//! mistyped or missing label for a negative one.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{DataError, shown};
use crate::row::{Located, RawRow};
use crate::source::Source;

/// The label column and the values of its two classes.
///
/// Written as a name alone, the column holds `1` for positive and `0` for negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelConfig {
    /// The name of the column.
    pub column: String,
    /// The values that mean 1; default: `1`.
    pub positive: Vec<String>,
    /// The values that mean 0; default: `0`.
    pub negative: Vec<String>,
}

impl LabelConfig {
    /// A column of `1` and `0`.
    pub fn binary(column: impl Into<String>) -> Self {
        Self { column: column.into(), positive: vec!["1".into()], negative: vec!["0".into()] }
    }

    /// A column of `1` and `0`, or of `+1` and `-1`, as files for linear models have it.
    pub fn signed(column: impl Into<String>) -> Self {
        let [positive, negative] =
            [["1", "+1"], ["0", "-1"]].map(|class| class.map(String::from).into());
        Self { column: column.into(), positive, negative }
    }

    /// What is wrong with the classes; see [`DataConfig::problems`](crate::DataConfig::problems).
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (key, values) in [("positive", &self.positive), ("negative", &self.negative)] {
            if values.is_empty() {
                problems.push(format!(
                    "`data.label.{key}`: must name at least one value, but is empty"
                ));
            }
        }
        let both = self.positive.iter().filter(|value| self.negative.contains(value));
        problems.extend(both.map(|value| {
            format!("`data.label`: a value must be positive or negative, but `{value}` is both")
        }));
        problems
    }
}

/// Reads the label's column and tells the two classes apart.
#[derive(Clone, Debug)]
pub struct LabelReader {
    config: LabelConfig,
    column: usize,
}

impl LabelReader {
    /// Finds the label's column in the header of `source`.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn bind(config: &LabelConfig, source: &Source) -> Result<Self, DataError> {
        let column = source.column(&config.column, "the label")?;
        let is_by_name = source.has_pairs() && *config == LabelConfig::binary(&config.column);
        let signed = is_by_name.then(|| LabelConfig::signed(&config.column));
        Ok(Self { config: signed.unwrap_or_else(|| config.clone()), column })
    }

    /// The label of `row`: 1 for a positive value, 0 for a negative one.
    ///
    /// # Errors
    /// If the value is of neither class; a missing value is.
    pub fn read(&self, row: &RawRow) -> Result<f32, DataError> {
        self.read_of(row)
    }

    pub(crate) fn read_of(&self, row: &impl Located) -> Result<f32, DataError> {
        let value = row.field(self.column);
        let is_among = |class: &[String]| class.iter().any(|known| known.as_bytes() == value);
        if is_among(&self.config.positive) {
            Ok(1.0)
        } else if is_among(&self.config.negative) {
            Ok(0.0)
        } else {
            Err(self.neither_class(row, value))
        }
    }

    fn neither_class(&self, row: &impl Located, value: &[u8]) -> DataError {
        let LabelConfig { column, positive, negative } = &self.config;
        let hint = if self.config == LabelConfig::binary(column) { OTHER_CLASSES } else { "" };
        let expected =
            format!("{} (positive) or {} (negative){hint}", listed(positive), listed(negative));
        let (place, field, value) = (row.place(), column.clone(), shown(value));
        DataError::Row { place, field, value, expected }
    }
}

/// The way out for a label of other values than `1` and `0`.
const OTHER_CLASSES: &str =
    "; name other classes with `data.label = { column, positive, negative }`";

/// The values in backticks, with commas between them.
fn listed(values: &[String]) -> String {
    let quoted: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
    quoted.join(", ")
}

/// [`LabelConfig`] as it is written where its classes are not `1` and `0`.
#[derive(Serialize, Deserialize)]
struct LabelTable {
    column: String,
    #[serde(default = "one")]
    positive: Vec<String>,
    #[serde(default = "zero")]
    negative: Vec<String>,
}

fn one() -> Vec<String> {
    vec!["1".into()]
}

fn zero() -> Vec<String> {
    vec!["0".into()]
}

impl Serialize for LabelConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.positive == one() && self.negative == zero() {
            return serializer.serialize_str(&self.column);
        }
        let Self { column, positive, negative } = self.clone();
        LabelTable { column, positive, negative }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for LabelConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LabelVisitor)
    }
}

struct LabelVisitor;

impl<'de> Visitor<'de> for LabelVisitor {
    type Value = LabelConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the name of a column, or { column = \"…\", positive = [\"…\"], negative = [\"…\"] }",
        )
    }

    fn visit_str<E: Error>(self, column: &str) -> Result<LabelConfig, E> {
        Ok(LabelConfig::binary(column))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LabelConfig, A::Error> {
        let LabelTable { column, positive, negative } =
            LabelTable::deserialize(MapAccessDeserializer::new(map))?;
        Ok(LabelConfig { column, positive, negative })
    }
}
