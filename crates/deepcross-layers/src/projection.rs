//! The embedding of numbers: `σ(W x + b)` for a few numbers `x` a row.

use crate::{Builder, Init};
use deepcross_autodiff::{Activation, Projection, Real};

/// Configuration of a [`Projection`].
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectionConfig {
    /// The name; the parameters are `{name}.weight` and `{name}.bias`.
    pub name: String,
    /// The count of numbers in each row.
    pub inputs: usize,
    /// The width of the output.
    pub width: usize,
    /// Whether a bias is added; it starts at 0.
    pub bias: bool,
    /// The activation, applied last.
    pub activation: Activation,
    /// The initialisation of the weights.
    pub init: Init,
}

impl ProjectionConfig {
    /// A linear map without bias and activation that starts at Xavier's normal distribution.
    pub fn new(name: impl Into<String>, inputs: usize, width: usize) -> Self {
        Self {
            name: name.into(),
            inputs,
            width,
            bias: false,
            activation: Activation::Identity,
            init: Init::XavierNormal,
        }
    }

    /// Creates the parameters, and the layer that uses them.
    ///
    /// # Panics
    /// As [`Builder::dense`].
    #[track_caller]
    pub fn init<F: Real>(&self, builder: &mut Builder<'_, F>) -> Projection {
        let Self { name, inputs, width, .. } = self;
        let weight = builder.dense(&format!("{name}.weight"), (*width, *inputs), self.init);
        let bias =
            self.bias.then(|| builder.dense(&format!("{name}.bias"), (1, *width), Init::Zeros));
        Projection { weight, bias, activation: self.activation }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deepcross_autodiff::Params;

    #[test]
    fn a_bias_is_a_parameter_only_if_there_is_one() {
        for bias in [false, true] {
            let mut params = Params::<f32>::new();
            let config = ProjectionConfig { bias, ..ProjectionConfig::new("age", 3, 4) };
            let layer = config.init(&mut Builder::new(&mut params, 1));
            assert_eq!(params.dense_shape(layer.weight), (4, 3));
            assert_eq!(layer.bias.map(|bias| params.dense_name(bias)), bias.then_some("age.bias"));
        }
    }
}
