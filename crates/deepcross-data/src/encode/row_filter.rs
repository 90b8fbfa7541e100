//! Finds the rows of a partition, with their labels and weights: the step that fitting and encoding share.
//!
//! [`RowFilter`] looks at a single row before it is encoded: whether the row can be read, whether it belongs to the
//! partition, and its label and weight.
//! Nothing here depends on earlier rows, so many rows can be checked at once, on all threads.

use super::recorded::Side;
use crate::error::DataError;
use crate::rows::{Located, RawRow, RawRows, RowView};
use crate::source::{LabelReader, Partition, Records, Source, WeightReader};

/// Selects the rows that are read, and reads their labels and weights if they are wanted.
#[derive(Clone, Debug)]
pub(crate) struct RowFilter {
    partition: Partition,
    /// The rows that are held out, if the sides of rows are noted.
    held_out: Option<Partition>,
    label: Option<LabelReader>,
    weight: Option<WeightReader>,
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
    fn unlabelled(source: &Source, partition: Partition) -> Self {
        let (held_out, n_columns) = (None, source.header().len());
        Self { partition, held_out, label: None, weight: None, n_columns }
    }

    /// The rows of `partition`, with the label and the weight that the settings name.
    fn labelled(source: &Source, partition: Partition) -> Result<Self, DataError> {
        let config = source.config();
        let label = config.label().map(|label| LabelReader::bind(&label, source)).transpose()?;
        let weight =
            config.weight.as_ref().map(|name| WeightReader::bind(name, source)).transpose()?;
        Ok(Self { label, weight, ..Self::unlabelled(source, partition) })
    }

    /// Notes the side of each row: those in `held_out` are [`Side::Valid`].
    pub(crate) fn hold_out(&mut self, held_out: Partition) {
        self.held_out = Some(held_out);
    }

    /// Splits all lines among `rows`, and appends the status of each row to `statuses`.
    pub(crate) fn judge_all(&self, rows: &mut RawRows, statuses: &mut Vec<RowStatus>) {
        for index in 0..rows.len() {
            let error = rows.split(index, self.n_columns);
            statuses.push(self.judge(&rows.get(index), error));
        }
    }

    /// The status of `row`; `error` is the error that splitting it gave.
    ///
    /// A row belongs to its partition even if it is malformed, so that exactly one partition meets each bad row.
    fn judge(&self, row: &RowView<'_>, error: Option<Box<DataError>>) -> RowStatus {
        if !self.partition.has_row_of(row.fields()) {
            return RowStatus::Elsewhere;
        }
        let is_held_out = self.held_out.is_some_and(|part| part.has_row_of(row.fields()));
        let side = if is_held_out { Side::Valid } else { Side::Train };
        match error.map_or_else(|| self.target(row).map_err(Box::new), Err) {
            Ok(target) => RowStatus::Here(Target { side, ..target }),
            Err(error) => RowStatus::Bad(side, error),
        }
    }

    /// The target of a valid row.
    fn target(&self, row: &impl Located) -> Result<Target, DataError> {
        Ok(Target {
            side: Side::Train,
            label: self.label.as_ref().map(|label| label.read_of(row)).transpose()?,
            weight: self.weight.as_ref().map(|weight| weight.read_of(row)).transpose()?,
        })
    }
}

/// Streams the rows of a source through a [`RowFilter`].
#[derive(Debug)]
pub(crate) struct FilteredRows {
    source: Source,
    records: Records,
    row: RawRow,
    filter: RowFilter,
}

impl FilteredRows {
    /// The rows of `partition`, without targets.
    pub(crate) fn unlabelled(source: &Source, partition: Partition) -> Result<Self, DataError> {
        Self::new(source, RowFilter::unlabelled(source, partition))
    }

    /// The rows of `partition`, with the label and the weight that the settings name.
    pub(crate) fn labelled(source: &Source, partition: Partition) -> Result<Self, DataError> {
        Self::new(source, RowFilter::labelled(source, partition)?)
    }

    fn new(source: &Source, filter: RowFilter) -> Result<Self, DataError> {
        let (records, row) = (source.records()?, RawRow::new());
        Ok(Self { source: source.clone(), records, row, filter })
    }

    /// Reads the next row of the partition; `None` after the last.
    ///
    /// A row belongs to its partition even if it is malformed, so that exactly one partition meets each bad row.
    pub(crate) fn next(&mut self) -> Result<Option<Target>, DataError> {
        let partition = self.filter.partition;
        loop {
            match self.records.read(&mut self.row) {
                Ok(false) => return Ok(None),
                Ok(true) if partition.contains(&self.row) => {
                    return self.filter.target(&self.row).map(Some);
                }
                Err(error) if !error.is_bad_row() || partition.contains(&self.row) => {
                    return Err(error);
                }
                _ => {}
            }
        }
    }

    /// Appends the next row of any partition to `rows`, without a check; false after the last.
    ///
    /// # Errors
    /// The errors that end the pass.
    pub(crate) fn next_into(&mut self, rows: &mut RawRows) -> Result<bool, DataError> {
        self.records.read_into(rows, &mut self.row)
    }

    /// Notes the side of each row, as [`RowFilter::hold_out`] does.
    pub(crate) fn hold_out(&mut self, held_out: Partition) {
        self.filter.hold_out(held_out);
    }

    /// The filter, which checks the rows that [`next_into`](Self::next_into) appends.
    pub(crate) fn filter(&self) -> &RowFilter {
        &self.filter
    }

    /// The position of the column `name`; `role` says in an error what the column is for.
    pub(crate) fn column(&self, name: &str, role: &str) -> Result<usize, DataError> {
        self.source.column(name, role)
    }

    /// The row that was read last.
    pub(crate) fn row(&self) -> &RawRow {
        &self.row
    }

    /// Starts again at the first row.
    pub(crate) fn restart(&mut self) -> Result<(), DataError> {
        self.records = self.source.records()?;
        Ok(())
    }
}
