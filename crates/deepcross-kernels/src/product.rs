//! Matrix products, on one thread, through the `gemm` crate.
//!
//! Threads share the rows of a batch, and therefore never a product.
//! `gemm` was chosen over `matrixmultiply` (our oracle in the tests) for its speed on few rows: 35 against 4.5 GFLOP/s
//! on 1×640×512, about equal on many. This file is the only one that names it.

#![allow(unsafe_code, reason = "the gemm crate takes raw pointers")]

use crate::{Real, Write};
use ndarray::{ArrayView2, ArrayViewMut2};

/// `out = a b`, or `out += a b`.
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
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        if write == Write::Assign {
            out.fill(F::zero());
        }
        return;
    }
    let (out_strides, out) = (strides(out.strides()), out.as_mut_ptr());
    let ((a_strides, a), (b_strides, b)) =
        ((strides(a.strides()), a.as_ptr()), (strides(b.strides()), b.as_ptr()));
    // SAFETY: the three pointers, with these shapes and strides, come from ndarray views, which are valid for every
    // index within their shape. The shapes agree, as asserted above. `out` is borrowed mutably, so it overlaps neither
    // `a` nor `b`, and its elements are distinct. With `read_dst` false the output is only written.
    // `F` is f32 or f64 (`Real` is sealed), which are types that `gemm` knows.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out,
            out_strides.1,
            out_strides.0,
            write == Write::Add,
            a,
            a_strides.1,
            a_strides.0,
            b,
            b_strides.1,
            b_strides.0,
            F::one(),
            F::one(),
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// The strides of a view: (row stride, column stride).
fn strides(of_view: &[isize]) -> (isize, isize) {
    (of_view[0], of_view[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use proptest::prelude::*;

    fn matrix(rows: usize, cols: usize) -> impl Strategy<Value = Array2<f64>> {
        prop::collection::vec(-3.0..3.0, rows * cols)
            .prop_map(move |v| Array2::from_shape_vec((rows, cols), v).unwrap())
    }

    /// `matrixmultiply`, the oracle.
    fn oracle(a: &Array2<f64>, b: &Array2<f64>, out: &mut Array2<f64>, beta: f64) {
        let ((m, k), n) = (a.dim(), b.ncols());
        let (a_strides, b_strides) = (strides(a.strides()), strides(b.strides()));
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
