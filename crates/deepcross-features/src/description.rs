//! What a fitted encoder does with each field, for those who inspect a model.

use std::fmt;

use crate::config::field_config::{FieldKind, Grams, Pooling, TimeFormat, TimePart, TopBy};
use crate::config::utc_offset::UtcOffset;
use crate::lookup::Ids;

/// One field of a fitted encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldDescription {
    /// The field's name.
    pub name: String,
    /// The column that it reads; of a cross, both, joined by ` and `.
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
        /// Whether elements may have weights.
        weighted: bool,
        /// The most elements that are kept; `None` for all.
        max_length: Option<usize>,
        /// How elements are joined.
        pooling: Pooling,
    },
    /// One id for each tri-letter gram.
    Text {
        /// Where ids come from.
        ids: Ids,
        /// What a gram weighs.
        grams: Grams,
    },
    /// A number.
    Number {
        /// The ends of the range into which it is moved first, where there is one.
        clip: Option<(f64, f64)>,
        /// The scaling, with what it learned.
        transform: FittedTransform,
        /// What stands for a missing value.
        missing: FittedMissing,
    },
    /// The bucket of a number.
    Bucketized {
        /// Where buckets begin.
        buckets: Buckets,
    },
    /// A part of a time.
    Time {
        /// Which part.
        part: TimePart,
        /// How times are written.
        format: TimeFormat,
        /// What the clock is ahead of UTC.
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
        /// The values, or buckets, of which there are counts.
        values: usize,
        /// The clicks to which the click rate is smoothed.
        smoothing: f64,
    },
}

/// What parts the buckets of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Buckets {
    /// Numbers, given or learned as quantiles.
    Cuts {
        /// The number of buckets.
        buckets: usize,
        /// The number at which the second bucket begins, and that at which the last does; `None` for a single bucket.
        ends: Option<(f64, f64)>,
    },
    /// The squared logarithm.
    LogSquare {
        /// Where the buckets' ids come from.
        ids: Ids,
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
    /// ln(1 + |x|) with the sign of x.
    SignedLog,
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
    /// The kind that the field was configured with; of companion counts, that of the field that they go with.
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
                write!(f, "{ids}, elements parted by {separator:?}, ")?;
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
                write!(f, "{part} of {}, as it is", TimeFormat::Yymmddhh)
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
                write!(f, "{buckets} buckets parted at {first}")
            }
            Self::Cuts { buckets, ends: Some((first, last)) } => {
                write!(f, "{buckets} buckets parted from {first} to {last}")
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
