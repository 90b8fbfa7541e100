//! Columns of an input that are the same in all rows, so that their part of a product is computed once.
//!
//! With one user and many candidates, the user's columns are the same in each row.
//! With the columns of `X` divided into own and shared ones, `X Wᵀ + b = X_own W_ownᵀ + (x_shared W_sharedᵀ + b)`, and
//! the term in brackets is one row: a bias for all rows.
//! Sums are taken in another order than by the whole product, so that results agree to rounding and not to the bit.

use crate::{DenseId, Params};
use deepcross_kernels::products::{Finish, RightFactor, rows_product_into};
use deepcross_kernels::{Real, Write};
use std::ops::Range;

/// The shared columns of an input, and the results kept for products with them.
///
/// It allocates nothing once it has seen the weights and the number of rows; weights that have changed are packed
/// again.
#[derive(Debug)]
pub struct SharedColumns<F> {
    own: Vec<Range<usize>>,
    shared: Vec<Range<usize>>,
    width: usize,
    parted: Vec<Parted<F>>,
    /// The own columns of some rows, or the shared columns of one.
    gathered: Vec<F>,
}

/// A weight, divided like the columns of its input.
#[derive(Debug)]
struct Parted<F> {
    /// The version of the parameters, and the bias.
    version: Option<(u64, Option<DenseId>)>,
    own: RightFactor<F>,
    shared: RightFactor<F>,
    /// `x_shared W_sharedᵀ + b`, if it has been computed.
    sums: Option<Vec<F>>,
    /// The memory for the product, if it has not been computed.
    spare: Vec<F>,
}

impl<F: Real> SharedColumns<F> {
    /// The shared columns of an input of `width` columns, in which the columns of `own` may differ between rows.
    ///
    /// # Panics
    /// If the ranges do not ascend, or reach past the width.
    #[track_caller]
    pub fn new(width: usize, own: impl IntoIterator<Item = Range<usize>>) -> Self {
        let (mut joined, mut shared) = (Vec::<Range<usize>>::new(), Vec::new());
        let mut end = 0;
        for columns in own.into_iter().filter(|columns| !columns.is_empty()) {
            assert!(end <= columns.start, "own columns must ascend");
            match joined.last_mut() {
                Some(last) if last.end == columns.start => last.end = columns.end,
                _ => {
                    shared.push(end..columns.start);
                    joined.push(columns.clone());
                }
            }
            end = columns.end;
        }
        assert!(end <= width, "own columns lie within the width");
        shared.push(end..width);
        shared.retain(|columns| !columns.is_empty());
        Self { own: joined, shared, width, parted: Vec::new(), gathered: Vec::new() }
    }

    /// The number of columns, shared and own.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The columns that are the same in all rows, from left to right.
    pub fn shared(&self) -> &[Range<usize>] {
        &self.shared
    }

    /// Drops the results of shared columns, whose values are about to change.
    pub fn invalidate(&mut self) {
        self.parted.iter_mut().for_each(Parted::invalidate);
    }

    /// `activation(x weightᵀ + bias + add)`, with the last two as `finish` has them.
    pub(crate) fn product_into(
        &mut self,
        out: &mut [F],
        x: &[F],
        params: &Params<F>,
        (weight, bias): (DenseId, Option<DenseId>),
        finish: Finish<'_, F>,
    ) {
        let Self { own, shared, width, parted, gathered } = self;
        if parted.len() <= weight.0 {
            parted.resize_with(weight.0 + 1, Parted::default);
        }
        let Some(first) = x.get(..*width) else { return };
        let parted = &mut parted[weight.0];
        let version = (params.version(), bias);
        if parted.version.replace(version) != Some(version) {
            parted.pack(params, weight, [own, shared], gathered);
        }
        let sums = parted.sums.get_or_insert_with(|| {
            let mut sums = std::mem::take(&mut parted.spare);
            sums.resize(params.dense_shape(weight).0, F::zero());
            gather(gathered, first, *width, shared);
            let given = Finish { bias: finish.bias, ..Finish::plain(Write::Assign) };
            rows_product_into(&mut sums, gathered, &parted.shared, given);
            sums
        });
        gather(gathered, x, *width, own);
        rows_product_into(out, gathered, &parted.own, Finish { bias: Some(sums), ..finish });
    }
}

impl<F: Real> Parted<F> {
    fn invalidate(&mut self) {
        if let Some(sums) = self.sums.take() {
            self.spare = sums;
        }
    }

