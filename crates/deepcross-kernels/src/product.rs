//! Matrix products, on one thread, through the `gemm` crate.
//!
//! The rows of a batch are what is shared between threads, so a product never is.
//! `gemm` was chosen over `matrixmultiply` (our oracle in the tests) for its speed on few rows: 35 against 4.5 GFLOP/s
//! on 1×640×512, about equal on many. This file is the only one that names it.

#![allow(unsafe_code, reason = "the gemm crate takes raw pointers")]

use crate::elementwise::vectorised;
use crate::{Activation, Real, Write, activated::activate_in_place, activation::relu};
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

/// (row stride, column stride)
fn strides(of_view: &[isize]) -> (isize, isize) {
    (of_view[0], of_view[1])
}

/// A linear map with bias and activation.
#[derive(Clone, Copy, Debug)]
pub struct Affine<'a, F> {
    /// `[outputs, inputs]`.
    pub weight: ArrayView2<'a, F>,
    /// One number an output.
    pub bias: Option<&'a [F]>,
    /// Applied last.
    pub activation: Activation,
}

/// `out = activation(x weightᵀ + bias)`.
///
/// # Shapes
/// `x`: `[rows, inputs]`, `out`: `[rows, outputs]`, its rows contiguous.
///
/// # Panics
/// If the shapes do not fit together.
#[track_caller]
pub fn affine_into<F: Real>(
    x: ArrayView2<'_, F>,
    layer: Affine<'_, F>,
    mut out: ArrayViewMut2<'_, F>,
) {
    matmul_into(x, layer.weight.t(), Write::Assign, out.view_mut());
    let width = layer.weight.nrows();
    let out = out.as_slice_mut().expect("the rows of the output are contiguous");
    match (layer.bias, layer.activation) {
        (None, activation) => activate_in_place(out, activation),
        (Some(bias), Activation::Identity) => add_bias(out, width, bias, |v| v),
        (Some(bias), Activation::Relu) => add_bias(out, width, bias, relu),
        (Some(bias), activation) => add_bias(out, width, bias, |v| activation.apply(v)),
    }
}

#[track_caller]
fn add_bias<F: Real>(out: &mut [F], width: usize, bias: &[F], activate: impl Fn(F) -> F) {
    assert_eq!(bias.len(), width, "length of the bias");
    if width == 0 {
        return;
    }
    vectorised(
        #[inline(always)]
        || {
            for row in out.chunks_exact_mut(width) {
                row.iter_mut().zip(bias).for_each(|(o, &b)| *o = activate(*o + b));
            }
        },
    );
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
                // The same through transposed views.
                let mut transposed = start.t().to_owned();
                matmul_into(b.t(), a.t(), write, transposed.view_mut());
                check_close(&transposed.t().to_owned(), &expected);
            }
        }

        #[test]
        fn affine_is_product_bias_and_activation(
            (x, weight, bias) in (0_usize..6, 1_usize..20, 1_usize..20)
                .prop_flat_map(|(m, k, n)| (matrix(m, k), matrix(n, k), matrix(1, n)))
        ) {
            for activation in Activation::ALL {
                for with_bias in [false, true] {
                    let mut expected = x.dot(&weight.t());
                    if with_bias {
                        expected += &bias;
                    }
                    expected.mapv_inplace(|v| activation.apply(v));
                    let mut got = Array2::from_elem(expected.dim(), f64::NAN);
                    let bias = with_bias.then(|| bias.as_slice().unwrap());
                    let layer = Affine { weight: weight.view(), bias, activation };
                    affine_into(x.view(), layer, got.view_mut());
                    check_close(&got, &expected);
                }
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
