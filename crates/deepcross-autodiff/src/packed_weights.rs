//! Weights packed for matrix products, kept until the weights change.
//!
//! A step uses the same weights for many blocks of rows, and a service for many requests.
//! So a tape keeps the packed form of the weights that its passes used, and packs a weight again after its [`Params`]
//! have changed.
//! Models that predict together take turns on a tape: each of them has a place of its own there, so that no turn packs
//! again what the turn before has replaced.

use crate::{DenseId, Params};
use deepcross_kernels::products::{
    Finish, LeftFactor, ProductPrecision, RightFactor, packed_product_into, round_into,
    rows_product_into,
};
use deepcross_kernels::{Real, Write};

/// The packed weights of one tape, and scratch memory for the factors of one product.
#[derive(Debug, Default)]
pub(crate) struct PackedWeights<F> {
    places: Vec<Place<F>>,
    /// The place of the present pass.
    place: usize,
    /// The factors of the gradient of a weight.
    pub(crate) left: LeftFactor<F>,
    pub(crate) right: RightFactor<F>,
    /// Rows, rounded to bf16.
    pub(crate) rounded: Vec<F>,
    /// Rows in integers of 8 bits.
    pub(crate) bytes: Vec<u8>,
}

/// The packed weights of one model.
#[derive(Debug, Default)]
struct Place<F> {
    as_stored: Vec<Packed<F>>,
    transposed: Vec<Packed<F>>,
}

/// A packed matrix, with its precision and the version of the parameters from which it was packed.
#[derive(Clone, Debug, Default)]
struct Packed<F> {
    version: Option<(u64, ProductPrecision)>,
    factor: RightFactor<F>,
}

impl<F: Real> PackedWeights<F> {
    /// Begins a pass over the weights of this place.
    pub(crate) fn begin_at(&mut self, place: usize) {
        self.place = place;
    }

    /// The place of the present pass.
    fn at(&mut self) -> &mut Place<F> {
        if self.places.len() <= self.place {
            self.places.resize_with(self.place + 1, Place::default);
        }
        &mut self.places[self.place]
    }

    /// The weight as it is stored, `[outputs, inputs]`.
    pub(crate) fn as_stored(
        &mut self,
        params: &Params<F>,
        weight: (DenseId, ProductPrecision),
    ) -> &RightFactor<F> {
        current(&mut self.at().as_stored, params, weight, RightFactor::pack)
    }

    /// The transposed weight, `[inputs, outputs]`.
    pub(crate) fn transposed(
        &mut self,
        params: &Params<F>,
        weight: (DenseId, ProductPrecision),
    ) -> &RightFactor<F> {
        current(&mut self.at().transposed, params, weight, RightFactor::pack_transposed)
    }

    /// `out = rows weightᵀ` with the steps after it, or the product with the weight as it is stored.
    pub(crate) fn product_into(
        &mut self,
        out: &mut [F],
        rows: &[F],
        (params, weight): (&Params<F>, (DenseId, ProductPrecision)),
        (side, finish): (Side, Finish<'_, F>),
    ) {
        let mut rounded = std::mem::take(&mut self.rounded);
        let rows = rows_in(weight.1, rows, &mut rounded);
        let factor = match side {
            Side::AsStored => self.as_stored(params, weight),
            Side::Transposed => self.transposed(params, weight),
        };
        rows_product_into(out, rows, factor, finish);
        self.rounded = rounded;
    }

    /// `out = leftᵀ right`, or `out += leftᵀ right`; both factors are matrices that are stored row after row.
    pub(crate) fn transposed_product_into(
        &mut self,
        out: &mut [F],
        (left, left_shape): (&[F], (usize, usize)),
        (right, right_shape): (&[F], (usize, usize)),
        (precision, write): (ProductPrecision, Write),
    ) {
        self.left.pack_transposed(left, left_shape);
        self.right.pack(right, right_shape);
        if precision == ProductPrecision::Bf16 {
            self.left.round();
            self.right.round();
        }
        packed_product_into(out, &self.left, &self.right, Finish::plain(write));
    }

    /// Reserves as much memory as `other` has.
    pub(crate) fn reserve_like(&mut self, other: &Self) {
        self.places.resize_with(self.places.len().max(other.places.len()), Place::default);
        for (own, other) in self.places.iter_mut().zip(&other.places) {
            reserve_like(&mut own.as_stored, &other.as_stored);
            reserve_like(&mut own.transposed, &other.transposed);
        }
        self.left.reserve_like(&other.left);
        self.right.reserve_like(&other.right);
        let more = other.rounded.capacity().saturating_sub(self.rounded.len());
        self.rounded.reserve_exact(more);
        let more = other.bytes.capacity().saturating_sub(self.bytes.len());
        self.bytes.reserve_exact(more);
    }
}

/// The side of a product on which a weight stands: as it is stored, or transposed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    AsStored,
    Transposed,
}

/// Rows as factors of a product of this precision.
fn rows_in<'r, F: Real>(
    precision: ProductPrecision,
    rows: &'r [F],
    rounded: &'r mut Vec<F>,
) -> &'r [F] {
    match precision {
        ProductPrecision::Bf16 => {
            round_into(rounded, rows);
            rounded
        }
        _ => rows,
    }
}

fn reserve_like<F: Real>(own: &mut Vec<Packed<F>>, other: &[Packed<F>]) {
    own.resize_with(own.len().max(other.len()), Packed::default);
    for (own, other) in own.iter_mut().zip(other) {
        own.factor.reserve_like(&other.factor);
    }
}

/// The packed form of a matrix; packs it again if the parameters have changed.
fn current<'p, F: Real>(
    packed: &'p mut Vec<Packed<F>>,
    params: &Params<F>,
    (id, precision): (DenseId, ProductPrecision),
    pack: impl FnOnce(&mut RightFactor<F>, &[F], (usize, usize)),
) -> &'p RightFactor<F> {
    if packed.len() <= id.0 {
        packed.resize_with(id.0 + 1, Packed::default);
    }
    let packed = &mut packed[id.0];
    let version = (params.version(), precision);
    if packed.version.replace(version) != Some(version) {
        pack(&mut packed.factor, params.dense_slice(id), params.dense_shape(id));
        if precision == ProductPrecision::Bf16 {
            packed.factor.round();
        }
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

    #[test]
    fn weights_of_two_places_are_packed_once_each() {
        let weights = [array![[1.0, 2.0]], array![[3.0, 4.0]]];
        let (mut models, mut tape) = (Vec::new(), Tape::new());
        for weight in weights {
            let mut params = Params::new();
            let weight = params.add_dense("weight", weight);
            models.push((params, weight));
        }
        let mut output = |place: usize| {
            let (params, weight) = &models[place];
            let mut pass = tape.record_at(place, params);
            let x = pass.input(array![[10.0, 1.0]].view());
            let y = pass.affine(x, *weight, None, Activation::Identity);
            pass.scalar(y)
        };
        assert_eq!([output(0), output(1), output(0), output(1)], [12.0, 34.0, 12.0, 34.0]);
        let versions = tape.packed.places.iter().map(|place| place.transposed[0].version);
        let full = deepcross_kernels::products::ProductPrecision::Full;
        let expected = models.iter().map(|(params, _)| Some((params.version(), full)));
        assert!(versions.eq(expected), "both places keep their weights");
    }
}