    /// Packs both parts.
    fn pack(
        &mut self,
        params: &Params<F>,
        weight: DenseId,
        [own, shared]: [&[Range<usize>]; 2],
        gathered: &mut Vec<F>,
    ) {
        self.invalidate();
        let (outputs, inputs) = params.dense_shape(weight);
        for (factor, columns) in [(&mut self.own, own), (&mut self.shared, shared)] {
            gather(gathered, params.dense_slice(weight), inputs, columns);
            factor.pack_transposed(gathered, (outputs, columns.iter().map(Range::len).sum()));
        }
    }
}

impl<F: Real> Default for Parted<F> {
    fn default() -> Self {
        let (own, shared) = (RightFactor::default(), RightFactor::default());
        Self { version: None, own, shared, sums: None, spare: Vec::new() }
    }
}

/// Replaces `out` by these columns of each row, side by side.
fn gather<F: Copy>(out: &mut Vec<F>, rows: &[F], width: usize, columns: &[Range<usize>]) {
    out.clear();
    for row in rows.chunks_exact(width) {
        columns.iter().for_each(|columns| out.extend_from_slice(&row[columns.clone()]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops_test::{Holds, any_activation, any_matrix, holds};
    use crate::{Activation, Tape};
    use ndarray::{Array2, s};
    use proptest::prelude::*;

    /// Every division of up to nine columns into own and shared ones, by the bits of a number.
    fn columns(width: usize, bits: u32) -> SharedColumns<f64> {
        let own = (0..width).filter(|column| bits >> column & 1 == 1);
        SharedColumns::new(width, own.map(|column| column..column + 1))
    }

    fn map(
        params: &Params<f64>,
        x: &Array2<f64>,
        (weight, bias): (DenseId, Option<DenseId>),
        activation: Activation,
        shared: Option<&mut SharedColumns<f64>>,
    ) -> Array2<f64> {
        let mut tape = Tape::new();
        let mut pass = tape.record(params);
        let x = pass.input(x.view());
        if let Some(shared) = shared {
            pass.share_columns(x, shared);
        }
        let out = pass.affine(x, weight, bias, activation);
        pass.value(out).to_owned()
    }

    #[test]
    fn a_divided_product_is_the_whole_one() -> Holds {
        let cases =
            (1_usize..=9, 1_usize..=7, 1_usize..=40).prop_flat_map(|(inputs, outputs, rows)| {
                let bias = prop::option::of(any_matrix(1, outputs));
                let weight = any_matrix(outputs, inputs);
                (any_matrix(rows, inputs), weight, bias, any_activation(), any::<u32>())
            });
        holds(cases, |(mut x, weight, bias, activation, bits)| {
            let mut shared = columns(x.ncols(), bits);
            let first = x.row(0).to_owned();
            for columns in shared.shared() {
                x.slice_mut(s![.., columns.clone()]).assign(&first.slice(s![columns.clone()]));
            }
            let mut params = Params::new();
            let weight = params.add_dense("weight", weight);
            let layer = (weight, bias.map(|bias| params.add_dense("bias", bias)));
            for step in 0..3 {
                let whole = map(&params, &x, layer, activation, None);
                // The second time uses the results that the first one kept.
                for _ in 0..2 {
                    let parted = map(&params, &x, layer, activation, Some(&mut shared));
                    let difference = (&whole - &parted).mapv(f64::abs);
                    prop_assert!(difference.iter().all(|&d| d < 1e-9), "{whole} {parted}");
                }
                if step == 0 {
                    x *= 0.5;
                    shared.invalidate();
                } else {
                    params.dense_mut(weight).mapv_inplace(|weight| weight * 0.5);
                }
            }
            Ok(())
        })
    }

    #[test]
    fn neighbouring_columns_are_one_range() {
        let shared = SharedColumns::<f32>::new(9, [0..2, 2..3, 4..4, 5..8]);
        assert_eq!((&shared.own[..], shared.shared()), (&[0..3, 5..8][..], &[3..5, 8..9][..]));
        assert_eq!(SharedColumns::<f32>::new(3, []).shared().first(), Some(&(0..3)));
        assert_eq!(SharedColumns::<f32>::new(3, [0..1, 1..3]).shared(), []);
    }

    #[test]
    #[should_panic(expected = "own columns must ascend")]
    fn columns_out_of_order_are_refused() {
        SharedColumns::<f32>::new(9, [4..5, 0..1]);
    }
}
