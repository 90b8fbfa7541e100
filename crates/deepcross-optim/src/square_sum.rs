//! The sum of squares of a gradient.

use deepcross_kernels::Real;

/// The sum of squares in f64, with a fixed order: eight partial sums, which the compiler can keep in vectors.
pub(crate) fn square_sum<F: Real>(values: &[F]) -> f64 {
    let (eights, rest) = values.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for eight in eights {
        for (sum, value) in sums.iter_mut().zip(eight) {
            *sum += value.as_f64() * value.as_f64();
        }
    }
    let rest = rest.iter().map(|value| value.as_f64() * value.as_f64());
    sums.into_iter().chain(rest).sum()
}
