//! Iterates over weights with their gradient and their state.
//!
//! It is a simple loop over slices of the same length, which is inlined into its caller.
//! So the compiler sees that all indices are in range, and uses the instruction set of the caller.

use deepcross_kernels::Real;

/// Calls `f` with each weight, its gradient, and its numbers of state; each kind of state has its own slice.
///
/// # Panics
/// If a slice is shorter than the weights.
#[inline(always)]
pub(crate) fn each_weight<F: Real, const N: usize>(
    weights: &mut [F],
    gradient: &[F],
    mut states: [&mut [F]; N],
    f: impl Fn(&mut F, F, [&mut F; N]),
) {
    let n = weights.len();
    let gradient = &gradient[..n];
    let mut states = states.each_mut().map(|state| &mut state[..n]);
    for i in 0..n {
        f(&mut weights[i], gradient[i], states.each_mut().map(|state| &mut state[i]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_is_visited_once() {
        for n in 0..20_u8 {
            let numbers = |factor| (0..n).map(|i| f64::from(factor * i)).collect::<Vec<_>>();
            let (mut weights, gradient) = (numbers(1), numbers(10));
            let (mut a, mut b) = (vec![1.0; n.into()], vec![2.0; n.into()]);
            each_weight(&mut weights, &gradient, [&mut a, &mut b], |w, g, [a, b]| {
                *w += g;
                *a += *b;
                *b = g;
            });
            assert_eq!((weights, b), (numbers(11), gradient));
            assert!(a.iter().all(|&a| a == 3.0), "{a:?}");
        }
    }
}
