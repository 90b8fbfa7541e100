//! The values and gradients that the tape computes: the other side of every comparison.

use super::cases::Stack;
use super::textbook::{Layer, Matrix};
use deepcross_autodiff::wrong_rules::backward_from;
use deepcross_autodiff::{Gradients, Params, Tape};
use deepcross_layers::units::OneLayerUnit;
use deepcross_layers::{Activation, Linear, Module};
use ndarray::{ArrayView2, Axis};

/// The values of a stack of modules, and the gradients of `Σ upstream ⊙ h[n]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Taped {
    /// `h[0]` to `h[n]`.
    pub(super) h: Vec<Matrix>,
    /// `g[0]` to `g[n]`.
    pub(super) g: Vec<Matrix>,
    /// The gradients of the parameters in order of addition; 0 if there is none.
    pub(super) parameters: Vec<Matrix>,
}

/// One forward and one backward pass through modules one upon the other.
pub(super) fn taped(
    params: &Params<f64>,
    modules: &[impl Module],
    [input, upstream]: [&Matrix; 2],
) -> Taped {
    let (mut tape, mut gradients) = (Tape::new(), Gradients::new(params));
    let mut pass = tape.record(params);
    let mut output = pass.variable(input.view());
    let mut vars = vec![output];
    for module in modules {
        output = module.forward(&mut pass, output);
        vars.push(output);
    }
    backward_from(&mut pass, output, upstream.view(), &mut gradients);
    Taped {
        h: vars.iter().map(|&var| pass.value(var).to_owned()).collect(),
        g: vars.iter().map(|&var| or_zeros(pass.gradient(var), pass.shape(var))).collect(),
        parameters: (params.dense_ids())
            .map(|id| or_zeros(gradients.dense(id), params.dense_shape(id)))
            .collect(),
    }
}

/// A value that no gradient reaches has a gradient of 0.
pub(super) fn or_zeros(gradient: Option<ArrayView2<'_, f64>>, shape: (usize, usize)) -> Matrix {
    gradient.map_or_else(|| Matrix::zeros(shape), |gradient| gradient.to_owned())
}

impl Layer {
    /// The crate's layer with these weights, which are added in the order weight, bias.
    pub(super) fn linear(&self, params: &mut Params<f64>) -> Linear {
        let n = params.dense_ids().count();
        let bias = self.bias.clone().insert_axis(Axis(0));
        Linear {
            weight: params.add_dense(format!("weight {n}"), self.weight.clone()),
            bias: Some(params.add_dense(format!("bias {n}"), bias)),
            activation: self.activation,
        }
    }

    /// The crate's unit around [`linear`](Self::linear).
    pub(super) fn unit(&self, params: &mut Params<f64>) -> OneLayerUnit {
        OneLayerUnit { linear: self.linear(params), norm: None, activation: Activation::Identity }
    }
}

impl Stack {
    /// The residual stack, `h[k + 1] = h[k] + σ(W h[k] + b)`.
    pub(super) fn residual(&self) -> Taped {
        let mut params = Params::new();
        let units: Vec<_> = self.layers.iter().map(|layer| layer.unit(&mut params)).collect();
        taped(&params, &units, [&self.input, &self.upstream])
    }

    /// The plain stack of the same layers, `h[k + 1] = σ(W h[k] + b)`.
    pub(super) fn plain(&self) -> Taped {
        let mut params = Params::new();
        let layers: Vec<_> = self.layers.iter().map(|layer| layer.linear(&mut params)).collect();
        taped(&params, &layers, [&self.input, &self.upstream])
    }
}

/// The gradients of the tape for each layer of a [`Stack`].
impl Taped {
    /// `∂L/∂W` of the layer from `h[k]` to `h[k + 1]`.
    pub(super) fn weight(&self, k: usize) -> &Matrix {
        &self.parameters[2 * k]
    }

    /// `∂L/∂b` of that layer, a matrix of one row.
    pub(super) fn bias(&self, k: usize) -> &Matrix {
        &self.parameters[2 * k + 1]
    }
}
