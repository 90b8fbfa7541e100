//! What a fitted encoder does with each field, for those who inspect a model.

use std::fmt;

use crate::config::{FieldKind, Pooling};
use crate::lookup::Ids;

/// One field of a fitted encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldDescription {
    /// The field's name.
    pub name: String,
    /// The column that it reads.
    pub column: String,
    /// How its values are encoded; displays as one line.
    pub encoding: Encoding,
}

/// How the values of a field are encoded.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Encoding {
    /// One id a value.
    Categorical {
        /// Where ids come from.
        ids: Ids,
    },
    /// One id an element.
    MultiHot {
        /// Where ids come from.
        ids: Ids,
        /// What parts the elements.
        separator: char,
        /// How elements are joined.
        pooling: Pooling,
    },
    /// A number.
    Number {
        /// The scaling, with what it learned.
        transform: FittedTransform,
        /// What stands for a missing value.
        missing: FittedMissing,
    },
}

/// A transform with the numbers learned in fitting; see [`Transform`](crate::Transform).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum FittedTransform {
    /// As it is.
    Raw,
    /// Clipped to `min..=max` and moved to 0..=1.
    MinMax {
        /// The least number met.
        min: f64,
        /// The greatest number met.
        max: f64,
    },
    /// Moved to mean 0 and standard deviation 1.
    Standard {
        /// The mean.
        mean: f64,
        /// The standard deviation of the population.
        deviation: f64,
    },
    /// ln(1 + max(x, 0)).
    Log1p,
}

/// What stands for a missing number; raw numbers are transformed like any other.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum FittedMissing {
    /// This mean of the raw numbers met; 0 where none was.
    Mean(f64),
    /// 0 after the transform, and an indicator beside it.
    Indicator,
    /// This raw number.
    Value(f64),
}

impl FieldDescription {
    /// The kind that the field was configured with.
    pub fn kind(&self) -> FieldKind {
        match self.encoding {
            Encoding::Categorical { .. } => FieldKind::Categorical,
            Encoding::MultiHot { .. } => FieldKind::MultiHot,
            Encoding::Number { .. } => FieldKind::Number,
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Categorical { ids } => ids.fmt(f),
            Self::MultiHot { ids, separator, pooling } => {
                write!(f, "{ids}, elements parted by {separator:?}, {pooling}")
            }
            Self::Number { transform, missing } => write!(f, "{transform}, missing: {missing}"),
        }
    }
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sum => "sum",
            Self::Mean => "mean",
        })
    }
}

impl fmt::Display for FittedTransform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raw => f.write_str("raw"),
            Self::MinMax { min, max } => write!(f, "min-max from {min} to {max}"),
            Self::Standard { mean, deviation } => {
                write!(f, "standard with mean {mean:.4} and deviation {deviation:.4}")
            }
            Self::Log1p => f.write_str("log1p"),
        }
    }
}

impl fmt::Display for FittedMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean(mean) => write!(f, "the mean {mean:.4}"),
            Self::Indicator => f.write_str("an indicator"),
            Self::Value(value) => value.fmt(f),
        }
    }
}
