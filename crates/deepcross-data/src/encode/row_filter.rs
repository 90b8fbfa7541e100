//! Finds the rows of a partition, with their labels and weights.
//!
//! [`RowFilter`] looks at a single row before it is encoded: whether the row can be read, whether it belongs to the
//! set that is read, and its label and weight.
//! Nothing here depends on earlier rows, so many rows can be checked at once, on all threads.

use std::path::PathBuf;

use super::recorded::Side;
use super::split_survey::{RowKeys, RowNotes};
use crate::error::DataError;
use crate::rows::{RawRow, RawRows};
use crate::source::{
    AbsentLabels, Division, LabelReader, Partition, SetReader, Source, SplitSet, WeightReader,
};

/// Selects the rows that are read, and reads their labels and weights if they are wanted.
#[derive(Clone, Debug)]
pub(crate) struct RowFilter {
    /// Finds the set of each row, if rows are divided.
    sets: Option<SetReader>,
    /// The set that is read; `None` if rows of all sets are read, and the side of each is noted.
    set: Option<SplitSet>,
    label: Option<LabelReader>,
    weight: Option<WeightReader>,
    /// The keys by which the rows of all sets are compared, if they are.
    pub(crate) keys: Option<RowKeys>,
    /// The number of fields of a valid row.
    n_columns: usize,
}

/// The status that a [`RowFilter`] gives to a row.
#[derive(Debug)]
pub(crate) enum RowStatus {
    /// The row belongs to another partition, or it has been handed on.
    Elsewhere,
    /// The row belongs to the partition.
    Here(Target),
    /// The row belongs to the partition and is bad.
    Bad(Side, Box<DataError>),
}

/// The label and the weight of a row; `None` if they are not read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) side: Side,
    pub(crate) label: Option<f32>,
    pub(crate) weight: Option<f32>,
}

impl RowFilter {
    /// The rows of `partition`, without targets.
    pub(crate) fn unlabelled(source: &Source, partition: Partition) -> Self {
        let (division, set) = partition.set().unzip();
        let sets = division.map(|division| SetReader::new(division, source));
        let n_columns = source.header().len();
        Self { sets, set, label: None, weight: None, keys: None, n_columns }
    }

    /// The rows of `partition`, with the label and the weight that the settings name.
    pub(crate) fn labelled(source: &Source, partition: Partition) -> Result<Self, DataError> {
        let config = source.config();
        let label = config.label().map(|label| LabelReader::bind(&label, source)).transpose()?;
        let weight =
            config.weight.as_ref().map(|name| WeightReader::bind(name, source)).transpose()?;
        Ok(Self { label, weight, ..Self::unlabelled(source, partition) })
    }

    /// The reader of labels, if labels are read.
    pub(crate) fn label(&self) -> Option<&LabelReader> {
        self.label.as_ref()
    }

    /// The named values of the label that no row had; see [`LabelReader::absent`].
    pub(crate) fn absent_labels(&self, file: PathBuf) -> Result<Option<AbsentLabels>, DataError> {
        self.label.as_ref().map_or(Ok(None), |label| label.absent(file))
    }

    /// Notes the side of each row: those that `division` puts into the set for validation are [`Side::Valid`].
    ///
    /// The filter must select the rows of all sets.
    pub(crate) fn note_sides(&mut self, division: Division, source: &Source) {
        self.sets = Some(SetReader::new(division, source));
    }

    /// Splits all lines among `rows`, and appends the status of each row to `statuses`; `first` is the number of the first
    /// row.
    pub(crate) fn judge_all(
        &self,
        first: u64,
        rows: &mut RawRows,
        (statuses, notes): (&mut Vec<RowStatus>, &mut RowNotes),
    ) {
        for (index, number) in (0..rows.len()).zip(first..) {
            let error = rows.split(index);
            statuses.push(self.judge((rows.get(index), number), error, notes));
        }
    }

    /// Whether the rows that are read are those of one set.
    pub(crate) fn is_divided(&self) -> bool {
        self.set.is_some()
    }

    /// Whether rows are put into sets at random.
    pub(crate) fn is_random(&self) -> bool {
        self.sets.as_ref().is_some_and(SetReader::is_random)
    }

    /// The status of a row that has been split, with its number; `error` is the error of reading it, if there was one.
    ///
    /// A row belongs to a set even if it is malformed, so that exactly one set meets each bad row.
    fn judge(
        &self,
        (row, number): (RawRow<'_>, u64),
        error: Option<Box<DataError>>,
        notes: &mut RowNotes,
    ) -> RowStatus {
        let (set, error) = match self.sets.as_ref().map(|sets| sets.set(&row, number)) {
            None => (SplitSet::Train, error),
            Some(Ok(set)) => (set, error),
            // A row that has no set is reported by those who read the training rows.
            Some(Err(no_set)) => (SplitSet::Train, error.or_else(|| Some(Box::new(no_set)))),
        };
        let is_elsewhere = self.set.is_some_and(|wanted| set != wanted);
        if is_elsewhere && self.keys.is_none() {
            return RowStatus::Elsewhere;
        }
        let target = error.map_or_else(|| self.target(row).map_err(Box::new), Err);
        if let (Some(keys), Some(sets), Ok(target)) = (&self.keys, &self.sets, &target) {
            notes.add((&row, set, target.label == Some(1.0)), keys, sets);
        }
        if is_elsewhere {
            return RowStatus::Elsewhere;
        }
        let is_held_out = self.set.is_none() && set == SplitSet::Valid;
        let side = if is_held_out { Side::Valid } else { Side::Train };
        match target {
            Ok(target) => RowStatus::Here(Target { side, ..target }),
            Err(error) => RowStatus::Bad(side, error),
        }
    }

    /// The target of a valid row.
    fn target(&self, row: RawRow<'_>) -> Result<Target, DataError> {
        if row.n_fields() != self.n_columns {
            return Err(row.wrong_count(self.n_columns));
        }
        Ok(Target {
            side: Side::Train,
            label: self.label.as_ref().map(|label| label.read(&row)).transpose()?,
            weight: self.weight.as_ref().map(|weight| weight.read(&row)).transpose()?,
        })
    }
}
