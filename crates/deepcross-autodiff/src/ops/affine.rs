//! The linear map with bias and activation.
//!
//! With `Y = σ(A + X Wᵀ + b)` and `D = ∂Y ⊙ σ'(Y)`: `∂X = D W`, `∂W = Dᵀ X`, `∂b = Σ rows of D`, `∂A = D`.
//! `A` is the input that a residual unit carries past its layers; adding it while the product is in registers saves a
//! loop.
//! Weights are stored as `[outputs, inputs]`, like PyTorch's, so that they can be exchanged unchanged.

use crate::backward::{Backward, scratch};
use crate::op::Op;
use crate::{Activation, DenseId, Gradients, Pass, Var};
use deepcross_kernels::products::{Finish, packed_product_into, rows_product_into};
use deepcross_kernels::{Real, Write, add_column_sums, slope_into};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Affine {
    pub(super) x: Var,
    pub(super) weight: DenseId,
    pub(super) bias: Option<DenseId>,
    /// Added to the map, before the activation.
    pub(super) add: Option<Var>,
    pub(super) activation: Activation,
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
        self.push_affine(Affine { x, weight, bias, add: None, activation })
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
        self.push_affine(Affine { x, weight, bias, add: Some(add), activation })
    }

    #[track_caller]
    fn push_affine(&mut self, op: Affine) -> Var {
        let Affine { x, weight, bias, add, activation } = op;
        let (rows, inputs) = self.shape(x);
        let (outputs, weight_inputs) = self.params.dense_shape(weight);
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
            match &mut shared {
                Some((of, shared)) if *of == x => {
                    shared.product_into(out, rows, params, layer, finish);
                }
                _ => rows_product_into(out, rows, packed.transposed(params, weight), finish),
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
        let weight = packed.as_stored(params, op.weight);
        rows_product_into(out, change, weight, Finish::plain(write));
    });
    let (x, x_shape) = (context.inputs.slice(op.x), context.inputs.nodes[op.x.0].shape);
    packed.left.pack_transposed(change, context.shape);
    packed.right.pack(x, x_shape);
    let (out, write) = context.parameters.dense_mut(op.weight);
    packed_product_into(out, &packed.left, &packed.right, Finish::plain(write));
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
    use crate::{Activation, Mode, Params, Tape};
    use ndarray::Array2;
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
