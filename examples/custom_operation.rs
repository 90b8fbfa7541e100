//! Defines an operation outside the crate: an activation, its derivative, the check that they belong together, and
//! training with it.
//!
//! ```text
//! cargo run --release --example custom_operation
//! ```
//!
//! SiLU is `x σ(x)`, and its derivative `σ(x) (1 + x (1 − σ(x)))` (Elfwing, Uchibe and Doya, Neural Networks 107, 2018).
//! SiLU falls before it rises, so its derivative does not follow from its value, as it does for the built-in
//! activations.

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use deepcross::autodiff::{
    Activation, CustomInputs, Gradients, Operation, OutputAndGradient, Params, Pass, Real, Shape,
    Tape, Var, check,
};
use deepcross::layers::{Builder, Linear, LinearConfig, Module};
use deepcross::optim::{Optimizer, OptimizerConfig, Rule};
use ndarray::{Array2, ArrayViewMut2, Zip};
use std::error::Error;
use std::sync::Arc;

/// An activation: a function of each element, and its slope.
#[derive(Clone, Copy, Debug)]
struct Elementwise<F> {
    value: fn(F) -> F,
    slope: fn(F) -> F,
}

impl<F: Real> Operation<F> for Elementwise<F> {
    fn shape(&self, inputs: CustomInputs<'_, F>) -> Shape {
        inputs.get(0).dim()
    }

    fn forward(&self, inputs: CustomInputs<'_, F>, out: ArrayViewMut2<'_, F>) {
        Zip::from(out).and(inputs.get(0)).for_each(|out, &x| *out = (self.value)(x));
    }

    /// Adds to the gradient that other uses of the input have left.
    fn backward(
        &self,
        inputs: CustomInputs<'_, F>,
        result: OutputAndGradient<'_, F>,
        _which: usize,
        into: ArrayViewMut2<'_, F>,
    ) {
        Zip::from(into)
            .and(inputs.get(0))
            .and(result.gradient)
            .for_each(|into, &x, &gradient| *into += gradient * (self.slope)(x));
    }
}

/// SiLU, for `f32` and `f64`.
fn silu<F: Real>() -> Elementwise<F> {
    Elementwise {
        value: |x| x * sigmoid(x),
        slope: |x| sigmoid(x) * (F::one() + x * (F::one() - sigmoid(x))),
    }
}

/// SiLU with a wrong slope, which ignores that its second factor depends on x too.
fn wrong_silu<F: Real>() -> Elementwise<F> {
    Elementwise { slope: sigmoid, ..silu() }
}

/// The sigmoid of the crate, which does not overflow where `exp` does.
fn sigmoid<F: Real>(x: F) -> F {
    Activation::Sigmoid.apply(x)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut params = Params::new();
    let net = Net::new(&mut params, silu(), 4);
    check::gradients(&params, |pass| net.loss(pass))?;
    println!("all {} derivatives agree with differences", params.n_parameters());

    let mut params = Params::new();
    let net = Net::new(&mut params, wrong_silu(), 4);
    let Err(found) = check::gradients(&params, |pass| net.loss(pass)) else {
        return Err("the check did not notice a wrong derivative".into());
    };
    println!("\nwith a wrong derivative, the check finds\n  {found}");
    println!("that is, the parameter `{}` at (row, column) {:?}", found.parameter, found.entry);

    train::<f32>("f32")?;
    train::<f64>("f64")
}

/// Fits the net, and prints its loss during training.
fn train<F: Real>(name: &str) -> Result<(), Box<dyn Error>> {
    let mut params = Params::<F>::new();
    let net = Net::new(&mut params, silu(), 16);
    let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::ADAM, 0.05), &params)?;
    let (mut tape, mut gradients) = (Tape::new(), Gradients::new(&params));
    println!("\nfitting sin(3x) in {name}:");
    for step in 0..=400 {
        let mut pass = tape.record(&params);
        let loss = net.loss(&mut pass);
        if step % 100 == 0 {
            println!("  step {step:3}: mean squared error {:.6}", pass.scalar(loss));
        }
        gradients.clear();
        pass.backward(loss, &mut gradients);
        optimizer.step(&mut params, &mut gradients);
    }
    Ok(())
}

/// Two affine maps with the operation between them.
struct Net<F> {
    inner: Linear,
    activation: Arc<dyn Operation<F>>,
    outer: Linear,
}

impl<F: Real> Net<F> {
    fn new(params: &mut Params<F>, activation: Elementwise<F>, hidden: usize) -> Self {
        let builder = &mut Builder::new(params, 7);
        Self {
            inner: LinearConfig::new("inner", 1, hidden).init(builder),
            activation: Arc::new(activation),
            outer: LinearConfig::new("outer", hidden, 1).init(builder),
        }
    }

