//! Sums in a fixed order.
//!
//! Both sums run in lanes, which is fast, and has the same order in every call, so that the same input gives the same bits.

use crate::{Real, elementwise::vectorised};

const LANES: usize = 16;

/// The sum of all elements.
/// Element `i` goes to lane `i mod 16`; the lanes are added in order.
pub fn sum<F: Real>(values: &[F]) -> F {
    vectorised(
        #[inline(always)]
        || {
            let mut lanes = [F::zero(); LANES];
            let chunks = values.chunks_exact(LANES);
            let rest = chunks.remainder();
            chunks.for_each(|chunk| lanes.iter_mut().zip(chunk).for_each(|(lane, &v)| *lane += v));
            lanes.iter_mut().zip(rest).for_each(|(lane, &v)| *lane += v);
            lanes.into_iter().fold(F::zero(), |total, lane| total + lane)
        },
    )
}

/// Adds to `out[c]` the sum over rows of `matrix[r, c]`, row after row: the gradient of a bias.
///
/// # Panics
/// If `matrix` is not a whole number of rows as long as `out`.
#[track_caller]
pub fn add_column_sums<F: Real>(out: &mut [F], matrix: &[F]) {
    if out.is_empty() {
        return assert!(matrix.is_empty(), "a matrix without columns holds values");
    }
    assert!(matrix.len().is_multiple_of(out.len()), "rows are not as long as the output");
    vectorised(
        #[inline(always)]
        || {
            for row in matrix.chunks_exact(out.len()) {
                out.iter_mut().zip(row).for_each(|(o, &v)| *o += v);
            }
        },
    );
}

/// Whether no element is NaN or infinite.
///
/// All elements are read, in lanes that sum `0 · v`, which is 0 or NaN. Stopping at the first would be slower, because
/// nearly all inputs are finite.
pub fn all_finite<F: Real>(values: &[F]) -> bool {
    vectorised(|| {
        let mut lanes = [F::zero(); LANES];
        let chunks = values.chunks_exact(LANES);
        let rest = chunks.remainder();
        let add = |(lane, &v): (&mut F, &F)| *lane += F::zero() * v;
        chunks.for_each(|chunk| lanes.iter_mut().zip(chunk).for_each(add));
        lanes.iter_mut().zip(rest).for_each(add);
        lanes.iter().all(|&lane| lane == F::zero())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_agree_with_plain_loops(values in prop::collection::vec(-1e3..1e3_f64, 0..100)) {
            let plain: f64 = values.iter().sum();
            prop_assert!((sum(&values) - plain).abs() <= 1e-9 * (1.0 + plain.abs()));
        }

        #[test]
        fn a_number_that_is_not_finite_is_noticed_anywhere(
            (mut values, at) in (1_usize..100).prop_flat_map(|n| (Just(vec![-f32::MAX; n]), 0..n))
        ) {
            prop_assert!(all_finite(&values));
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                values[at] = bad;
                prop_assert!(!all_finite(&values));
            }
        }

        #[test]
        fn column_sums_agree_with_plain_loops(
            (cols, values) in (1_usize..9, 0_usize..9)
                .prop_flat_map(|(c, r)| (Just(c), prop::collection::vec(-9.0..9.0_f64, c * r)))
        ) {
            let mut out = vec![1.0; cols];
            add_column_sums(&mut out, &values);
            for (c, got) in out.iter().enumerate() {
                let plain = values.iter().skip(c).step_by(cols).fold(1.0, |t, v| t + v);
                prop_assert_eq!(*got, plain);
            }
        }
    }
}
