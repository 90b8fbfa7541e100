//! One field of the stacked input, and its values in a batch.
//!
//! It is an enum, and not a trait that fields implement: a model describes its fields in a file, and `inspect` visits
//! them; both need to know the kinds.

use crate::embedding::Embedding;
use deepcross_autodiff::{Params, Projection, Real, RowBags, StackBuilder};

/// The way in which one field becomes columns of the stacked input.
#[derive(Clone, Copy, Debug)]
pub enum StackedField {
    /// A categorical field, embedded; it takes ids or bags.
    Embedding(Embedding),
    /// A categorical field of few values, stacked raw, as in the paper below 256 values; it takes ids or bags.
    ///
    /// Each id's weight is added to the id's column; a single id has the weight 1.
    OneHot(OneHot),
    /// Numbers, stacked raw.
    Numbers {
        /// The count of numbers in each row.
        width: usize,
    },
    /// Numbers, embedded by a linear map, with or without bias and activation.
    ProjectedNumbers(Projection),
}

impl StackedField {
    /// The number of columns.
    pub fn width<F: Real>(&self, params: &Params<F>) -> usize {
        match *self {
            Self::Embedding(embedding) => params.table_width(embedding.lookup.table),
            Self::OneHot(one_hot) => one_hot.dimensions,
            Self::Numbers { width } => width,
            Self::ProjectedNumbers(projection) => params.dense_shape(projection.weight).0,
        }
    }

    /// Whether the columns are computed with weights: those of an embedding, of categories or of numbers.
    pub fn is_embedded(&self) -> bool {
        matches!(self, Self::Embedding(_) | Self::ProjectedNumbers(_))
    }

    /// Fills the field's columns.
    #[track_caller]
    pub(crate) fn fill<F: Real>(
        &self,
        stack: &mut StackBuilder<'_, '_, F>,
        input: FieldInput<'_, F>,
    ) {
        match (*self, input) {
            (Self::Embedding(Embedding { lookup }), FieldInput::Ids(ids)) => {
                stack.gather(lookup, ids);
            }
            (Self::Embedding(Embedding { lookup }), FieldInput::Bags(bags)) => {
                stack.bag(lookup, bags);
            }
            (Self::OneHot(one_hot), FieldInput::Ids(ids)) => one_hot.fill_ids(stack, ids),
            (Self::OneHot(one_hot), FieldInput::Bags(bags)) => one_hot.fill_bags(stack, bags),
            (Self::Numbers { width }, FieldInput::Numbers(values)) => numbers(stack, width, values),
            (Self::ProjectedNumbers(projection), FieldInput::Numbers(values)) => {
                stack.project(projection, values);
            }
            (field, input) => panic!("the field {field:?} does not take {}", input.kind()),
        }
    }
}

/// The values of one field in the rows of a batch.
#[derive(Clone, Copy, Debug)]
pub enum FieldInput<'a, F> {
    /// One id a row.
    Ids(&'a [u32]),
    /// One bag of ids a row.
    Bags(RowBags<'a, F>),
    /// Numbers, row after row.
    Numbers(&'a [F]),
}

impl<F> FieldInput<'_, F> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Ids(_) => "ids",
            Self::Bags(_) => "bags",
            Self::Numbers(_) => "numbers",
        }
    }
}

/// The columns of a categorical field that is stacked raw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneHot {
    /// The number of columns; ids are smaller.
    pub dimensions: usize,
    /// The id of values that do not occur in training.
    /// Its column is always 0, since the weights of the column are never trained and would add the noise of their
    /// start.
    pub unseen: Option<u32>,
}

impl OneHot {
    #[track_caller]
    fn fill_ids<F: Real>(self, stack: &mut StackBuilder<'_, '_, F>, ids: &[u32]) {
        assert_eq!(ids.len(), stack.n_rows(), "each row needs one id");
        stack.constant(self.dimensions, |row, out| self.add(out, ids[row], F::one()));
    }

    #[track_caller]
    fn fill_bags<F: Real>(self, stack: &mut StackBuilder<'_, '_, F>, bags: RowBags<'_, F>) {
        assert_eq!(bags.len(), stack.n_rows(), "each row needs one bag");
        let mut bags = bags.iter();
        stack.constant(self.dimensions, |_, out| {
            bags.next().into_iter().flatten().for_each(|(id, weight)| self.add(out, id, weight));
        });
    }

    #[inline]
    fn add<F: Real>(self, out: &mut [F], id: u32, weight: F) {
        let column = &mut out[id as usize];
        if Some(id) != self.unseen {
            *column += weight;
        }
    }
}

#[track_caller]
fn numbers<F: Real>(stack: &mut StackBuilder<'_, '_, F>, width: usize, values: &[F]) {
    assert_eq!(values.len(), stack.n_rows() * width, "each row needs {width} numbers");
    stack.constant(width, |row, out| {
        out.copy_from_slice(&values[row * width..(row + 1) * width]);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stacking::Stacking;
    use deepcross_autodiff::Tape;
    use ndarray::array;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// The message of the panic for two rows of this field and input.
    fn refusal(field: StackedField, input: FieldInput<'_, f64>) -> String {
        let (params, mut tape) = (Params::new(), Tape::new());
        let stacking = Stacking::new(vec![field], &params);
        let mut pass = tape.record(&params);
        let forward = AssertUnwindSafe(|| stacking.forward(&mut pass, 2, |_| input));
        let payload = catch_unwind(forward).expect_err("the input does not fit the field");
        let text = payload.downcast_ref::<String>().cloned();
        text.unwrap_or_else(|| payload.downcast_ref::<&str>().expect("a message").to_string())
    }

    #[test]
    fn inputs_that_do_not_fit_are_refused() {
        let (one_hot, numbers) = (
            StackedField::OneHot(OneHot { dimensions: 3, unseen: None }),
            StackedField::Numbers { width: 2 },
        );
        let bags = RowBags { offsets: &[0, 1], ids: &[0], weights: None };
        let cases = [
            (one_hot, FieldInput::Numbers(&[1.0, 2.0]), "does not take numbers"),
            (numbers, FieldInput::Ids(&[1, 2]), "does not take ids"),
            (numbers, FieldInput::Bags(bags), "does not take bags"),
            (one_hot, FieldInput::Ids(&[1]), "each row needs one id"),
            (one_hot, FieldInput::Ids(&[1, 3]), "index out of bounds"),
            (one_hot, FieldInput::Bags(bags), "each row needs one bag"),
            (numbers, FieldInput::Numbers(&[1.0, 2.0, 3.0]), "each row needs 2 numbers"),
        ];
        for (field, input, expected) in cases {
            let message = refusal(field, input);
            assert!(message.contains(expected), "{message} does not say {expected}");
        }
    }

    #[test]
    fn the_column_of_unseen_values_stays_zero() {
        let params = Params::<f64>::new();
        let one_hot = OneHot { dimensions: 3, unseen: Some(1) };
        let stacking = Stacking::new(vec![StackedField::OneHot(one_hot); 2], &params);
        let bags =
            RowBags { offsets: &[0, 3, 3], ids: &[1, 2, 2], weights: Some(&[0.5, 0.5, 0.25]) };
        let mut tape = Tape::new();
        let mut pass = tape.record(&params);
        let inputs = [FieldInput::Ids(&[1, 0]), FieldInput::Bags(bags)];
        let stacked = stacking.forward(&mut pass, 2, |i| inputs[i]);
        let expected = array![[0.0, 0.0, 0.0, 0.0, 0.0, 0.75], [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]];
        assert_eq!(pass.value(stacked), expected);
    }
}