    fn forward(&self, pass: &mut Pass<'_, F>, x: Var) -> Var {
        let hidden = self.inner.forward(pass, x);
        let hidden = pass.custom(&self.activation, &[hidden]);
        self.outer.forward(pass, hidden)
    }

    /// The mean squared error of 33 points of sin(3x) between −1 and 1.
    fn loss(&self, pass: &mut Pass<'_, F>) -> Var {
        let x = Array2::from_shape_fn((33, 1), |(i, _)| (i as f64 - 16.0) / 16.0);
        let y = x.mapv(|x| F::of((3.0 * x).sin()));
        let (x, y) = (pass.input(x.mapv(F::of).view()), pass.input(y.view()));
        let guess = self.forward(pass, x);
        let error = pass.sub(guess, y);
        let squared = pass.mul(error, error);
        pass.mean(squared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition as it is written, in `f64`.
    fn naive_silu(x: f64) -> f64 {
        x * (1.0 / (1.0 + (-x).exp()))
    }

    /// `exp` overflows past 88 in `f32` and past 709 in `f64`.
    fn any_matrix(range: f64) -> impl Strategy<Value = Array2<f64>> {
        let element = prop_oneof![
            1 => Just(0.0),
            1 => prop::sample::select(vec![-range, -50.0, 50.0, range]),
            4 => -3.0..3.0,
            4 => -range..range,
        ];
        (1_usize..=12, 1_usize..=12).prop_flat_map(move |shape| {
            prop::collection::vec(element.clone(), shape.0 * shape.1)
                .prop_map(move |values| Array2::from_shape_vec(shape, values).unwrap())
        })
    }

    fn value<F: Real>(x: &Array2<f64>) -> Array2<f64> {
        let (params, mut tape) = (Params::new(), Tape::new());
        let mut pass = tape.record(&params);
        let x = pass.input(x.mapv(F::of).view());
        let operation: Arc<dyn Operation<F>> = Arc::new(silu());
        let y = pass.custom(&operation, &[x]);
        pass.value(y).mapv(F::as_f64)
    }

    /// Checks SiLU, or its wrong variant, alone and where its input is used a second time.
    fn agrees(operation: Elementwise<f64>, x: &Array2<f64>) -> Result<(), check::Mismatch> {
        let operation: Arc<dyn Operation<f64>> = Arc::new(operation);
        let mut params = Params::new();
        let x = params.add_dense("x", x.clone());
        for also_used_elsewhere in [false, true] {
            check::gradients(&params, |pass| {
                let x = pass.dense(x);
                let y = pass.custom(&operation, &[x]);
                if also_used_elsewhere { pass.add(y, x) } else { y }
            })?;
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn derivatives_agree_with_differences(x in any_matrix(50.0)) {
            prop_assert_eq!(agrees(silu(), &x), Ok(()));
        }

        #[test]
        fn values_agree_with_the_definition(x in any_matrix(1000.0)) {
            let cases = [("f32", value::<f32>(&x), 1e-5), ("f64", value::<f64>(&x), 1e-14)];
            for (name, found, tolerance) in cases {
                for (&x, &found) in x.iter().zip(&found) {
                    let expected = naive_silu(x);
                    let close = (found - expected).abs() <= tolerance * x.abs().max(1.0);
                    prop_assert!(close, "{}: silu({}) is {}, not {}", name, x, found, expected);
                }
            }
        }
    }

    #[test]
    fn a_wrong_slope_is_found_where_it_is() {
        // Both slopes are σ(x) at 0, and 1 at 50.
        let x = ndarray::array![[0.0, 50.0, 0.0], [0.0, 0.0, -1.5]];
        let mismatch = agrees(wrong_silu(), &x).unwrap_err();
        assert_eq!((mismatch.parameter.as_str(), mismatch.entry), ("x", (1, 2)));
        assert!((mismatch.reverse - mismatch.difference).abs() > 0.01, "{mismatch}");
    }

    #[test]
    fn slopes_stay_finite_where_exp_overflows() {
        for x in [-1000.0, -100.0, 100.0, 1000.0] {
            let (in_f32, in_f64) = ((silu::<f32>().slope)(x as f32), (silu::<f64>().slope)(x));
            let expected = f64::from(u8::from(x > 0.0));
            assert!((f64::from(in_f32) - expected).abs() < 1e-6, "{x}: {in_f32}");
            assert!((in_f64 - expected).abs() < 1e-6, "{x}: {in_f64}");
        }
    }
}
