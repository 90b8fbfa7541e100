//! The setting `label`: a column, and the values of its two classes.
//!
//! A column of ones and zeros, of signs or of truth values says itself what is positive.
//! The values of other columns are named, those of both classes, and any other value is an error.
//! Rejected: a negative class of "all other values", which would take a mistyped or missing label for a negative one.

use std::fmt;

use deepcross_features::{Problem, canonical};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The label column and the values of its two classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelConfig {
    /// The name of the column.
    pub column: String,
    /// The values of the classes; `None` if the column holds 1 and 0, or 1 and −1, or truth values, in any spelling.
    pub classes: Option<LabelClasses>,
}

/// The named values of the two classes of a label, each in any spelling of the value: `4` names `4.0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelClasses {
    /// The values that mean 1.
    pub positive: Vec<String>,
    /// The values that mean 0.
    pub negative: Vec<String>,
}

/// Distinguishes the two classes of a label by their values.
///
/// Each value has an index, by which a caller can note that it occurred.
#[derive(Clone, Debug)]
pub struct LabelValues {
    /// The canonical texts of the values, the positive ones first.
    values: Vec<Vec<u8>>,
    n_positive: usize,
    is_named: bool,
}

/// The values of a column whose classes are not named, the positive ones first.
const UNNAMED: [&str; 5] = ["1", "true", "0", "false", "-1"];

/// The pairs of values that a column of labels may have, by their indices: 1 and 0, true and false, or 1 and −1.
const PAIRS: [u8; 3] = [1 << 0 | 1 << 2, 1 << 1 | 1 << 3, 1 << 0 | 1 << 4];

/// The indices of 0 and false, and that of −1.
const NEGATIVES: [(i8, u8); 2] = [(0, 1 << 2 | 1 << 3), (-1, 1 << 4)];

/// The values that occurred in a column whose classes are not named.
///
/// They are those of one pair: 1 and 0, 1 and −1, or true and false.
/// Of 0 and −1 no one could say which is negative, and a column with `true` and `0` may mean something else by each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UnnamedLabels(pub(crate) u8);

impl LabelConfig {
    /// A column whose values say themselves what is positive: 1 and 0, 1 and −1, or true and false, in any spelling.
    pub fn binary(column: impl Into<String>) -> Self {
        Self { column: column.into(), classes: None }
    }

    /// A column with these values for the two classes.
    pub fn named(
        column: impl Into<String>,
        positive: impl Into<Vec<String>>,
        negative: impl Into<Vec<String>>,
    ) -> Self {
        let classes = LabelClasses { positive: positive.into(), negative: negative.into() };
        Self { column: column.into(), classes: Some(classes) }
    }

    /// The problems of the classes; see [`DataConfig::problems`](crate::DataConfig::problems).
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let Some(LabelClasses { positive, negative }) = &self.classes else { return Vec::new() };
        let mut problems = Vec::new();
        for (key, values) in [("positive", positive), ("negative", negative)] {
            if values.is_empty() {
                let message = "must name at least one value, but is empty";
                problems.push(Problem::new(format!("data.label.{key}"), message));
            }
        }
        let same = |a: &String, b: &String| canonical(a.as_bytes()) == canonical(b.as_bytes());
        let both = positive.iter().filter(|value| negative.iter().any(|other| same(value, other)));
        problems.extend(both.map(|value| {
            let message = format!("a value must be positive or negative, but `{value}` is both");
            Problem::new("data.label", message)
        }));
        problems
    }
}

impl LabelValues {
    /// The values that these classes name, or those of a column whose classes are not named.
    pub fn new(classes: Option<&LabelClasses>) -> Self {
        match classes {
            None => {
                let values = UNNAMED.map(|text| text.as_bytes().to_vec()).to_vec();
                Self { values, n_positive: 2, is_named: false }
            }
            Some(LabelClasses { positive, negative }) => {
                let values = positive.iter().chain(negative);
                let values = values.map(|value| canonical(value.as_bytes()).into_owned());
                Self { values: values.collect(), n_positive: positive.len(), is_named: true }
            }
        }
    }

    /// The index of a value, which may be spelled in another way; `None` if it is of neither class.
    #[inline]
    pub fn index(&self, value: &[u8]) -> Option<usize> {
        match value {
            b"1" if !self.is_named => Some(0),
            b"0" if !self.is_named => Some(2),
            value => {
                let value = canonical(value);
                self.values.iter().position(|known| **known == *value)
            }
        }
    }

    /// Whether the value with this index is positive.
    #[inline]
    pub fn is_positive(&self, index: usize) -> bool {
        index < self.n_positive
    }

    /// Whether the values of the classes are named.
    pub fn is_named(&self) -> bool {
        self.is_named
    }

    /// The canonical texts of all values, in the order of their indices.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.values.iter().map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// Whether the values that occurred are not those of one pair, such as 1 and 0, although the classes are not named.
    pub fn are_contrary(&self, is_met: &[bool]) -> bool {
        let met = is_met.iter().enumerate().filter(|(_, is_met)| **is_met);
        let met = met.fold(UnnamedLabels::default(), |met, (index, _)| met.with(index));
        !self.is_named && met.are_contrary()
    }
}

impl UnnamedLabels {
    /// These values and the one with the index.
    pub(crate) fn with(self, index: usize) -> Self {
        Self(self.0 | 1_u8.checked_shl(index as u32).unwrap_or(0))
    }

    /// What the negative values are, 0 or −1, if there are any; false is 0.
    pub(crate) fn negative(self) -> Option<i8> {
        let is_among = |(_, indices): &&(i8, u8)| self.0 & indices != 0;
        NEGATIVES.iter().find(is_among).map(|(value, _)| *value)
    }

    /// Whether the values are not those of one pair.
    pub(crate) fn are_contrary(self) -> bool {
        PAIRS.iter().all(|pair| self.0 & !pair != 0)
    }

    /// The first value that cannot be in one column with the one at `index`.
    pub(crate) fn contrary_to(self, index: usize) -> Option<&'static str> {
        let is_contrary = |other: &usize| Self::default().with(*other).with(index).are_contrary();
        self.indices().find(is_contrary).and_then(|other| UNNAMED.get(other).copied())
    }

    /// The indices of the values.
    pub(crate) fn indices(self) -> impl Iterator<Item = usize> {
        (0..UNNAMED.len()).filter(move |index| self.0 >> index & 1 == 1)
    }
}

/// [`LabelConfig`] as it is written if its classes are named.
#[derive(Serialize, Deserialize)]
struct LabelTable {
    column: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    positive: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    negative: Option<Vec<String>>,
}

impl Serialize for LabelConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { column, classes } = self.clone();
        let Some(LabelClasses { positive, negative }) = classes else {
            return serializer.serialize_str(&column);
        };
        let table = LabelTable { column, positive: Some(positive), negative: Some(negative) };
        table.serialize(serializer)
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
        if positive.is_none() && negative.is_none() {
            return Ok(LabelConfig::binary(column));
        }
        // One class alone contrasts with the usual value of the other one.
        let or = |class: Option<Vec<String>>, usual: &str| class.unwrap_or(vec![usual.to_owned()]);
        Ok(LabelConfig::named(column, or(positive, "1"), or(negative, "0")))
    }
}
