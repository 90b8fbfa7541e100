//! The setting `quote`: off, on, or a character.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The character around fields that hold delimiters or line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// No field is quoted.
    Off,
    /// This character; within a field, it is doubled.
    Char(char),
}

impl Serialize for Quote {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_bool(false),
            Self::Char(quote) => serializer.serialize_char(*quote),
        }
    }
}

impl<'de> Deserialize<'de> for Quote {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuoteVisitor)
    }
}

struct QuoteVisitor;

impl Visitor<'_> for QuoteVisitor {
    type Value = Quote;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false, or one character")
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<Quote, E> {
        Ok(if on { Quote::Char('"') } else { Quote::Off })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Quote, E> {
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(quote), None) => Ok(Quote::Char(quote)),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
}
