//! The linear map with bias and activation.
//!
//! With `Y = σ(A + X Wᵀ + b)` and `D = ∂Y ⊙ σ'(Y)`: `∂X = D W`, `∂W = Dᵀ X`, `∂b = Σ rows of D`, `∂A = D`.
//! `A` is the input that a residual unit carries past its layers; adding it while the product is in registers saves a
//! loop.
//! In bf16, the factors of all three products are rounded, and `∂b` and `∂A` are as they are.
//! A weight that has integers of 8 bits is multiplied by these: also where columns are shared, whose part would not be
//! exact.
//! Weights are stored as `[outputs, inputs]`, like PyTorch's, so that they can be exchanged unchanged.

use crate::backward::{Backward, scratch};
use crate::op::Op;
use crate::packed_weights::Side;
use crate::{Activation, DenseId, Gradients, Pass, Var};
use deepcross_kernels::products::{Finish, ProductPrecision, int8_product_into};
use deepcross_kernels::{Real, Write, add_column_sums, slope_into};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Affine {
    pub(crate) x: Var,
    pub(crate) weight: DenseId,
    pub(super) bias: Option<DenseId>,
    /// Added to the map, before the activation.
    pub(super) add: Option<Var>,
    pub(super) activation: Activation,
    pub(super) precision: ProductPrecision,
}

impl<F: Real> Pass<'_, F> {
    /// `activation(x weightᵀ + bias)`.
    ///
    /// # Shapes
    /// `x`: `[rows, inputs]`, `weight`: `[outputs, inputs]`, `bias`: `[1, outputs]` → `[rows, outputs]`
    ///
    /// # Panics
    /// If the shapes do not fit together.
    #[track_caller]
    pub fn affine(
        &mut self,
        x: Var,
        weight: DenseId,
        bias: Option<DenseId>,
        activation: Activation,
    ) -> Var {
        self.push_affine((x, weight, bias), None, activation)
    }

    /// `activation(add + x weightᵀ + bias)`: the end of a residual unit.
    ///
    /// # Shapes
    /// `add`: `[rows, outputs]`; else as [`affine`](Self::affine).
    ///
    /// # Panics
    /// If the shapes do not fit together.
    #[track_caller]
    pub fn add_affine(
        &mut self,
        add: Var,
        x: Var,
        weight: DenseId,
        bias: Option<DenseId>,
        activation: Activation,
    ) -> Var {
        let shape = (self.shape(x).0, self.params.dense_shape(weight).0);
        assert_eq!(self.shape(add), shape, "the added value must have the shape of the map");
        self.push_affine((x, weight, bias), Some(add), activation)
    }

    #[track_caller]
    fn push_affine(
        &mut self,
        (x, weight, bias): (Var, DenseId, Option<DenseId>),
        add: Option<Var>,
        activation: Activation,
    ) -> Var {
        let (rows, inputs) = self.shape(x);
        let (outputs, weight_inputs) = self.params.dense_shape(weight);
        let precision = self.precision(outputs);
        let op = Affine { x, weight, bias, add, activation, precision };
        assert_eq!(
            inputs,
            weight_inputs,
            "`{}` takes an input of another width",
            self.params.dense_name(weight)
        );
        let (mut packed, mut shared) = (std::mem::take(&mut self.tape.packed), self.shared.take());
        let out = self.push(Op::Affine(op), (rows, outputs), true, |given, out| {
            let (params, rows) = (given.params, given.slice(x));
            let layer = (weight, bias);
            let bias = bias.map(|bias| params.dense_slice(bias));
            let add = add.map(|add| given.slice(add));
            let finish = Finish { bias, add, activation, write: Write::Assign };
            if let Some(weight) = params.int8_weight(weight) {
                let weight = (&weight.factor, &weight.input_steps);
                return int8_product_into(out, rows, weight, finish, &mut packed.bytes);
            }
            match &mut shared {
                Some((of, shared)) if *of == x && precision == ProductPrecision::Full => {
                    shared.product_into(out, rows, params, layer, finish);
                }
                _ => {
                    let weight = (params, (weight, precision));
                    packed.product_into(out, rows, weight, (Side::Transposed, finish));
                }
            }
        });
        (self.tape.packed, self.shared) = (packed, shared);
        out
    }
}

