//! Matrix products of views with any strides.
//!
//! They are the products of packed factors, so that an element is the same sum here and there; both factors are packed in
//! each call.

use std::borrow::Cow;

use crate::packed_factors::RightFactor;
use crate::packed_product::{Finish, rows_product_into};
use crate::{Real, Write};
use ndarray::{ArrayView2, ArrayViewMut2};

/// `out = a b`, or `out += a b`.
///
/// Layers use the products of [packed factors](crate::products::RightFactor), which pack a factor once and allocate
/// nothing.
///
/// # Shapes
/// `a`: `[m, k]`, `b`: `[k, n]`, `out`: `[m, n]`; any strides.
///
/// # Panics
/// If the shapes do not fit together.
#[track_caller]
pub fn matmul_into<F: Real>(
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    write: Write,
    mut out: ArrayViewMut2<'_, F>,
) {
    let ((m, k), (k_b, n)) = (a.dim(), b.dim());
    assert_eq!(k, k_b, "product of [{m}, {k}] and [{k_b}, {n}]");
    assert_eq!(out.dim(), (m, n), "output of the product of [{m}, {k}] and [{k}, {n}]");
    let mut right = RightFactor::default();
    match b.t().to_slice() {
        Some(transposed) => right.pack_transposed(transposed, (n, k)),
        None => right.pack(&in_rows(b), (k, n)),
    }
    let (left, finish) = (in_rows(a), Finish::plain(write));
    if let Some(out) = out.as_slice_mut() {
        return rows_product_into(out, &left, &right, finish);
    }
    let mut values = in_rows(out.view()).into_owned();
    rows_product_into(&mut values, &left, &right, finish);
    out.iter_mut().zip(values).for_each(|(out, value)| *out = value);
}

/// The elements row after row.
fn in_rows<F: Real>(view: ArrayView2<'_, F>) -> Cow<'_, [F]> {
    view.to_slice().map_or_else(|| Cow::Owned(view.iter().copied().collect()), Cow::Borrowed)
}

#[cfg(test)]
#[allow(unsafe_code, reason = "the oracle takes raw pointers")]
mod tests {
    use super::*;
    use ndarray::Array2;
    use proptest::prelude::*;

    fn matrix(rows: usize, cols: usize) -> impl Strategy<Value = Array2<f64>> {
        prop::collection::vec(-3.0..3.0, rows * cols)
            .prop_map(move |v| Array2::from_shape_vec((rows, cols), v).unwrap())
    }

    /// The strides: of rows, and of columns.
    fn strides(of: &Array2<f64>) -> (isize, isize) {
        (of.strides()[0], of.strides()[1])
    }

    /// `matrixmultiply`, the oracle.
    fn oracle(a: &Array2<f64>, b: &Array2<f64>, out: &mut Array2<f64>, beta: f64) {
        let ((m, k), n) = (a.dim(), b.ncols());
        let (a_strides, b_strides) = (strides(a), strides(b));
        // SAFETY: shapes and strides are those of the arrays, which are alive and do not overlap.
        unsafe {
            matrixmultiply::dgemm(
                m,
                k,
                n,
                1.0,
                a.as_ptr(),
                a_strides.0,
                a_strides.1,
                b.as_ptr(),
                b_strides.0,
                b_strides.1,
                beta,
                out.as_mut_ptr(),
                n.cast_signed(),
                1,
            );
        }
    }

    fn check_close(got: &Array2<f64>, expected: &Array2<f64>) {
        for (g, e) in got.iter().zip(expected) {
            assert!((g - e).abs() <= 1e-12 * (1.0 + e.abs()), "{got} against {expected}");
        }
    }

    proptest! {
        #[test]
        fn products_agree_with_matrixmultiply(
            (a, b, start) in (0_usize..20, 0_usize..20, 0_usize..20)
                .prop_flat_map(|(m, k, n)| (matrix(m, k), matrix(k, n), matrix(m, n)))
        ) {
            for (write, beta) in [(Write::Assign, 0.0), (Write::Add, 1.0)] {
                let (mut got, mut expected) = (start.clone(), start.clone());
                matmul_into(a.view(), b.view(), write, got.view_mut());
                oracle(&a, &b, &mut expected, beta);
                check_close(&got, &expected);
                // The same product through transposed views.
                let mut transposed = start.t().to_owned();
                matmul_into(b.t(), a.t(), write, transposed.view_mut());
                check_close(&transposed.t().to_owned(), &expected);
            }
        }
    }

    #[test]
    #[should_panic(expected = "product of [2, 3] and [4, 1]")]
    fn inner_sizes_must_agree() {
        let (a, b) = (Array2::<f32>::zeros((2, 3)), Array2::zeros((4, 1)));
        matmul_into(a.view(), b.view(), Write::Assign, Array2::zeros((2, 1)).view_mut());
    }
}
