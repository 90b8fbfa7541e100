//! Weights packed for matrix products, kept until the weights change.
//!
//! A step uses the same weights for many blocks of rows, and a service for many requests.
//! So a tape keeps the packed form of the weights that its passes used, and packs a weight again after its [`Params`]
//! have changed.

use crate::{DenseId, Params};
use deepcross_kernels::Real;
use deepcross_kernels::products::{LeftFactor, RightFactor};

/// The packed weights of one tape, and scratch memory for the factors of one product.
#[derive(Debug, Default)]
pub(crate) struct PackedWeights<F> {
    as_stored: Vec<Packed<F>>,
    transposed: Vec<Packed<F>>,
    /// The factors of the gradient of a weight.
    pub(crate) left: LeftFactor<F>,
    pub(crate) right: RightFactor<F>,
}

/// A packed matrix, and the version of the parameters from which it was packed.
#[derive(Clone, Debug, Default)]
struct Packed<F> {
    version: Option<u64>,
    factor: RightFactor<F>,
}

impl<F: Real> PackedWeights<F> {
    /// The weight as it is stored, `[outputs, inputs]`.
    pub(crate) fn as_stored(&mut self, params: &Params<F>, id: DenseId) -> &RightFactor<F> {
        current(&mut self.as_stored, params, id, RightFactor::pack)
    }

    /// The transposed weight, `[inputs, outputs]`.
    pub(crate) fn transposed(&mut self, params: &Params<F>, id: DenseId) -> &RightFactor<F> {
        current(&mut self.transposed, params, id, RightFactor::pack_transposed)
    }

    /// Reserves as much memory as `other` has.
    pub(crate) fn reserve_like(&mut self, other: &Self) {
        let kinds =
            [(&mut self.as_stored, &other.as_stored), (&mut self.transposed, &other.transposed)];
        for (own, other) in kinds {
            own.resize_with(own.len().max(other.len()), Packed::default);
            for (own, other) in own.iter_mut().zip(other) {
                own.factor.reserve_like(&other.factor);
            }
        }
        self.left.reserve_like(&other.left);
        self.right.reserve_like(&other.right);
    }
}

/// The packed form of a matrix; packs it again if the parameters have changed.
fn current<'p, F: Real>(
    packed: &'p mut Vec<Packed<F>>,
    params: &Params<F>,
    id: DenseId,
    pack: impl FnOnce(&mut RightFactor<F>, &[F], (usize, usize)),
) -> &'p RightFactor<F> {
    if packed.len() <= id.0 {
        packed.resize_with(id.0 + 1, Packed::default);
    }
    let packed = &mut packed[id.0];
    if packed.version.replace(params.version()) != Some(params.version()) {
        pack(&mut packed.factor, params.dense_slice(id), params.dense_shape(id));
    }
    &packed.factor
}

#[cfg(test)]
mod tests {
    use crate::{Activation, Params, Tape};
    use ndarray::array;

    #[test]
    fn changed_weights_are_packed_again() {
        let mut params = Params::new();
        let weight = params.add_dense("weight", array![[1.0, 2.0]]);
        let mut tape = Tape::new();
        let mut output = |params: &Params<f64>| {
            let mut pass = tape.record(params);
            let x = pass.input(array![[10.0, 1.0]].view());
            let y = pass.affine(x, weight, None, Activation::Identity);
            pass.scalar(y)
        };
        assert_eq!(output(&params), 12.0);
        let copy = params.clone();
        params.dense_mut(weight)[[0, 0]] = 3.0;
        assert_eq!([output(&params), output(&copy), output(&params)], [32.0, 12.0, 32.0]);
        params.dense_slice_mut(weight)[1] = 4.0;
        assert_eq!(output(&params), 34.0);
        params.dense_values_mut()[1] = 5.0;
        assert_eq!(output(&params), 35.0);
        params.split_mut().0[1] = 6.0;
        assert_eq!(output(&params), 36.0);
        params.copy_from(&copy);
        assert_eq!(output(&params), 12.0);
    }
}
