//! Raw values in a configuration: texts, or numbers and truth values without quotes.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// A raw value.
#[derive(Debug)]
pub(crate) struct RawValue(pub(crate) String);

/// One raw value, or a list of them.
#[derive(Debug)]
pub(crate) struct RawValues(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = RawVisitor { expected: "a value, such as \"1\" or 1", lists: false };
        let mut values = deserializer.deserialize_any(visitor)?;
        Ok(Self(values.pop().unwrap_or_default()))
    }
}

impl<'de> Deserialize<'de> for RawValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a value, or a list of values, such as [\"0\", \"-1\"]";
        deserializer.deserialize_any(RawVisitor { expected, lists: true }).map(Self)
    }
}

struct RawVisitor {
    expected: &'static str,
    /// Whether a list of values is accepted.
    lists: bool,
}

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Vec<String>, E> {
        Ok(vec![value.to_owned()])
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Vec<String>, E> {
        Ok(vec![value.to_string()])
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Vec<String>, E> {
        Ok(vec![value.to_string()])
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Vec<String>, E> {
        Ok(vec![value.to_string()])
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Vec<String>, E> {
        Ok(vec![value.to_string()])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
        if !self.lists {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        }
        let mut values = Vec::new();
        while let Some(RawValue(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(values)
    }
}
