//! The replacement of missing numbers in a configuration: a word or a number.
//!
//! Words and numbers are distinguished by hand.
//! Rejected: an untagged enum, because its error message names neither.

use std::fmt;

use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// The replacement of a missing number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum MissingNumber {
    /// The mean of the training data, transformed like any other number.
    #[default]
    Mean,
    /// 0 after the transform, and a second number that is 1 if the value is missing, and 0 otherwise.
    Indicator,
    /// This number, transformed like any other.
    Value(f64),
}

impl Serialize for MissingNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Mean => serializer.serialize_str("mean"),
            Self::Indicator => serializer.serialize_str("indicator"),
            Self::Value(value) => serializer.serialize_f64(*value),
        }
    }
}

impl<'de> Deserialize<'de> for MissingNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MissingNumberVisitor)
    }
}

struct MissingNumberVisitor;

impl Visitor<'_> for MissingNumberVisitor {
    type Value = MissingNumber;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"mean\", \"indicator\" or a number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<MissingNumber, E> {
        match text {
            "mean" => Ok(MissingNumber::Mean),
            "indicator" => Ok(MissingNumber::Indicator),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<MissingNumber, E> {
        Ok(MissingNumber::Value(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<MissingNumber, E> {
        Ok(MissingNumber::Value(value as f64))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<MissingNumber, E> {
        Ok(MissingNumber::Value(value as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Field {
        missing: MissingNumber,
    }

    fn parse(value: &str) -> Result<Field, toml::de::Error> {
        toml::from_str(&format!("missing = {value}"))
    }

    #[test]
    fn missing_is_a_word_or_a_number() {
        for (value, expected) in [
            ("\"mean\"", MissingNumber::Mean),
            ("\"indicator\"", MissingNumber::Indicator),
            ("-1", MissingNumber::Value(-1.0)),
            ("2.5", MissingNumber::Value(2.5)),
        ] {
            let field = parse(value);
            assert_eq!(field, Ok(Field { missing: expected }));
            let written = toml::to_string(&field.expect("a field")).expect("it can be written");
            assert_eq!(toml::from_str(&written), Ok(Field { missing: expected }));
        }
        let error = parse("\"median\"").expect_err("no such rule");
        assert!(error.to_string().contains("\"mean\", \"indicator\" or a number"), "{error}");
    }
}
