//! The setting `label`: a column, and the values of its two classes.
//!
//! The values of both classes are listed, and any other value is an error.
//! Rejected: a negative class of "all other values", which would take a mistyped or missing label for a negative one.

use std::fmt;

use deepcross_features::Problem;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The label column and the values of its two classes.
///
/// If only the name is written, the column holds `1` for positive and `0` for negative.
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

    /// A column of `1` and `0`, or of `+1` and `-1`, as in files for linear models.
    pub fn signed(column: impl Into<String>) -> Self {
        let [positive, negative] =
            [["1", "+1"], ["0", "-1"]].map(|class| class.map(String::from).into());
        Self { column: column.into(), positive, negative }
    }

    /// The problems of the classes; see [`DataConfig::problems`](crate::DataConfig::problems).
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (key, values) in [("positive", &self.positive), ("negative", &self.negative)] {
            if values.is_empty() {
                let message = "must name at least one value, but is empty";
                problems.push(Problem::new(format!("data.label.{key}"), message));
            }
        }
        let both = self.positive.iter().filter(|value| self.negative.contains(value));
        problems.extend(both.map(|value| {
            let message = format!("a value must be positive or negative, but `{value}` is both");
            Problem::new("data.label", message)
        }));
        problems
    }
}

/// [`LabelConfig`] as it is written if its classes are not `1` and `0`.
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