pub(crate) fn backward<F: Real>(op: &Affine, mut context: Backward<'_, F>) {
    let buffer = std::mem::take(context.scratch);
    let buffer = with_change(op, &mut context, buffer);
    *context.scratch = buffer;
}

/// The rule itself, with the scratch buffer taken out of the context.
fn with_change<F: Real>(op: &Affine, context: &mut Backward<'_, F>, mut buffer: Vec<F>) -> Vec<F> {
    let change = pre_activation_gradient(op.activation, context, &mut buffer);
    if let Some(add) = op.add {
        let (gradient, output) = (context.gradient, context.output);
        context.add_to(add, |out, write| slope_into(out, write, gradient, output, op.activation));
    }
    let mut packed = std::mem::take(context.packed);
    let params = context.inputs.params;
    context.add_to(op.x, |out, write| {
        // The rows of the weight are the outputs: the stored weight is the transposed matrix of the map.
        let (weight, finish) = ((params, (op.weight, op.precision)), Finish::plain(write));
        packed.product_into(out, change, weight, (Side::AsStored, finish));
    });
    let (x, x_shape) = (context.inputs.slice(op.x), context.inputs.nodes[op.x.0].shape);
    let (out, write) = context.parameters.dense_mut(op.weight);
    let (left, right) = ((change, context.shape), (x, x_shape));
    packed.transposed_product_into(out, left, right, (op.precision, write));
    *context.packed = packed;
    if let Some(bias) = op.bias {
        add_bias_gradient(context.parameters, bias, change);
    }
    buffer
}

/// `∂Y ⊙ σ'(Y)`; for the identity, `∂Y` itself.
fn pre_activation_gradient<'b, F: Real>(
    activation: Activation,
    context: &Backward<'b, F>,
    buffer: &'b mut Vec<F>,
) -> &'b [F] {
    if activation == Activation::Identity {
        return context.gradient;
    }
    let out = scratch(buffer, context.gradient.len());
    slope_into(out, Write::Assign, context.gradient, context.output, activation);
    out
}

