//! Loops over elements, each compiled for several instruction sets and chosen at run time.
//!
//! The loops take closures of one, two or three inputs, so that an operation is one line at its place of use, and the
//! choice of instructions is made here alone.
//! Rejected: compiling the whole program for one processor, which is simpler, but does not run on another one.

use crate::instructions::arch;
use crate::number::Number;

/// Whether a kernel replaces the values of the output, or adds to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// `out = value`; the old values are not read.
    Assign,
    /// `out += value`.
    Add,
}

/// `out[i] = f(a[i])`, or `+=`.
///
/// # Panics
/// If the lengths differ.
#[inline]
#[track_caller]
pub fn map_into<F: Number>(out: &mut [F], write: Write, a: &[F], f: impl Fn(F) -> F) {
    same_length(out, a);
    match write {
        Write::Assign => vectorised(
            #[inline(always)]
            || out.iter_mut().zip(a).for_each(|(o, &a)| *o = f(a)),
        ),
        Write::Add => vectorised(
            #[inline(always)]
            || out.iter_mut().zip(a).for_each(|(o, &a)| *o += f(a)),
        ),
    }
}

/// `out[i] = f(a[i], b[i])`, or `+=`.
///
/// # Panics
/// If the lengths differ.
#[inline]
#[track_caller]
pub fn zip_into<F: Number>(out: &mut [F], write: Write, a: &[F], b: &[F], f: impl Fn(F, F) -> F) {
    same_length(out, a);
    same_length(out, b);
    let inputs = a.iter().zip(b);
    match write {
        Write::Assign => {
            vectorised(
                #[inline(always)]
                || out.iter_mut().zip(inputs).for_each(|(o, (&a, &b))| *o = f(a, b)),
            );
        }
        Write::Add => {
            vectorised(
                #[inline(always)]
                || out.iter_mut().zip(inputs).for_each(|(o, (&a, &b))| *o += f(a, b)),
            );
        }
    }
}

/// `out[i] = f(a[i], b[i], c[i])`, or `+=`, with the inputs `[a, b, c]`.
///
/// # Panics
/// If the lengths differ.
#[inline]
#[track_caller]
pub fn zip3_into<F: Number>(
    out: &mut [F],
    write: Write,
    [a, b, c]: [&[F]; 3],
    f: impl Fn(F, F, F) -> F,
) {
    same_length(out, a);
    same_length(out, b);
    same_length(out, c);
    let inputs = a.iter().zip(b).zip(c);
    match write {
        Write::Assign => vectorised(
            #[inline(always)]
            || {
                out.iter_mut().zip(inputs).for_each(|(o, ((&a, &b), &c))| *o = f(a, b, c));
            },
        ),
        Write::Add => vectorised(
            #[inline(always)]
            || {
                out.iter_mut().zip(inputs).for_each(|(o, ((&a, &b), &c))| *o += f(a, b, c));
            },
        ),
    }
}

/// Runs a loop with the widest instructions that this processor has.
///
/// The body is compiled once for each set of instructions: keep it small, mark it `#[inline(always)]`, and call only inlined
/// functions in it. Other functions are compiled for the least capable processor.
#[inline(always)]
pub fn vectorised<R>(body: impl FnOnce() -> R) -> R {
    arch().dispatch(body)
}

#[track_caller]
fn same_length<F>(out: &[F], input: &[F]) {
    assert_eq!(out.len(), input.len(), "output and input differ in length");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vector(len: usize) -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(-10.0..10.0, len)
    }

    proptest! {
        #[test]
        fn maps_agree_with_plain_loops(
            (out, a, b, c) in (0_usize..70).prop_flat_map(|n| (vector(n), vector(n), vector(n), vector(n)))
        ) {
            for write in [Write::Assign, Write::Add] {
                let expect = |f: &dyn Fn(usize) -> f64| -> Vec<f64> {
                    (0..out.len())
                        .map(|i| if write == Write::Add { out[i] + f(i) } else { f(i) })
                        .collect()
                };
                let mut got = out.clone();
                map_into(&mut got, write, &a, |a| a * 2.0);
                prop_assert_eq!(&got, &expect(&|i| a[i] * 2.0));

                let mut got = out.clone();
                zip_into(&mut got, write, &a, &b, |a, b| a - b);
                prop_assert_eq!(&got, &expect(&|i| a[i] - b[i]));

                let mut got = out.clone();
                zip3_into(&mut got, write, [&a, &b, &c], |a, b, c| a * b + c);
                prop_assert_eq!(&got, &expect(&|i| a[i] * b[i] + c[i]));
            }
        }
    }

    #[test]
    #[should_panic(expected = "differ in length")]
    fn lengths_must_agree() {
        map_into(&mut [0.0], Write::Assign, &[1.0, 2.0], |a| a);
    }
}
