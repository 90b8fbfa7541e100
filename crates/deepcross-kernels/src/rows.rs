//! Look-ups of table rows, which are activated and written into columns of the stacked input; and their gradients.
//!
//! One call handles a whole field, so that the choice of instructions is made once a field and not once a row, and the
//! looked-up rows are written once, to the place where they are read.

use crate::compact_rows::StoredRows;
use crate::each::each_number;
use crate::elementwise::vectorised;
use crate::{Activation, Columns, ColumnsMut, Real, activation::relu};

/// The number of rows by which a table's row is fetched ahead: that many wait for memory at once.
const AHEAD: usize = 8;

/// Weighted bags of row numbers, one bag an output row.
#[derive(Clone, Copy, Debug)]
pub struct RowBags<'a, F> {
    /// The limits of the bags: bag `i` holds `ids[offsets[i] .. offsets[i + 1]]`; one more than there are bags.
    pub offsets: &'a [u32],
    /// The row numbers.
    pub ids: &'a [u32],
    /// One weight an id; `None` means 1 each.
    pub weights: Option<&'a [F]>,
}

impl<'a, F: Real> RowBags<'a, F> {
    /// The number of bags.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether there are no bags.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The (id, weight) pairs of each bag, bag after bag.
    #[inline(always)]
    pub fn iter(self) -> impl Iterator<Item = impl Iterator<Item = (u32, F)>> {
        self.offsets.windows(2).map(move |ends| {
            let range = ends[0] as usize..ends[1] as usize;
            let weights = self.weights.map(|weights| &weights[range.clone()]);
            let weight = move |i: usize| weights.map_or(F::one(), |weights| weights[i]);
            self.ids[range].iter().enumerate().map(move |(i, &id)| (id, weight(i)))
        })
    }
}

/// `out[r] = activation(table[ids[r]] + bias)`: the embedding of a one-hot feature.
///
/// # Shapes
/// `table`: rows as wide as `out`; `bias`: one row of that width.
///
/// # Panics
/// If an id is past the table, or lengths do not fit.
#[track_caller]
pub fn gather_into<F: Real>(
    table: &StoredRows<'_, F>,
    ids: &[u32],
    bias: Option<&[F]>,
    activation: Activation,
    out: ColumnsMut<'_, F>,
) {
    let width = out.width();
    assert_eq!(ids.len(), out.n_rows(), "one id a row");
    assert_eq!(table.width(), width, "the table is as wide as the columns");
    assert!(bias.is_none_or(|bias| bias.len() == width), "the bias is as wide as the table");
    match table {
        StoredRows::Full(table) => vectorised(
            #[inline(always)]
            || {
                for (i, (out, &id)) in out.rows().zip(ids).enumerate() {
                    if let Some(&ahead) = ids.get(i + AHEAD) {
                        table.prefetch(ahead);
                    }
                    let row = table.row(id);
                    match bias {
                        Some(bias) => each_number(out, [], [row, bias], |o, [], [r, b]| *o = r + b),
                        None => each_number(out, [], [row], |o, [], [r]| *o = r),
                    }
                    activate(out, activation);
                }
            },
        ),
        StoredRows::Compact(table) => vectorised(
            #[inline(always)]
            || {
                for (i, (out, &id)) in out.rows().zip(ids).enumerate() {
                    if let Some(&ahead) = ids.get(i + AHEAD) {
                        table.prefetch(ahead);
                    }
                    table.each(id, out, |o, r| *o = r);
                    if let Some(bias) = bias {
                        each_number(out, [], [bias], |o, [], [b]| *o += b);
                    }
                    activate(out, activation);
                }
            },
        ),
    }
}

