//! What a training row may know of the statistics of its values: nothing that its own label has touched.
//!
//! An encoder holds the statistics of all training rows, which is right for every other row, but tells a training row
//! its own label: a value met once has one click or none.
//! So training rows get the statistics of other rows only, in one of two ways:
//! of the rows before it, where the rows stand in order of time, as it will be when the model serves;
//! or of the other folds, where each row is in one of five folds at random.
//! Leaving out the row alone would not do: the difference to what other rows of the value see would be its label.
//!
//! Folds make that difference blurred, not nothing: of two rows of a value, the one that knows fewer clicks has more of
//! them in its own fold. No number tells this by itself, but a model that knows the value by its id learns it by heart,
//! the sooner the fewer rows the value has. So rare values are best left without an id, as in the paper.

use std::sync::Arc;

use crate::batch::Batch;
use crate::companion::CompanionTable;
use crate::companion::folds::{FoldCounts, fold};
use crate::companion::value_counts::ValueCounts;
use crate::raw::binding::Binding;
use crate::raw::row_fields::RowFields;
use crate::raw::value_text;

/// Which rows a training row has its companion counts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CountsFrom {
    /// Those of the four folds out of five that it is not in; rows are in folds at random, by their number.
    #[default]
    OtherFolds,
    /// Those before it.
    EarlierRows,
}

/// The companion counts of training rows.
///
/// It must be shown all rows that the [`Fitter`](crate::Fitter) was shown, in the same order, and is to begin anew for each pass.
#[derive(Clone, Debug)]
pub struct History {
    missing: Vec<String>,
    fields: Vec<FieldHistory>,
    /// All rows, without those of a fold; or the rows so far.
    seen: TrainingCounts,
    /// The number of rows so far.
    n_rows: u64,
}

/// The statistics of one field.
#[derive(Clone, Debug)]
pub(crate) struct FieldHistory {
    /// The position of the companion counts among the fields.
    pub(crate) field: usize,
    pub(crate) table: Arc<CompanionTable>,
    pub(crate) seen: TrainingCounts,
}

/// The counts that a training row is told from.
#[derive(Clone, Debug)]
pub(crate) enum TrainingCounts {
    /// Those of the rows so far.
    Earlier(Vec<ValueCounts>),
    /// Those of the rows of each fold.
    Folds(FoldCounts),
}

impl TrainingCounts {
    /// What a row in `fold` may know of the value at `index`, of which training met `all` in total.
    fn other_rows(&self, index: usize, fold: usize, all: ValueCounts) -> ValueCounts {
        match self {
            Self::Earlier(counts) => counts[index],
            Self::Folds(folds) => all.minus(folds.get(index, fold)),
        }
    }

    fn learn(&mut self, index: usize, positive: bool) {
        if let Self::Earlier(counts) = self {
            counts[index].add(positive);
        }
    }

    fn restart(&mut self) {
        if let Self::Earlier(counts) = self {
            counts.fill(ValueCounts::default());
        }
    }
}

impl History {
    /// `seen` tells of all rows, at index 0.
    pub(crate) fn new(
        missing: Vec<String>,
        fields: Vec<FieldHistory>,
        seen: TrainingCounts,
    ) -> Self {
        Self { missing, fields, seen, n_rows: 0 }
    }

    /// Whether there is any field with companion counts.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Begins anew, before the first row.
    pub fn restart(&mut self) {
        self.n_rows = 0;
        self.seen.restart();
        self.fields.iter_mut().for_each(|field| field.seen.restart());
    }

    /// Writes the companion counts of the training row `record` over those of a row of a batch, as which the encoder has
    /// encoded it, and learns its label, for the rows after it.
    ///
    /// # Panics
    /// If `binding` or the batch were made for other fields, or there is no such row.
    pub fn rewrite<R: RowFields + ?Sized>(
        &mut self,
        binding: &Binding,
        row: &R,
        positive: bool,
        (batch, position): (&mut Batch, usize),
    ) {
        let fold = fold(self.n_rows);
        let total = self.seen.other_rows(0, fold, self.total());
        for field in &mut self.fields {
            let index = field.index(binding, row, &self.missing);
            let numbers = field.table.scale().numbers(field.other_rows(index, fold), total);
            batch.columns_mut()[field.field]
                .dense_mut()
                .row_mut(position)
                .copy_from_slice(&numbers);
            field.learn(index, positive);
        }
        self.end_row(positive);
    }

    /// Learns the label of a row that is not encoded.
    ///
    /// # Panics
    /// If `binding` was made for other fields.
    pub fn pass<R: RowFields + ?Sized>(&mut self, binding: &Binding, row: &R, positive: bool) {
        for field in &mut self.fields {
            field.learn(field.index(binding, row, &self.missing), positive);
        }
        self.end_row(positive);
    }

    fn end_row(&mut self, positive: bool) {
        self.seen.learn(0, positive);
        self.n_rows += 1;
    }

    /// All rows of training: each has a value in each field, if only the missing one.
    fn total(&self) -> ValueCounts {
        self.fields.first().map_or(ValueCounts::default(), |field| field.table.total())
    }
}

impl FieldHistory {
    /// What a row in `fold` may know of its value, which is the one at `index`.
    fn other_rows(&self, index: Option<usize>, fold: usize) -> ValueCounts {
        index.map_or(ValueCounts::default(), |index| {
            self.seen.other_rows(index, fold, self.table.counts()[index])
        })
    }

    fn learn(&mut self, index: Option<usize>, positive: bool) {
        if let Some(index) = index {
            self.seen.learn(index, positive);
        }
    }

    fn index<R: RowFields + ?Sized>(
        &self,
        binding: &Binding,
        row: &R,
        missing: &[String],
    ) -> Option<usize> {
        let text = value_text::read(binding.values(self.field, row).first, missing);
        self.table.find(text.ok()?)
    }
}
