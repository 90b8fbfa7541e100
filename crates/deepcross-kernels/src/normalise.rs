//! Batch normalisation: moments of columns, and loops that shift and scale columns.
//!
//! Rows are read one after the other, with wide instructions over the columns: memory is read in order, and each column's
//! sums have the same order on every processor.
//! The variance takes a second walk, around the mean of the first one.
//! Rejected: the mean of squares minus the square of the mean, which needs one walk, but loses all digits if the mean is
//! large.

use crate::elementwise::vectorised;
use crate::{Real, Write, add_column_sums};

/// Writes the mean and the biased variance (by the number of rows) of each column; 0 if there are no rows.
///
/// # Shapes
/// `x`: `[rows, width]`, row after row; `mean`, `variance`: `[width]`
///
/// # Panics
/// If `x` is not a whole number of rows, or the widths differ.
#[track_caller]
pub fn column_moments<F: Real>(x: &[F], mean: &mut [F], variance: &mut [F]) {
    assert_eq!(mean.len(), variance.len(), "mean and variance of different widths");
    mean.fill(F::zero());
    variance.fill(F::zero());
    add_column_sums(mean, x);
    if x.is_empty() {
        return;
    }
    let share = F::of(mean.len() as f64 / x.len() as f64);
    mean.iter_mut().for_each(|mean| *mean *= share);
    vectorised(|| {
        for row in x.chunks_exact(mean.len()) {
            for ((sum, &x), &mean) in variance.iter_mut().zip(row).zip(&*mean) {
                *sum += (x - mean) * (x - mean);
            }
        }
    });
    variance.iter_mut().for_each(|variance| *variance *= share);
}

/// The shift and the scale of the columns of a matrix: `(x − mean) · inverse · gamma`, each `[width]`.
#[derive(Clone, Copy, Debug)]
pub struct ColumnScale<'a, F> {
    /// The mean, which is subtracted from each column.
    pub mean: &'a [F],
    /// 1 over the standard deviation.
    pub inverse: &'a [F],
    /// The learned scale.
    pub gamma: &'a [F],
}

impl<F> ColumnScale<'_, F> {
    #[track_caller]
    fn check(&self, width: usize, x: &[F], out: &[F]) {
        let widths = [self.mean.len(), self.inverse.len(), self.gamma.len()];
        assert_eq!(widths, [width; 3], "one number a column");
        assert_eq!(x.len(), out.len(), "output and input differ in length");
        assert!(x.len().is_multiple_of(width.max(1)), "rows are not as long as the columns");
    }
}

/// `out[r, c] = (x[r, c] − mean[c]) · inverse[c] · gamma[c] + beta[c]`.
///
/// # Panics
/// If the lengths do not fit.
#[track_caller]
pub fn normalise_into<F: Real>(out: &mut [F], x: &[F], scale: ColumnScale<'_, F>, beta: &[F]) {
    scale.check(beta.len(), x, out);
    let ColumnScale { mean, inverse, gamma } = scale;
    let width = beta.len().max(1);
    vectorised(|| {
        for (out, x) in out.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
            let of_column = mean.iter().zip(inverse).zip(gamma.iter().zip(beta));
            for ((out, &x), ((&m, &i), (&g, &b))) in out.iter_mut().zip(x).zip(of_column) {
                *out = (x - m) * i * g + b;
            }
        }
    });
}

/// Adds to `shift[c]` the sum over rows of `gradient[r, c]`, and to `slope[c]` that of `gradient · x̂` with
/// `x̂ = (x − mean) · inverse`, row after row: the gradients of `beta` and of `gamma`.
///
/// # Panics
/// If the lengths do not fit.
#[track_caller]
pub fn add_normalised_sums<F: Real>(
    [shift, slope]: [&mut [F]; 2],
    [gradient, x]: [&[F]; 2],
    scale: ColumnScale<'_, F>,
) {
    scale.check(shift.len(), x, gradient);
    assert_eq!(shift.len(), slope.len(), "one number a column");
    let width = shift.len().max(1);
    vectorised(|| {
        for (gradient, x) in gradient.chunks_exact(width).zip(x.chunks_exact(width)) {
            let sums = shift.iter_mut().zip(slope.iter_mut());
            let of_column = scale.mean.iter().zip(scale.inverse);
            let values = gradient.iter().zip(x).zip(of_column);
            for ((shift, slope), ((&g, &x), (&mean, &inverse))) in sums.zip(values) {
                *shift += g;
                *slope += g * ((x - mean) * inverse);
            }
        }
    });
}

