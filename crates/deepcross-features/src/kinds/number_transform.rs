//! The transform of a number: what a configuration names, and the same with the numbers learned in fitting.

use std::sync::LazyLock;
use std::{array, fmt};

use serde::{Deserialize, Serialize};

use crate::kinds::bins::Bins;
use crate::kinds::statistics::Statistics;
use crate::limits::{LARGEST, in_range};
use crate::raw::value::RUN;

/// The scaling of a number before the model sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transform {
    /// The number itself.
    Raw,
    /// (x − min) / (max − min) of the training data, with values outside clipped; 0 if all were equal.
    ///
    /// This is the default, since the outer ReLU of a residual unit clips negative numbers.
    #[default]
    MinMax,
    /// (x − mean) / standard deviation of the training data; 0 if all were equal.
    Standard,
    /// ln(1 + x), and 0 for negative x.
    Log1p,
    /// ln(1 + x), and −ln(1 − x) for negative x.
    SignedLog,
}

/// The range into which numbers are moved before all else.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Clip {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// A [`Transform`] with the numbers learned in fitting, or bins.
///
/// Variants are stored by their position: a new one is the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum FittedTransform {
    Raw,
    MinMax {
        min: f64,
        max: f64,
    },
    Standard {
        mean: f64,
        deviation: f64,
    },
    Log1p,
    SignedLog,
    /// The number is moved into the range of the bins, and then divided among them.
    Bins(Bins),
}

impl FittedTransform {
    /// A transform with the numbers of `statistics`.
    pub(crate) fn of(transform: Transform, statistics: &Statistics) -> Self {
        let (mean, (min, max)) = (statistics.mean(), statistics.range());
        match transform {
            Transform::Raw => Self::Raw,
            Transform::MinMax => Self::MinMax { min, max },
            Transform::Standard => {
                Self::Standard { mean, deviation: statistics.deviation().min(LARGEST) }
            }
            Transform::Log1p => Self::Log1p,
            Transform::SignedLog => Self::SignedLog,
        }
    }

    /// The part that no fitting could have given, if there is one.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let are_in_range = |a, b| in_range(a) && in_range(b);
        let (is_good, what) = match *self {
            Self::MinMax { min, max } => (are_in_range(min, max) && min <= max, "range"),
            Self::Standard { mean, deviation } => {
                (are_in_range(mean, deviation) && deviation >= 0.0, "mean and deviation")
            }
            Self::Bins(ref bins) => (bins.are_valid(), "edges of the bins"),
            Self::Raw | Self::Log1p | Self::SignedLog => return None,
        };
        (!is_good).then_some(what)
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
            Self::Bins(bins) => bins.fmt(f),
        }
    }
}

/// `x`, moved into the range of `clip`.
pub(crate) fn moved(clip: Option<Clip>, x: f64) -> f64 {
    clip.map_or(x, |Clip { low, high }| x.clamp(low, high))
}

/// Passes on the position of each number, its scaled value, and whether it was moved into a range.
///
/// In each arm the transform is known, so that the loop does not branch.
#[inline(always)]
pub(crate) fn scale_all(
    clip: Option<Clip>,
    transform: &FittedTransform,
    numbers: &[f64],
    give: &mut impl FnMut(usize, f64, bool),
) {
    use FittedTransform::{Bins, Log1p, MinMax, Raw, SignedLog, Standard};
    match *transform {
        Raw => scale_each(clip, &Raw, numbers, give),
        MinMax { min, max } => scale_each(clip, &MinMax { min, max }, numbers, give),
        Standard { mean, deviation } => {
            scale_each(clip, &Standard { mean, deviation }, numbers, give);
        }
        Log1p => scale_each(clip, &Log1p, numbers, give),
        SignedLog => scale_each(clip, &SignedLog, numbers, give),
        Bins(_) => scale_each(clip, transform, numbers, give),
    }
}

/// [`scale_all`] for one transform.
#[inline(always)]
fn scale_each(
    clip: Option<Clip>,
    transform: &FittedTransform,
    numbers: &[f64],
    give: &mut impl FnMut(usize, f64, bool),
) {
    for (index, &number) in numbers.iter().enumerate().take(RUN) {
        let inside = moved(clip, number);
        let (value, is_clipped) = apply(transform, inside);
        give(index, value, is_clipped | (inside != number));
    }
}

/// The transformed number, in the range of `f32`, and whether it was clipped to the range of the transform.
#[inline(always)]
pub(crate) fn apply(transform: &FittedTransform, x: f64) -> (f64, bool) {
    let (value, clipped) = match *transform {
        FittedTransform::Raw => (x, false),
        FittedTransform::MinMax { min, max } => {
            (min_max(x.clamp(min, max), min, max), x < min || x > max)
        }
        FittedTransform::Standard { mean, deviation } => (standard(x, mean, deviation), false),
        FittedTransform::Log1p => (ln_1p(x.max(0.0)), x < 0.0),
        FittedTransform::SignedLog => (ln_1p(x.abs()).copysign(x), false),
        FittedTransform::Bins(ref bins) => {
            let (min, max) = bins.range();
            (x.clamp(min, max), x < min || x > max)
        }
    };
    (value.clamp(-LARGEST, LARGEST), clipped)
}

/// ln(1 + x), from a table for small whole numbers, which are frequent in click logs.
fn ln_1p(x: f64) -> f64 {
    static KNOWN: LazyLock<[f64; 4096]> =
        LazyLock::new(|| array::from_fn(|whole| libm::log1p(whole as f64)));
    let whole = x as u32;
    // Bits are compared, since -0 is not in the table.
    let is_whole = f64::from(whole).to_bits() == x.to_bits();
    let known = KNOWN.get(whole as usize).filter(|_| is_whole);
    known.copied().unwrap_or_else(|| libm::log1p(x))
}

/// `x`, mapped from `min..=max` to `0..=1`.
fn min_max(x: f64, min: f64, max: f64) -> f64 {
    if min == max { 0.0 } else { (x - min) / (max - min) }
}

fn standard(x: f64, mean: f64, deviation: f64) -> f64 {
    if deviation == 0.0 { 0.0 } else { (x - mean) / deviation }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn known_logarithms_are_those_of_any_number(x in prop_oneof![
            prop::num::f64::ANY,
            0.0..5000.0_f64,
            (0..5000_u32).prop_map(f64::from),
            Just(-0.0),
        ]) {
            prop_assert_eq!(ln_1p(x).to_bits(), libm::log1p(x).to_bits());
        }
    }
}
