//! Loops over the numbers of short rows, such as those of tables.
//!
//! Numbers are taken in blocks of 16, then one of 8 and one of 4, and the rest one by one.
//! Rejected: a simple loop. The compiler turns it into vectors of 16 numbers, and takes those that are left one by one:
//! of a row of 8, these are all.

use crate::number::Number;
use std::array;

/// Calls `f` with each number of `first`, and with the numbers of `others` and `inputs` in the same place.
///
/// It is inlined into its caller, so that it uses the caller's instruction set.
///
/// # Panics
/// If a slice is shorter than `first`.
#[inline(always)]
pub fn each_number<F: Number, const N: usize, const M: usize>(
    first: &mut [F],
    mut others: [&mut [F]; N],
    inputs: [&[F]; M],
    f: impl Fn(&mut F, [&mut F; N], [F; M]),
) {
    let n = first.len();
    let mut others = others.each_mut().map(|other| &mut other[..n]);
    let inputs = inputs.map(|input| &input[..n]);
    let mut start = 0;
    while start + 16 <= n {
        block::<F, N, M, 16>(start, first, &mut others, inputs, &f);
        start += 16;
    }
    if start + 8 <= n {
        block::<F, N, M, 8>(start, first, &mut others, inputs, &f);
        start += 8;
    }
    if start + 4 <= n {
        block::<F, N, M, 4>(start, first, &mut others, inputs, &f);
        start += 4;
    }
    for i in start..n {
        f(
            &mut first[i],
            others.each_mut().map(|other| &mut other[i]),
            inputs.map(|input| input[i]),
        );
    }
}

/// Calls `f` for `LEN` places from `start` on.
///
/// It works on copies: the compiler knows that these do not overlap, and uses vectors.
#[inline(always)]
fn block<F: Number, const N: usize, const M: usize, const LEN: usize>(
    start: usize,
    first: &mut [F],
    others: &mut [&mut [F]; N],
    inputs: [&[F]; M],
    f: &impl Fn(&mut F, [&mut F; N], [F; M]),
) {
    let range = start..start + LEN;
    let mut of_first = [F::zero(); LEN];
    let mut of_others = [[F::zero(); LEN]; N];
    let mut of_inputs = [[F::zero(); LEN]; M];
    of_first.copy_from_slice(&first[range.clone()]);
    for (copy, other) in of_others.iter_mut().zip(&*others) {
        copy.copy_from_slice(&other[range.clone()]);
    }
    for (copy, input) in of_inputs.iter_mut().zip(inputs) {
        copy.copy_from_slice(&input[range.clone()]);
    }
    for i in 0..LEN {
        let others = of_others.each_mut().map(|other| &mut other[i]);
        f(&mut of_first[i], others, array::from_fn(|m| of_inputs[m][i]));
    }
    first[range.clone()].copy_from_slice(&of_first);
    for (copy, other) in of_others.iter().zip(others) {
        other[range.clone()].copy_from_slice(copy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_visited_once() {
        for n in 0..40_u16 {
            let numbers = |factor| (0..n).map(|i| f64::from(factor * i)).collect::<Vec<_>>();
            let (mut first, input) = (numbers(1), numbers(10));
            let (mut a, mut b) = (vec![1.0; n.into()], vec![2.0; n.into()]);
            each_number(&mut first, [&mut a, &mut b], [&input], |first, [a, b], [input]| {
                *first += input;
                *a += *b;
                *b = input;
            });
            assert_eq!((first, b), (numbers(11), input));
            assert!(a.iter().all(|&a| a == 3.0), "{a:?}");
        }
    }
}