/// `out[r] = activation(Σ weight · table[id] + bias)` over bag `r`: the embedding of a multi-hot feature.
///
/// # Panics
/// If an id is past the table, or lengths do not fit.
#[track_caller]
pub fn bag_into<F: Real>(
    table: &StoredRows<'_, F>,
    bags: RowBags<'_, F>,
    bias: Option<&[F]>,
    activation: Activation,
    out: ColumnsMut<'_, F>,
) {
    let width = out.width();
    assert_eq!(bags.len(), out.n_rows(), "one bag a row");
    assert_eq!(table.width(), width, "the table is as wide as the columns");
    vectorised(
        #[inline(always)]
        || {
            for (out, bag) in out.rows().zip(bags.iter()) {
                match bias {
                    Some(bias) => out.copy_from_slice(bias),
                    None => out.fill(F::zero()),
                }
                for (id, weight) in bag {
                    match table {
                        StoredRows::Full(table) => {
                            each_number(out, [], [table.row(id)], |o, [], [r]| *o += weight * r);
                        }
                        StoredRows::Compact(table) => table.each(id, out, |o, r| *o += weight * r),
                    }
                }
                activate(out, activation);
            }
        },
    );
}

/// `out[r] = gradient[r] ⊙ activation'(output[r])`, with the rows of `out` one after another: the gradient of the activation.
///
/// # Panics
/// If the length of `out` is not that of all rows.
#[track_caller]
pub fn activation_gradient_into<F: Real>(
    out: &mut [F],
    gradient: Columns<'_, F>,
    output: Columns<'_, F>,
    activation: Activation,
) {
    let width = gradient.width();
    assert_eq!(out.len(), gradient.n_rows() * width, "as many rows as the gradient");
    vectorised(
        #[inline(always)]
        || {
            let rows = out.chunks_exact_mut(width).zip(gradient.rows().zip(output.rows()));
            // A loop, since the closure of `for_each` would not be compiled for the instruction set chosen here.
            for (out, (g, y)) in rows {
                match activation {
                    Activation::Identity => each_number(out, [], [g], |o, [], [g]| *o = g),
                    Activation::Relu => each_number(out, [], [g, y], |o, [], [g, y]| {
                        *o = if y > F::zero() { g } else { F::zero() };
                    }),
                    other => each_number(out, [], [g, y], |o, [], [g, y]| {
                        *o = g * other.derivative(y);
                    }),
                }
            }
        },
    );
}

