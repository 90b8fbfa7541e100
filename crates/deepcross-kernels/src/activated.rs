//! Loops that apply an activation.
//!
//! The activation is chosen outside of the loop: a `match` within it would branch at each element, and keep the compiler
//! from using wide instructions, which made ReLU 35 times slower.

use crate::activation::relu;
use crate::functions::{sigmoid, tanh};
use crate::{Activation, Real, Write, map_into, zip_into};

/// `out[i] = activation(x[i])`, or `+=`.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn activate_into<F: Real>(out: &mut [F], write: Write, x: &[F], activation: Activation) {
    match activation {
        Activation::Identity => map_into(out, write, x, |x| x),
        Activation::Relu => map_into(out, write, x, relu),
        Activation::Sigmoid => map_into(out, write, x, sigmoid),
        Activation::Tanh => map_into(out, write, x, tanh),
    }
}

/// `out[i] = activation(a[i] + b[i])`.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn add_activate_into<F: Real>(out: &mut [F], a: &[F], b: &[F], activation: Activation) {
    let write = Write::Assign;
    match activation {
        Activation::Identity => zip_into(out, write, a, b, |a, b| a + b),
        Activation::Relu => zip_into(out, write, a, b, |a, b| relu(a + b)),
        Activation::Sigmoid => zip_into(out, write, a, b, |a, b| sigmoid(a + b)),
        Activation::Tanh => zip_into(out, write, a, b, |a, b| tanh(a + b)),
    }
}

/// `out[i] = gradient[i] · activation'` at the point whose value is `output[i]`, or `+=`.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn slope_into<F: Real>(
    out: &mut [F],
    write: Write,
    gradient: &[F],
    output: &[F],
    activation: Activation,
) {
    match activation {
        Activation::Identity => map_into(out, write, gradient, |g| g),
        Activation::Relu => {
            zip_into(out, write, gradient, output, |g, y| g * Activation::Relu.derivative(y))
        }
        Activation::Sigmoid => {
            zip_into(out, write, gradient, output, |g, y| g * Activation::Sigmoid.derivative(y));
        }
        Activation::Tanh => {
            zip_into(out, write, gradient, output, |g, y| g * Activation::Tanh.derivative(y))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn loops_agree_with_the_activation_of_each_element(
            rows in prop::collection::vec((-3.0..3.0_f64, -3.0..3.0_f64, -3.0..3.0_f64), 0..70)
        ) {
            let column = |i: usize| -> Vec<f64> { rows.iter().map(|&(x, y, z)| [x, y, z][i]).collect() };
            let (a, b, start) = (column(0), column(1), column(2));
            for activation in Activation::ALL {
                let mut out = start.clone();
                activate_into(&mut out, Write::Add, &a, activation);
                let mut sums = start.clone();
                add_activate_into(&mut sums, &a, &b, activation);
                let mut slopes = start.clone();
                slope_into(&mut slopes, Write::Assign, &b, &a, activation);
                for (i, &(a, b, start)) in rows.iter().enumerate() {
                    prop_assert_eq!(out[i], start + activation.apply(a));
                    prop_assert_eq!(sums[i], activation.apply(a + b));
                    prop_assert_eq!(slopes[i], b * activation.derivative(a));
                }
            }
        }
    }
}