/// `out[r, c] = gamma · inverse · (gradient − shift[c] − x̂ · slope[c])` with `x̂ = (x − mean) · inverse`, or `+=`: the
/// gradient of [`normalise_into`].
///
/// If `shift` and `slope` are the means over the rows of `gradient` and of `gradient · x̂`, mean and variance are treated as
/// functions of the rows; if they are zeros, as constants.
///
/// # Panics
/// If the lengths do not fit.
#[track_caller]
pub fn normalise_gradient_into<F: Real>(
    out: &mut [F],
    write: Write,
    [gradient, x]: [&[F]; 2],
    scale: ColumnScale<'_, F>,
    [shift, slope]: [&[F]; 2],
) {
    scale.check(shift.len(), x, out);
    scale.check(slope.len(), gradient, out);
    let ColumnScale { mean, inverse, gamma } = scale;
    let width = shift.len().max(1);
    vectorised(|| {
        let rows = gradient.chunks_exact(width).zip(x.chunks_exact(width));
        for (out, (gradient, x)) in out.chunks_exact_mut(width).zip(rows) {
            let scales = mean.iter().zip(inverse).zip(gamma);
            let of_column = scales.zip(shift.iter().zip(slope));
            let values = out.iter_mut().zip(gradient.iter().zip(x));
            for ((out, (&g, &x)), (((&m, &i), &gamma), (&shift, &slope))) in values.zip(of_column) {
                let value = gamma * i * (g - shift - (x - m) * i * slope);
                *out = if write == Write::Add { *out + value } else { value };
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_rows() -> impl Strategy<Value = (usize, Vec<f64>, Vec<f64>)> {
        (1_usize..40, 1_usize..9).prop_flat_map(|(width, rows)| {
            let vector = |n| prop::collection::vec(-9.0..9.0_f64, n);
            (Just(width), vector(width * rows), vector(width * rows))
        })
    }

    proptest! {
        #[test]
        fn moments_agree_with_plain_loops((width, x, _) in any_rows()) {
            let (mut mean, mut variance) = (vec![7.0; width], vec![7.0; width]);
            column_moments(&x, &mut mean, &mut variance);
            let n = (x.len() / width) as f64;
            for c in 0..width {
                let column = || x.iter().skip(c).step_by(width);
                let plain = column().sum::<f64>() / n;
                let squares = column().map(|x| (x - plain).powi(2)).sum::<f64>() / n;
                prop_assert!((mean[c] - plain).abs() < 1e-12 * 9.0);
                prop_assert!((variance[c] - squares).abs() < 1e-12 * 81.0);
            }
        }

        #[test]
        fn loops_agree_with_their_formulas((width, x, gradient) in any_rows()) {
            let column = |seed: f64| -> Vec<f64> { (0..width).map(|c| (seed + c as f64).sin()).collect() };
            let (mean, inverse, gamma) = (column(1.0), column(2.0), column(3.0));
            let (beta, shift, slope) = (column(4.0), column(5.0), column(6.0));
            let scale = ColumnScale { mean: &mean, inverse: &inverse, gamma: &gamma };
            let (mut out, mut back) = (vec![7.0; x.len()], vec![7.0; x.len()]);
            normalise_into(&mut out, &x, scale, &beta);
            let (given, means) = ([&gradient[..], &x[..]], [&shift[..], &slope[..]]);
            normalise_gradient_into(&mut back, Write::Add, given, scale, means);
            let mut assigned = vec![7.0; x.len()];
            normalise_gradient_into(&mut assigned, Write::Assign, given, scale, means);
            let (mut shifts, mut slopes) = (vec![7.0; width], vec![7.0; width]);
            add_normalised_sums([&mut shifts, &mut slopes], given, scale);
            for c in 0..width {
                let rows = || gradient.iter().zip(&x).skip(c).step_by(width);
                let plain: f64 = rows().map(|(g, _)| g).sum();
                let products: f64 = rows().map(|(g, x)| g * (x - mean[c]) * inverse[c]).sum();
                prop_assert!((shifts[c] - 7.0 - plain).abs() < 1e-11);
                prop_assert!((slopes[c] - 7.0 - products).abs() < 1e-10);
            }
            for i in 0..x.len() {
                let c = i % width;
                let hat = (x[i] - mean[c]) * inverse[c];
                let slope = gamma[c] * inverse[c] * (gradient[i] - shift[c] - hat * slope[c]);
                prop_assert!((out[i] - hat * gamma[c] - beta[c]).abs() < 1e-12);
                prop_assert!((back[i] - 7.0 - slope).abs() < 1e-11);
                prop_assert!((assigned[i] - slope).abs() < 1e-11);
            }
        }
    }

    #[test]
    fn no_rows_have_moments_of_zero() {
        let (mut mean, mut variance) = ([7.0], [7.0]);
        column_moments::<f32>(&[], &mut mean, &mut variance);
        assert_eq!((mean, variance), ([0.0], [0.0]));
    }

    #[test]
    #[should_panic(expected = "one number a column")]
    fn widths_must_agree() {
        let scale = ColumnScale { mean: &[0.0; 2], inverse: &[1.0; 2], gamma: &[1.0] };
        normalise_into(&mut [0.0; 2], &[0.0; 2], scale, &[0.0; 2]);
    }
}
