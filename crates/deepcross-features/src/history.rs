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
use crate::cell;
use crate::companion::CompanionTable;
use crate::record::Record;
use crate::schema::Binding;
use crate::tally::Tally;

/// The number of folds.
pub(crate) const FOLDS: usize = 5;

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
    seen: Seen,
    /// The number of rows so far.
    n_rows: u64,
}

/// The statistics of one field.
#[derive(Clone, Debug)]
pub(crate) struct FieldHistory {
    /// The position of the companion counts among the fields.
    pub(crate) field: usize,
    pub(crate) table: Arc<CompanionTable>,
    pub(crate) seen: Seen,
}

/// The tallies that a training row is told from.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    /// Those of the rows so far.
    Earlier(Vec<Tally>),
    /// Those of the rows of each fold.
    Folds(FoldTallies),
}

/// The tallies of each fold.
#[derive(Clone, Debug, Default)]
pub(crate) struct FoldTallies(Vec<[Tally; FOLDS]>);

/// The fold of the row with this number, which is as good as random.
pub(crate) fn fold(row: u64) -> usize {
    // The finalizer of SplitMix64: each bit of the number moves every bit of the result.
    let mut bits = row.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((u128::from(bits ^ (bits >> 31)) * FOLDS as u128) >> 64) as usize
}

impl FoldTallies {
    pub(crate) fn add(&mut self, index: usize, fold: usize, positive: bool) {
        if self.0.len() <= index {
            self.0.resize(index + 1, <[Tally; FOLDS]>::default());
        }
        self.0[index][fold].add(positive);
    }

    fn get(&self, index: usize, fold: usize) -> Tally {
        self.0.get(index).map_or(Tally::default(), |folds| folds[fold])
    }
}

impl Seen {
    /// What a row in `fold` may know of the value at `index`, of which training met `all` in total.
    fn other_rows(&self, index: usize, fold: usize, all: Tally) -> Tally {
        match self {
            Self::Earlier(tallies) => tallies[index],
            Self::Folds(folds) => all.minus(folds.get(index, fold)),
        }
    }

    fn learn(&mut self, index: usize, positive: bool) {
        if let Self::Earlier(tallies) = self {
            tallies[index].add(positive);
        }
    }

    fn restart(&mut self) {
        if let Self::Earlier(tallies) = self {
            tallies.fill(Tally::default());
        }
    }
}

impl History {
    /// `seen` tells of all rows, at index 0.
    pub(crate) fn new(missing: Vec<String>, fields: Vec<FieldHistory>, seen: Seen) -> Self {
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
    pub fn rewrite<R: Record + ?Sized>(
        &mut self,
        binding: &Binding,
        record: &R,
        positive: bool,
        (batch, row): (&mut Batch, usize),
    ) {
        let fold = fold(self.n_rows);
        let total = self.seen.other_rows(0, fold, self.total());
        for field in &mut self.fields {
            let index = field.index(binding, record, &self.missing);
            let numbers = field.table.scale().numbers(field.other_rows(index, fold), total);
            batch.columns_mut()[field.field].dense_mut().row_mut(row).copy_from_slice(&numbers);
            field.learn(index, positive);
        }
        self.end_row(positive);
    }

    /// Learns the label of a row that is not encoded.
    ///
    /// # Panics
    /// If `binding` was made for other fields.
    pub fn pass<R: Record + ?Sized>(&mut self, binding: &Binding, record: &R, positive: bool) {
        for field in &mut self.fields {
            field.learn(field.index(binding, record, &self.missing), positive);
        }
        self.end_row(positive);
    }

    fn end_row(&mut self, positive: bool) {
        self.seen.learn(0, positive);
        self.n_rows += 1;
    }

    /// All rows of training: each has a value in each field, if only the missing one.
    fn total(&self) -> Tally {
        self.fields.first().map_or(Tally::default(), |field| field.table.total())
    }
}

impl FieldHistory {
    /// What a row in `fold` may know of its value, which is the one at `index`.
    fn other_rows(&self, index: Option<usize>, fold: usize) -> Tally {
        index.map_or(Tally::default(), |index| {
            self.seen.other_rows(index, fold, self.table.tallies()[index])
        })
    }

    fn learn(&mut self, index: Option<usize>, positive: bool) {
        if let Some(index) = index {
            self.seen.learn(index, positive);
        }
    }

    fn index<R: Record + ?Sized>(
        &self,
        binding: &Binding,
        record: &R,
        missing: &[String],
    ) -> Option<usize> {
        let cell = cell::read(binding.cells(self.field, record).first, missing);
        self.table.find(cell.ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_even_and_without_a_pattern() {
        let mut rows = [0_u32; FOLDS];
        let mut pairs = [0_u32; FOLDS * FOLDS];
        for row in 0..50_000 {
            rows[fold(row)] += 1;
            pairs[fold(row) * FOLDS + fold(row + 1)] += 1;
        }
        assert!(rows.iter().all(|n| (9_600..10_400).contains(n)), "{rows:?}");
        assert!(pairs.iter().all(|n| (1_800..2_200).contains(n)), "{pairs:?}");
    }
}