#[inline(always)]
fn activate<F: Real>(out: &mut [F], activation: Activation) {
    match activation {
        Activation::Identity => {}
        Activation::Relu => each_number(out, [], [], |o, [], []| *o = relu(*o)),
        other => out.iter_mut().for_each(|o| *o = other.apply(*o)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compact_rows::{CompactRows, Elements};
    use crate::table_rows::TableRows;
    use proptest::prelude::*;

    const TABLE: [f64; 6] = [1.0, -2.0, 3.0, 4.0, -5.0, 6.0];

    fn table() -> StoredRows<'static, f64> {
        StoredRows::Full(TableRows::contiguous(&TABLE, 2))
    }

    /// A compact table is looked up like one of the numbers that its rows stand for.
    #[test]
    fn compact_tables_give_their_numbers() {
        let numbers: Vec<f32> = (0..40).map(|i| (i as f32 * 0.7).sin()).collect();
        for elements in [Elements::Bf16, Elements::Int8] {
            let mut bytes = Vec::new();
            numbers.chunks(8).for_each(|row| elements.encode(&mut bytes, row));
            let compact = StoredRows::<f32>::Compact(CompactRows::new(&bytes, elements, 8));
            let mut rows = numbers.clone();
            rows.chunks_mut(8).zip(0..).for_each(|(row, number)| compact.copy_row(number, row));
            let full = StoredRows::Full(TableRows::contiguous(&rows, 8));
            let (ids, bias) = ([4, 0, 0, 2, 3, 1, 4, 4, 4, 2, 1], [0.25; 8]);
            let bags = RowBags { offsets: &[0, 2, 2, 11], ids: &ids, weights: Some(&[0.5; 11]) };
            for bias in [None, Some(&bias[..])] {
                let [mut found, mut expected] = [[0.0_f32; 88]; 2];
                for (table, out) in [(&compact, &mut found), (&full, &mut expected)] {
                    let columns = ColumnsMut::new(out, 8, 0, 8);
                    gather_into(table, &ids, bias, Activation::Relu, columns);
                }
                assert_eq!(found, expected);
                for (table, out) in [(&compact, &mut found), (&full, &mut expected)] {
                    let columns = ColumnsMut::new(&mut out[..24], 8, 0, 8);
                    bag_into(table, bags, bias, Activation::Identity, columns);
                }
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn gather_writes_its_columns_only() {
        let mut out = [9.0; 8];
        let columns = ColumnsMut::new(&mut out, 4, 1, 2);
        gather_into(&table(), &[2, 0], Some(&[0.5, 0.5]), Activation::Relu, columns);
        assert_eq!(out, [9.0, 0.0, 6.5, 9.0, 9.0, 1.5, 0.0, 9.0]);
    }

    #[test]
    fn bags_sum_weighted_rows_and_may_be_empty() {
        let mut out = [9.0; 6];
        let bags =
            RowBags { offsets: &[0, 2, 2, 3], ids: &[0, 0, 1], weights: Some(&[1.0, 0.5, 2.0]) };
        bag_into(&table(), bags, None, Activation::Identity, ColumnsMut::new(&mut out, 2, 0, 2));
        assert_eq!(out, [1.5, -3.0, 0.0, 0.0, 6.0, 8.0]);
    }

    proptest! {
        #[test]
        fn a_bag_of_one_is_a_gather(ids in prop::collection::vec(0_u32..3, 0..9), bias in -2.0..2.0_f64) {
            for activation in Activation::ALL {
                let bias = [bias, -bias];
                let offsets: Vec<u32> = (0..).take(ids.len() + 1).collect();
                let bags = RowBags { offsets: &offsets, ids: &ids, weights: None };
                let (mut one, mut many) = (vec![0.0; ids.len() * 2], vec![0.0; ids.len() * 2]);
                gather_into(&table(), &ids, Some(&bias), activation, ColumnsMut::new(&mut one, 2, 0, 2));
                bag_into(&table(), bags, Some(&bias), activation, ColumnsMut::new(&mut many, 2, 0, 2));
                for (one, many) in one.iter().zip(&many) {
                    prop_assert!((one - many).abs() < 1e-12);
                }
            }
        }

        #[test]
        fn the_gradient_is_multiplied_by_the_derivative(
            pairs in prop::collection::vec((-2.0..2.0_f64, 0.0..1.0_f64), 0..9)
        ) {
            let (gradient, output): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            for activation in Activation::ALL {
                let mut out = vec![9.0; gradient.len()];
                activation_gradient_into(
                    &mut out,
                    Columns::new(&gradient, 1, 0, 1),
                    Columns::new(&output, 1, 0, 1),
                    activation,
                );
                for ((&out, &g), &y) in out.iter().zip(&gradient).zip(&output) {
                    prop_assert!((out - g * activation.derivative(y)).abs() < 1e-15);
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "the bias is as wide as the table")]
    fn a_bias_of_another_width_is_refused() {
        let out = &mut [0.0; 2];
        gather_into(&table(), &[0], Some(&[1.0]), Activation::Relu, ColumnsMut::new(out, 2, 0, 2));
    }

    #[test]
    #[should_panic(expected = "one id a row")]
    fn every_row_needs_an_id() {
        let out = &mut [0.0; 4];
        gather_into(&table(), &[0], None, Activation::Relu, ColumnsMut::new(out, 2, 0, 2));
    }

    #[test]
    #[should_panic(expected = "row 3 of a table of 3 rows")]
    fn an_id_past_the_table_is_refused() {
        let mut out = [0.0; 2];
        gather_into(&table(), &[3], None, Activation::Relu, ColumnsMut::new(&mut out, 2, 0, 2));
    }
}
