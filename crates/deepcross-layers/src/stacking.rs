//! The stacking layer: all fields side by side (paper, section 5.2).
//!
//! Each field is written directly into its columns.
//! Rejected: fields as separate values that are then concatenated, which would be written twice.

use crate::stacked_field::{FieldInput, StackedField};
use deepcross_autodiff::{Params, Pass, Real, Var};
use std::ops::Range;

/// The concatenation of fields, in their order.
#[derive(Clone, Debug)]
pub struct Stacking {
    fields: Vec<StackedField>,
    columns: Vec<Range<usize>>,
    width: usize,
    embedded: Vec<Range<usize>>,
}

impl Stacking {
    /// A stack of fields whose parameters are among `params`.
    pub fn new<F: Real>(fields: Vec<StackedField>, params: &Params<F>) -> Self {
        let mut width = 0;
        let mut place = |field: &StackedField| {
            let start = width;
            width += field.width(params);
            start..width
        };
        let columns: Vec<_> = fields.iter().map(&mut place).collect();
        let embedded = fields.iter().zip(&columns).filter(|(field, _)| field.is_embedded());
        let embedded = embedded.map(|(_, columns)| columns.clone()).collect();
        Self { fields, columns, width, embedded }
    }

    /// The columns of each field, from left to right.
    pub fn columns(&self) -> &[Range<usize>] {
        &self.columns
    }

    /// The columns of each field that is embedded, from left to right.
    pub fn embedded(&self) -> &[Range<usize>] {
        &self.embedded
    }

    /// The fields, from left to right.
    pub fn fields(&self) -> &[StackedField] {
        &self.fields
    }

    /// The number of columns of all fields together.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The stacked input of `n_rows` rows; `input(i)` returns the values of field `i`.
    /// Allocates nothing when warm.
    ///
    /// # Shapes
    /// Each input: one id, bag or row of numbers a row → `[rows, width]`
    ///
    /// # Panics
    /// If a field does not take the kind of its input, an input does not have `n_rows` rows, or an id is not less than
    /// the dimensions of its field.
    #[track_caller]
    pub fn forward<'b, F: Real>(
        &self,
        pass: &mut Pass<'_, F>,
        n_rows: usize,
        input: impl Fn(usize) -> FieldInput<'b, F>,
    ) -> Var {
        let mut stack = pass.stack(n_rows, self.width);
        for (i, field) in self.fields.iter().enumerate() {
            field.fill(&mut stack, input(i));
        }
        stack.finish()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Builder;
    use crate::embedding::{Embedding, EmbeddingConfig};
    use crate::projection::ProjectionConfig;
    use crate::stacked_field::OneHot;
    use crate::test_support::{
        Holds, OwnedBags, any_activation, any_bags, check, holds, multi_hot, naive_embedding,
        naive_projection, one_hot,
    };
    use deepcross_autodiff::{Activation, Projection};
    use ndarray::{Array2, Axis, concatenate};
    use proptest::prelude::*;

    const DIMENSIONS: u32 = 5;

    /// The values of some rows: a one-hot field, a multi-hot field, and two numbers a row.
    #[derive(Clone, Debug)]
    struct Rows {
        ids: Vec<u32>,
        bags: OwnedBags,
        numbers: Array2<f64>,
    }

    impl Rows {
        fn inputs(&self) -> [FieldInput<'_, f64>; 3] {
            let numbers = self.numbers.as_slice().expect("made in standard layout");
            [
                FieldInput::Ids(&self.ids),
                FieldInput::Bags(self.bags.view()),
                FieldInput::Numbers(numbers),
            ]
        }

        /// The three kinds of input as matrices.
        fn matrices(&self) -> [Array2<f64>; 3] {
            let dimensions = DIMENSIONS as usize;
            let (one, many) = (one_hot(&self.ids, dimensions), multi_hot(&self.bags, dimensions));
            [one, many, self.numbers.clone()]
        }
    }

    fn any_rows() -> impl Strategy<Value = Rows> {
        (1_usize..=12).prop_flat_map(|n_rows| {
            let ids = prop::collection::vec(0..DIMENSIONS, n_rows);
            let numbers = prop::collection::vec(-2.0..2.0, 2 * n_rows).prop_map(move |values| {
                Array2::from_shape_vec((n_rows, 2), values).expect("two a row")
            });
            (ids, any_bags(n_rows, DIMENSIONS), numbers).prop_map(|(ids, bags, numbers)| Rows {
                ids,
                bags,
                numbers,
            })
        })
    }

    /// Every kind of field, each with the number of its input among those of [`Rows`].
    fn fields(
        builder: &mut Builder<'_, f64>,
        width: usize,
        numbers: (bool, Activation),
    ) -> ([(StackedField, usize); 6], [Embedding; 2], Projection) {
        let dimensions = DIMENSIONS as usize;
        let ad = EmbeddingConfig::new("ad", dimensions, width).init(builder);
        let words = EmbeddingConfig::new("words", dimensions, 3).init(builder);
        let (bias, activation) = numbers;
        let config = ProjectionConfig::new("numbers", 2, width);
        let projection = ProjectionConfig { bias, activation, ..config }.init(builder);
        let fields = [
            (StackedField::OneHot(OneHot { dimensions, unseen: None }), 0),
            (StackedField::Embedding(ad), 0),
            (StackedField::OneHot(OneHot { dimensions, unseen: None }), 1),
            (StackedField::Embedding(words), 1),
            (StackedField::Numbers { width: 2 }, 2),
            (StackedField::ProjectedNumbers(projection), 2),
        ];
        (fields, [ad, words], projection)
    }

    #[test]
    pub(crate) fn agrees_with_its_twin_and_its_differences() -> Holds {
        let cases = (any_rows(), 1_usize..=12, any::<bool>(), any_activation(), any::<u64>());
        holds(cases, |(rows, width, bias, activation, seed)| {
            let mut params = Params::new();
            let (fields, [ad, words], projection) =
                fields(&mut Builder::new(&mut params, 0), width, (bias, activation));
            let stacking = Stacking::new(fields.iter().map(|field| field.0).collect(), &params);
            prop_assert_eq!(stacking.width(), 5 + width + 5 + 3 + 2 + width);
            let embedded = [5..5 + width, 10 + width..13 + width, 15 + width..15 + 2 * width];
            prop_assert_eq!(stacking.embedded(), embedded);
            prop_assert_eq!(&stacking.columns()[1], &(5..5 + width));
            let inputs = rows.inputs();
            check(
                params,
                seed,
                |pass| stacking.forward(pass, rows.ids.len(), |i| inputs[fields[i].1]),
                |params| {
                    let [one, many, numbers] = rows.matrices();
                    let ads = naive_embedding(params, ad, &one);
                    let sums = naive_embedding(params, words, &many);
                    let projected = naive_projection(params, projection, &numbers);
                    let parts = [&one, &ads, &many, &sums, &numbers, &projected];
                    concatenate(Axis(1), &parts.map(|part| part.view())).expect("as many rows")
                },
            )
        })
    }
}
