//! The nodes of each layer.

use super::builder::{GraphBuilder, Value, float, integer};
use deepcross_autodiff::DenseId;
use deepcross_layers::fields::{FactorizationMachine, FieldAware, FirstOrder};
use deepcross_layers::units::{OneLayerUnit, PlainUnit, ResidualUnit, Unit};
use deepcross_layers::{BatchNorm, HiddenLayer, Linear, Mlp};

impl GraphBuilder<'_> {
    /// Adds the nodes of a linear map with bias and activation; its weight is `[outputs, inputs]`.
    pub fn linear(&mut self, layer: Linear, x: &Value) -> Value {
        let (params, (outputs, inputs)) = (self.params, self.params.dense_shape(layer.weight));
        let (name, values) = (params.dense_name(layer.weight), params.dense_slice(layer.weight));
        let weight = self.parameter(name, &[outputs, inputs], values);
        let bias = layer.bias.map(|bias| self.vector(bias));
        let operands: Vec<_> = [x, &weight].into_iter().chain(&bias).collect();
        let out = self.node_with("Gemm", &operands, vec![integer("transB", 1)]);
        self.activation(out, layer.activation)
    }

    /// Adds the nodes of hidden layers.
    pub fn mlp(&mut self, layers: &Mlp, x: &Value) -> Value {
        layers.layers.iter().fold(x.clone(), |x, &layer| {
            let HiddenLayer { linear, norm, activation } = layer;
            let out = self.linear(linear, &x);
            // Without a normalisation, the linear layer has applied the activation.
            let Some(norm) = norm else { return out };
            let out = self.batch_norm(norm, &out);
            self.activation(out, activation)
        })
    }

    fn vector(&mut self, id: DenseId) -> Value {
        let (params, values) = (self.params, self.params.dense_slice(id));
        self.parameter(params.dense_name(id), &[values.len()], values)
    }

    pub(crate) fn unit(&mut self, unit: &Unit, x: Value) -> Value {
        let (out, norm, activation) = match *unit {
            Unit::Residual(ResidualUnit { inner, outer, norm, activation }) => {
                let hidden = self.linear(inner, &x);
                let change = self.linear(outer, &hidden);
                (self.node("Add", &[&x, &change]), norm, activation)
            }
            Unit::OneLayer(OneLayerUnit { linear: layer, norm, activation }) => {
                let change = self.linear(layer, &x);
                (self.node("Add", &[&x, &change]), norm, activation)
            }
            Unit::Plain(PlainUnit { inner, outer, norm, activation }) => {
                let hidden = self.linear(inner, &x);
                let out = self.linear(outer, &hidden);
                // Without a normalisation, the outer layer has applied the activation.
                if norm.is_none() {
                    return out;
                }
                (out, norm, activation)
            }
        };
        let out = match norm {
            Some(norm) => self.batch_norm(norm, &out),
            None => out,
        };
        self.activation(out, activation)
    }

    /// Adds a batch normalisation with the running mean and variance.
    fn batch_norm(&mut self, norm: BatchNorm, x: &Value) -> Value {
        let (params, norm) = (self.params, norm.normalisation);
        let [gamma, beta] = [norm.gamma, norm.beta].map(|id| self.vector(id));
        let [mean, variance] = [norm.mean, norm.variance].map(|id| {
            let values = params.statistic(id);
            self.parameter(params.statistic_name(id), &[values.len()], values)
        });
        let epsilon = vec![float("epsilon", norm.epsilon as f32)];
        self.node_with("BatchNormalization", &[x, &gamma, &beta, &mean, &variance], epsilon)
    }

    /// Adds the nodes of the first-order terms.
    pub(crate) fn first_order(&mut self, layer: &FirstOrder, stacked: &Value) -> Value {
        let terms = self.columns(stacked, layer.columns.clone());
        let sum = self.sum(&terms, true);
        let bias = self.vector(layer.bias);
        self.node("Add", &[&sum, &bias])
    }

    /// Adds the nodes of `½ Σ_k ((Σ_i v_ik)² − Σ_i v_ik²)` (Rendle, ICDM 2010, lemma 3.1).
    pub(crate) fn fm(&mut self, pairs: FactorizationMachine, stacked: &Value) -> Value {
        let FactorizationMachine { first, n_fields, width } = pairs;
        let columns = self.columns(stacked, first..first + n_fields * width);
        // 0 stands for the length of this axis in the input.
        let shape = self.constant_ids(&[0, n_fields as i64, width as i64]);
        let vectors = self.node("Reshape", &[&columns, &shape]);
        let sum = self.sum(&vectors, false);
        let square_of_sum = self.node("Mul", &[&sum, &sum]);
        let squares = self.node("Mul", &[&vectors, &vectors]);
        let sum_of_squares = self.sum(&squares, false);
        let twice = self.node("Sub", &[&square_of_sum, &sum_of_squares]);
        let twice = self.sum(&twice, true);
        let half = self.constant(&[1], &[0.5]);
        self.node("Mul", &[&twice, &half])
    }

    /// Computes the products of all pairs at once, from the columns of the first and of the second vector of each pair.
    pub(crate) fn ffm(&mut self, pairs: FieldAware, stacked: &Value) -> Value {
        let FieldAware { first, n_fields, width } = pairs;
        // A field has no vector for itself, so the vectors for the fields after it are one place further to the left.
        let start = |field: usize, other: usize| {
            first + width * (field * (n_fields - 1) + other - usize::from(other > field))
        };
        let (mut ones, mut others) = (Vec::new(), Vec::new());
        for (i, j) in (0..n_fields).flat_map(|i| (i + 1..n_fields).map(move |j| (i, j))) {
            ones.extend((0..width).map(|k| (start(i, j) + k) as i64));
            others.extend((0..width).map(|k| (start(j, i) + k) as i64));
        }
        let [ones, others] = [ones, others].map(|columns| {
            let columns = self.constant_ids(&columns);
            self.node_with("Gather", &[stacked, &columns], vec![integer("axis", 1)])
        });
        let products = self.node("Mul", &[&ones, &others]);
        self.sum(&products, true)
    }
}
