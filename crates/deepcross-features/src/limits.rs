//! The ranges of numbers that a configuration or a stored encoder may hold.

use std::ops::RangeInclusive;

/// The number of columns of a cross.
pub(crate) const CROSS_COLUMNS: RangeInclusive<usize> = 2..=8;

/// The largest magnitude of a number: that of `f32`.
pub(crate) const LARGEST: f64 = f32::MAX as f64;

/// Whether a number is finite and in the range of `f32`.
#[inline]
pub(crate) fn in_range(value: f64) -> bool {
    value.abs() <= LARGEST
}

/// Whether numbers can part buckets: they ascend and lie in the range of `f32`, and there are not too many for ids.
pub(crate) fn are_cuts(numbers: &[f64]) -> bool {
    // One id is that of a missing value.
    let few = u32::try_from(numbers.len()).is_ok_and(|n| n < u32::MAX - 1);
    few && numbers.iter().all(|&x| in_range(x)) && numbers.is_sorted_by(|a, b| a < b)
}

/// Whether click rates can be smoothed by that many clicks.
pub(crate) fn is_smoothing(smoothing: f64) -> bool {
    (1e-3..=1e9).contains(&smoothing)
}
