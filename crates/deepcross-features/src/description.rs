//! Descriptions of the fields of a fitted encoder, for inspecting a model.

use std::fmt;

use crate::config::field_config::{FieldKind, Grams, Pooling, TimeFormat, TimePart, TopBy};
use crate::config::utc_offset::UtcOffset;
use crate::lookup::Ids;

/// One field of a fitted encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldDescription {
    /// The field's name.
    pub name: String,
    /// The column that it reads; for a cross, both columns, joined by ` and `.
    pub column: String,
    /// The encoding of its values; displays as one line.
    pub encoding: Encoding,
}

/// The encoding of a field's values.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Encoding {
    /// One id per value.
    Categorical {
        /// The source of the ids.
        ids: Ids,
    },
    /// One id per element.
    MultiHot {
        /// The source of the ids.
        ids: Ids,
        /// The character between elements.
        separator: char,
        /// Whether elements may have weights.
        weighted: bool,
        /// The largest number of elements that are kept; `None` if all are.
        max_length: Option<usize>,
        /// The pooling of the elements' embeddings.
        pooling: Pooling,
    },
    /// One id for each tri-letter gram.
    Text {
        /// The source of the ids.
        ids: Ids,
        /// The weight of a gram.
        grams: Grams,
    },
    /// A number.
    Number {
        /// The ends of the range into which numbers are moved first, if there is one.
        clip: Option<(f64, f64)>,
        /// The scaling, with the numbers learned in fitting.
        transform: FittedTransform,
        /// The replacement of a missing value.
        missing: FittedMissing,
    },
    /// The bucket of a number.
    Bucketized {
        /// The boundaries of the buckets.
        buckets: Buckets,
    },
    /// A part of a time.
    Time {
        /// The hour or the weekday.
        part: TimePart,
        /// The form in which times are written.
        format: TimeFormat,
        /// The offset of the local clock from UTC.
        utc_offset: UtcOffset,
    },
    /// One id for a pair of values, by a hash.
    Cross {
        /// The number of buckets.
        buckets: u32,
        /// The seed.
        seed: u64,
    },
    /// The companion counts of a categorical field.
    Companion {
        /// The number of values, or buckets, that have counts.
        values: usize,
        /// The strength of smoothing of the click rate, in clicks.
        smoothing: f64,
    },
}

/// The boundaries of the buckets of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Buckets {
    /// Numbers, given or learned as quantiles.
    Cuts {
        /// The number of buckets.
        buckets: usize,
        /// The first numbers of the second and of the last bucket; `None` if there is a single bucket.
        ends: Option<(f64, f64)>,
    },
    /// The squared logarithm.
    LogSquare {
        /// The source of the buckets' ids.
        ids: Ids,
    },
}

/// A transform with the numbers learned in fitting; see [`Transform`](crate::Transform).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum FittedTransform {
    /// The number itself.
    Raw,
    /// Clipped to `min..=max` and moved to 0..=1.
    MinMax {
        /// The least number in training.
        min: f64,
        /// The greatest number in training.
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
    /// ln(1 + |x|) with the sign of x.
    SignedLog,
}

/// The replacement of a missing number; the mean and the value are transformed like any other number.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum FittedMissing {
    /// The mean of the raw numbers in training; 0 if there were none.
    Mean(f64),
    /// 0 after the transform, and an indicator beside it.
    Indicator,
    /// This raw number.
    Value(f64),
}

impl FieldDescription {
    /// The kind in the field's configuration; for companion counts, the kind of the field that they belong to.
    pub fn kind(&self) -> FieldKind {
        match self.encoding {
            Encoding::Categorical { .. } | Encoding::Companion { .. } => FieldKind::Categorical,
            Encoding::MultiHot { .. } => FieldKind::MultiHot,
            Encoding::Text { .. } => FieldKind::Text,
            Encoding::Number { .. } => FieldKind::Number,
            Encoding::Bucketized { .. } => FieldKind::Bucketized,
            Encoding::Time { .. } => FieldKind::Time,
            Encoding::Cross { .. } => FieldKind::Cross,
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Categorical { ids } => ids.fmt(f),
            Self::MultiHot { ids, separator, weighted, max_length, pooling } => {
                write!(f, "{ids}, elements separated by {separator:?}, ")?;
                if *weighted {
                    f.write_str("weighted, ")?;
                }
                if let Some(length) = max_length {
                    write!(f, "at most {length}, ")?;
                }
                pooling.fmt(f)
            }
            Self::Text { ids, grams } => write!(f, "{ids}, tri-letter grams, {grams}"),
            Self::Number { clip, transform, missing } => {
                if let Some((low, high)) = clip {
                    write!(f, "clipped to {low} to {high}, ")?;
                }
                write!(f, "{transform}, missing: {missing}")
            }
            Self::Bucketized { buckets } => buckets.fmt(f),
            Self::Time { part, format: TimeFormat::Yymmddhh, .. } => {
                write!(f, "{part} of {}, local time", TimeFormat::Yymmddhh)
            }
            Self::Time { part, format, utc_offset } => {
                write!(f, "{part} of {format}, UTC{utc_offset}")
            }
            Self::Cross { buckets, seed } => Ids::Hash { buckets: *buckets, seed: *seed }.fmt(f),
            Self::Companion { values, smoothing } => {
                write!(f, "companion counts of {values} values, smoothed by {smoothing} clicks")
            }
        }
    }
}

impl fmt::Display for Buckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cuts { ends: None, .. } => f.write_str("a single bucket"),
            Self::Cuts { buckets, ends: Some((first, last)) } if first == last => {
                write!(f, "{buckets} buckets divided at {first}")
            }
            Self::Cuts { buckets, ends: Some((first, last)) } => {
                write!(f, "{buckets} buckets divided at numbers from {first} to {last}")
            }
            Self::LogSquare { ids } => write!(f, "squared logarithms, {ids}"),
        }
    }
}

impl fmt::Display for TimePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hour => "hour",
            Self::Weekday => "weekday",
        })
    }
}

impl fmt::Display for TimeFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unix => "unix",
            Self::UnixMs => "unix-ms",
            Self::DateTime => "date-time",
            Self::Yymmddhh => "yymmddhh",
        })
    }
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::SqrtN => "sqrt-n",
        })
    }
}

impl fmt::Display for Grams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counts => "counts",
            Self::Binary => "binary",
        })
    }
}

impl fmt::Display for TopBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Count => "count",
            Self::Positives => "positives",
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
            Self::SignedLog => f.write_str("signed-log"),
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
