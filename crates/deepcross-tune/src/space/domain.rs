//! The values of a key: a list of choices, or a range of numbers.

use libm::{exp, log};
use serde::{Serialize, Serializer};
use std::fmt;
use toml::Value;

/// The values that a key takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// One of these values, at least one.
    Choices(Vec<Value>),
    /// A number of a range.
    Range {
        /// The least number.
        low: f64,
        /// The greatest number, above `low`.
        high: f64,
        /// The scale on which all parts of the range are equally likely.
        scale: Scale,
        /// Whether numbers are whole.
        is_integer: bool,
    },
}

/// The scale of a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Numbers are equally likely.
    #[default]
    Linear,
    /// Orders of magnitude are equally likely; all numbers are above 0.
    Log,
}

/// A list of values, or the keys of a range, as a configuration has them.
impl Serialize for Domain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Range {
            low: f64,
            high: f64,
            scale: Scale,
            integer: bool,
        }
        match self {
            Self::Choices(values) => values.serialize(serializer),
            &Self::Range { low, high, scale, is_integer: integer } => {
                Range { low, high, scale, integer }.serialize(serializer)
            }
        }
    }
}

/// The digits of a number of a range: more would only make it hard to read.
const DIGITS: usize = 3;

impl Domain {
    /// The value at the place `u`, in [0, 1), of all values.
    pub fn at(&self, u: f64) -> Value {
        match self {
            Self::Choices(values) => {
                let place = (u * values.len() as f64) as usize;
                values[place.min(values.len() - 1)].clone()
            }
            &Self::Range { low, high, scale, is_integer: true } => {
                // Each whole number has an equal part of the range around it.
                let number = scale.at(low - 0.5, high + 0.5, u).round().clamp(low, high);
                Value::Integer(number as i64)
            }
            &Self::Range { low, high, scale, is_integer: false } => {
                Value::Float(rounded(scale.at(low, high, u)).clamp(low, high))
            }
        }
    }

    /// The values that are checked before a search: all choices, or both ends of a range.
    pub(crate) fn checked_values(&self) -> Vec<Value> {
        match self {
            Self::Choices(values) => values.clone(),
            Self::Range { low, high, is_integer, .. } => {
                [low, high].map(|end| shown(*end, *is_integer)).into()
            }
        }
    }

    /// The number of values, if they can be counted.
    pub fn n_values(&self) -> Option<u64> {
        match self {
            Self::Choices(values) => Some(values.len() as u64),
            Self::Range { low, high, is_integer: true, .. } => Some((high - low) as u64 + 1),
            Self::Range { .. } => None,
        }
    }

    /// The part of the values that a value belongs to, of at most four: a choice, or a quarter of a range.
    pub(crate) fn group(&self, value: &Value) -> usize {
        match self {
            Self::Choices(values) => values.iter().position(|other| other == value).unwrap_or(0),
            Self::Range { low, high, scale, .. } => {
                let number = value.as_float().or(value.as_integer().map(|n| n as f64));
                let place = scale.place(*low, *high, number.unwrap_or(*low));
                ((4.0 * place) as usize).min(3)
            }
        }
    }
}

impl Scale {
    fn at(self, low: f64, high: f64, u: f64) -> f64 {
        match self {
            Self::Linear => low + u * (high - low),
            Self::Log => exp(log(low) + u * (log(high) - log(low))),
        }
    }

    /// The place of a number in a range, from 0 to 1.
    fn place(self, low: f64, high: f64, number: f64) -> f64 {
        match self {
            Self::Linear => (number - low) / (high - low),
            Self::Log => (log(number) - log(low)) / (log(high) - log(low)),
        }
    }
}

/// The number with [`DIGITS`] digits.
fn rounded(number: f64) -> f64 {
    format!("{number:.*e}", DIGITS - 1).parse().unwrap_or(number)
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Choices(values) => write!(f, "{}", Value::Array(values.clone())),
            Self::Range { low, high, scale, is_integer } => {
                let (low, high) = (shown(*low, *is_integer), shown(*high, *is_integer));
                let scale = if *scale == Scale::Log { ", scale = \"log\"" } else { "" };
                write!(f, "{{ low = {low}, high = {high}{scale} }}")
            }
        }
    }
}

fn shown(number: f64, is_integer: bool) -> Value {
    if is_integer { Value::Integer(number as i64) } else { Value::Float(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(low: f64, high: f64, scale: Scale, is_integer: bool) -> Domain {
        Domain::Range { low, high, scale, is_integer }
    }

    #[test]
    fn places_are_spread_over_all_values() {
        let choices = Domain::Choices(vec![1.into(), "b".into(), true.into()]);
        let found: Vec<_> = [0.0, 0.34, 0.999_999].map(|u| choices.at(u)).into();
        assert_eq!(found, [1.into(), "b".into(), true.into()]);
        let whole = range(1.0, 4.0, Scale::Linear, true);
        let found: Vec<_> = [0.0, 0.26, 0.51, 0.99].map(|u| whole.at(u)).into();
        assert_eq!(found, [1, 2, 3, 4].map(Value::Integer));
        let log = range(1e-4, 1e-2, Scale::Log, false);
        assert_eq!(log.at(0.5), Value::Float(1e-3));
        assert_eq!(log.at(0.0), Value::Float(1e-4));
        assert_eq!(log.at(0.123_456), Value::Float(1.77e-4));
        assert_eq!(range(0.0, 0.5, Scale::Linear, false).at(0.333_333), Value::Float(0.167));
    }

    #[test]
    fn groups_are_choices_or_quarters() {
        let choices = Domain::Choices(vec![1.into(), 2.into()]);
        assert_eq!((choices.group(&1.into()), choices.group(&2.into())), (0, 1));
        let log = range(1e-4, 1.0, Scale::Log, false);
        let found: Vec<_> = [2e-4, 2e-3, 2e-2, 1.0].map(|x| log.group(&Value::Float(x))).into();
        assert_eq!(found, [0, 1, 2, 3]);
    }

    #[test]
    fn values_can_be_counted_if_they_are_whole() {
        assert_eq!(range(2.0, 5.0, Scale::Log, true).n_values(), Some(4));
        assert_eq!(range(2.0, 5.0, Scale::Log, false).n_values(), None);
    }
}
