//! Companion counts of training rows, which must not depend on a row's own label.
//!
//! An encoder holds the counts of all training rows.
//! This is right for every other row, but it reveals the label of a training row: a value that occurs once has one
//! click or none.
//! So a training row gets the counts of other rows only, in one of two ways:
//!
//! * from the rows before it, if the rows are in order of time, as they are when the model serves;
//! * from the other folds, if each row is in one of five folds at random.
//!
//! Rejected: leaving out only the row itself, because the difference from the counts of the value's other rows is then
//! its label.
//!
//! Folds make this difference less clear, but do not remove it: of two rows of a value, the one with fewer clicks has
//! more clicks in its own fold.
//! A single number does not reveal this, but a model that knows the id of the value can memorise it, and the fewer rows
//! the value has, the sooner.
//! So rare values should not have an id, as in the paper.

use std::sync::Arc;

use crate::batch::Batch;
use crate::companion::CompanionTable;
use crate::companion::folds::{FoldCounts, fold};
use crate::companion::value_counts::ValueCounts;
use crate::raw::binding::{Binding, Scratch};
use crate::raw::row_fields::RowFields;
use crate::raw::value_rules::MissingValues;
use crate::raw::value_text::Missing;

/// The rows from which a training row gets its companion counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CountsFrom {
    /// The rows of the other four of five folds; a row's number decides its fold, practically at random.
    #[default]
    OtherFolds,
    /// The rows before it.
    EarlierRows,
}

/// What a training row is beside its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainingRow {
    /// Its number among all rows, counted from 0: rows that are bad or held out have numbers too.
    ///
    /// Statistics are merged by these numbers, and they decide the folds of companion counts, so that both depend
    /// neither on other rows nor on who reads them.
    pub number: u64,
    /// Whether its label is positive.
    pub positive: bool,
}

/// The companion counts of training rows.
///
/// It must receive all rows that the [`Fitter`](crate::Fitter) learned from, in the same order and with the same numbers.
/// It must be restarted before each pass over the data.
#[derive(Clone, Debug)]
pub struct History {
    missing: MissingValues,
    fields: Vec<FieldHistory>,
    /// The counts of all rows, at index 0.
    seen: TrainingCounts,
}

/// The companion counts of one field.
#[derive(Clone, Debug)]
pub(crate) struct FieldHistory {
    /// The position of the field of companion counts among the fields.
    pub(crate) field: usize,
    pub(crate) table: Arc<CompanionTable>,
    pub(crate) seen: TrainingCounts,
}

/// The counts from which a training row gets its own.
#[derive(Clone, Debug)]
pub(crate) enum TrainingCounts {
    /// The counts of each value in the rows so far.
    Earlier(Vec<ValueCounts>),
    /// The counts of each value in each fold.
    Folds(FoldCounts),
}

impl TrainingCounts {
    /// The counts of the value at `index` for a row in `fold`; `all` are its counts in all training rows.
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
    /// A history before the first row.
    pub(crate) fn new(missing: MissingValues, fields: Vec<FieldHistory>) -> Self {
        // Any field has all rows, since a missing value is counted too.
        let seen = match fields.first().map(|field| &field.seen) {
            Some(TrainingCounts::Folds(folds)) => TrainingCounts::Folds(folds.total()),
            _ => TrainingCounts::Earlier(vec![ValueCounts::default()]),
        };
        Self { missing, fields, seen }
    }

    /// Whether there is any field with companion counts.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Whether the counts of a row are those of the rows before it, so that all rows must be passed in their order.
    ///
    /// Otherwise they depend on the row alone.
    pub fn needs_order(&self) -> bool {
        !self.is_empty() && matches!(self.seen, TrainingCounts::Earlier(_))
    }

    /// Returns to the state before the first row.
    pub fn restart(&mut self) {
        self.seen.restart();
        self.fields.iter_mut().for_each(|field| field.seen.restart());
    }

    /// Replaces the companion counts of an encoded training row, and learns its label for the rows after it.
    ///
    /// `row` is the raw row, and the encoder has written it to the batch at the given position.
    ///
    /// # Panics
    /// If `binding` or the batch were made for other fields, or the batch has no row at this position.
    pub fn rewrite<R: RowFields + ?Sized>(
        &mut self,
        binding: &Binding,
        row: &R,
        TrainingRow { number, positive }: TrainingRow,
        (batch, position): (&mut Batch, usize),
    ) {
        let fold = fold(number);
        let total = self.seen.other_rows(0, fold, self.total());
        for field in &mut self.fields {
            let index = field.index(binding, row, &self.missing.of(field.field));
            let numbers = field.table.numbers(field.other_rows(index, fold), total);
            batch.columns_mut()[field.field]
                .dense_mut()
                .row_mut(position)
                .copy_from_slice(numbers.as_slice());
            field.learn(index, positive);
        }
        self.seen.learn(0, positive);
    }

    /// Learns the label of a row that is not encoded.
    ///
    /// # Panics
    /// If `binding` was made for other fields.
    pub fn pass<R: RowFields + ?Sized>(&mut self, binding: &Binding, row: &R, positive: bool) {
        for field in &mut self.fields {
            field.learn(field.index(binding, row, &self.missing.of(field.field)), positive);
        }
        self.seen.learn(0, positive);
    }

    /// The counts of all training rows, which any field has, since a missing value is counted too.
    fn total(&self) -> ValueCounts {
        self.fields.first().map_or(ValueCounts::default(), |field| field.table.total())
    }
}

impl FieldHistory {
    /// The counts for a row in `fold` whose value has this index.
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
        missing: &Missing<'_>,
    ) -> Option<usize> {
        Scratch::lent(|scratch| {
            let known = (missing, self.table.column_rules());
            self.table.find(binding.text(self.field, row, known, scratch).ok()?)
        })
    }
}