/// Adds the column sums of `change` to the gradient of a bias.
pub(crate) fn add_bias_gradient<F: Real>(
    gradients: &mut Gradients<F>,
    bias: DenseId,
    change: &[F],
) {
    let (out, write) = gradients.dense_mut(bias);
    if write == Write::Assign {
        out.fill(F::zero());
    }
    add_column_sums(out, change);
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, SIZES, any_activation, any_matrix, check_params, holds};
    use crate::{Activation, Gradients, Mode, Params, ProductPrecision, Tape};
    use deepcross_kernels::products::round_into;
    use ndarray::{Array2, ArrayView2, Axis};
    use proptest::prelude::*;

    #[test]
    pub(crate) fn derivative() -> Holds {
        let layers = (SIZES, SIZES, SIZES).prop_flat_map(|(rows, inputs, outputs)| {
            let bias = prop::option::of(any_matrix(1, outputs));
            let add = prop::option::of(any_matrix(rows, outputs));
            (any_matrix(rows, inputs), any_matrix(outputs, inputs), bias, add, any_activation())
        });
        holds(layers, |(x, weight, bias, add, activation)| {
            let mut params = Params::new();
            let x = params.add_dense("x", x);
            let weight = params.add_dense("weight", weight);
            let bias = bias.map(|bias| params.add_dense("bias", bias));
            let add = add.map(|add| params.add_dense("add", add));
            check_params(Mode::Inference, &params, |pass| {
                let x = pass.dense(x);
                match add.map(|add| pass.dense(add)) {
                    Some(add) => pass.add_affine(add, x, weight, bias, activation),
                    None => pass.affine(x, weight, bias, activation),
                }
            })
        })
    }

    fn in_bf16(values: &Array2<f64>) -> Array2<f64> {
        let mut rounded = Vec::new();
        round_into(&mut rounded, values.as_slice().expect("standard layout"));
        Array2::from_shape_vec(values.dim(), rounded).expect("as many values")
    }

    /// The products of a map and of its gradients have rounded factors; all else is as it is.
    #[test]
    fn products_in_bf16_are_those_of_rounded_factors() -> Holds {
        let layers = (SIZES, SIZES, 2_usize..=7).prop_flat_map(|(rows, inputs, outputs)| {
            let (x, weight) = (any_matrix(rows, inputs), any_matrix(outputs, inputs));
            (
                x,
                weight,
                any_matrix(1, outputs),
                any_matrix(rows, outputs),
                any_matrix(rows, outputs),
            )
        });
        holds(layers, |(x, weight, bias, add, upstream)| {
            let mut params = Params::new();
            let (w, b) = (
                params.add_dense("weight", weight.clone()),
                params.add_dense("bias", bias.clone()),
            );
            let (mut tape, mut gradients) = (Tape::new(), Gradients::new(&params));
            let mut pass = tape.record(&params);
            pass.multiply_in(ProductPrecision::Bf16);
            let [input, added] = [&x, &add].map(|values| pass.variable(values.view()));
            let out = pass.add_affine(added, input, w, Some(b), Activation::Identity);
            let product = in_bf16(&x).dot(&in_bf16(&weight).t());
            let close = |found: ArrayView2<'_, f64>, expected: Array2<f64>| {
                prop_assert!(
                    (&found - &expected).iter().all(|d| d.abs() < 1e-12),
                    "{found} {expected}"
                );
                Ok(())
            };
            close(pass.value(out), product + &bias + &add)?;
            let factors = pass.input(upstream.view());
            let scaled = pass.mul(out, factors);
            let total = pass.sum(scaled);
            pass.backward(total, &mut gradients);
            let change = in_bf16(&upstream);
            close(pass.gradient(input).expect("tracked"), change.dot(&in_bf16(&weight)))?;
            close(pass.gradient(added).expect("tracked"), upstream.clone())?;
            close(gradients.dense(w).expect("used"), change.t().dot(&in_bf16(&x)))?;
            close(
                gradients.dense(b).expect("used"),
                upstream.sum_axis(Axis(0)).insert_axis(Axis(0)),
            )?;
            Ok(())
        })
    }

    #[test]
    fn a_map_with_one_output_keeps_the_full_precision() {
        let mut params = Params::new();
        let weights = [1, 2].map(|outputs| {
            params.add_dense(
                format!("weight{outputs}"),
                Array2::from_elem((outputs, 1), 1.0 + 1.0 / 1024.0),
            )
        });
        let mut tape = Tape::<f64>::new();
        let mut pass = tape.record(&params);
        pass.multiply_in(ProductPrecision::Bf16);
        let x = pass.input(Array2::from_elem((1, 1), 1.0).view());
        let [one, two] = weights.map(|weight| pass.affine(x, weight, None, Activation::Identity));
        assert_eq!(pass.value(one)[[0, 0]], 1.0 + 1.0 / 1024.0);
        assert_eq!(pass.value(two)[[0, 0]], 1.0);
    }

    #[test]
    #[should_panic(expected = "the added value must have the shape of the map")]
    fn a_value_of_another_shape_is_not_added() {
        let mut params = Params::<f64>::new();
        let weight = params.add_dense("weight", Array2::zeros((3, 2)));
        let mut tape = Tape::new();
        let mut pass = tape.record(&params);
        let [x, add] = [2, 4].map(|width| pass.input(Array2::zeros((5, width)).view()));
        pass.add_affine(add, x, weight, None, Activation::Relu);
    }
}
