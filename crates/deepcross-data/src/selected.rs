//! The rows of one part of a source with their labels and weights: what fitting and encoding share.

use crate::criteria::{Criteria, Target};
use crate::error::DataError;
use crate::part::Part;
use crate::raw_rows::RawRows;
use crate::records::Records;
use crate::row::RawRow;
use crate::source::Source;

/// Streams the rows of a part.
#[derive(Debug)]
pub(crate) struct Selected {
    source: Source,
    records: Records,
    row: RawRow,
    criteria: Criteria,
}

impl Selected {
    /// The rows of `part`, without targets.
    pub(crate) fn unlabelled(source: &Source, part: Part) -> Result<Self, DataError> {
        Self::new(source, Criteria::unlabelled(source, part))
    }

    /// The rows of `part`, with the label and the weight that the settings name.
    pub(crate) fn labelled(source: &Source, part: Part) -> Result<Self, DataError> {
        Self::new(source, Criteria::labelled(source, part)?)
    }

    fn new(source: &Source, criteria: Criteria) -> Result<Self, DataError> {
        let (records, row) = (source.records()?, RawRow::new());
        Ok(Self { source: source.clone(), records, row, criteria })
    }

    /// Reads the next row of the part; `None` after the last.
    ///
    /// A row belongs to its part even where it is malformed, so that each bad row is met by one
    /// part alone.
    pub(crate) fn next(&mut self) -> Result<Option<Target>, DataError> {
        let part = self.criteria.part;
        loop {
            match self.records.read(&mut self.row) {
                Ok(false) => return Ok(None),
                Ok(true) if part.contains(&self.row) => {
                    return self.criteria.target(&self.row).map(Some);
                }
                Err(error) if !error.is_bad_row() || part.contains(&self.row) => {
                    return Err(error);
                }
                _ => {}
            }
        }
    }

    /// Appends the next row of any part to `rows`, yet to be judged by the [`criteria`](Self::criteria); false after the
    /// last.
    ///
    /// # Errors
    /// Those that end the pass.
    pub(crate) fn next_into(&mut self, rows: &mut RawRows) -> Result<bool, DataError> {
        self.records.read_into(rows, &mut self.row)
    }

    /// What tells which rows are of the part.
    pub(crate) fn criteria(&self) -> &Criteria {
        &self.criteria
    }

    /// The position of the column of this name, which `role` reads.
    pub(crate) fn column(&self, name: &str, role: &str) -> Result<usize, DataError> {
        self.source.column(name, role)
    }

    /// The row that was read last.
    pub(crate) fn row(&self) -> &RawRow {
        &self.row
    }

    /// Starts anew at the first row.
    pub(crate) fn restart(&mut self) -> Result<(), DataError> {
        self.records = self.source.records()?;
        Ok(())
    }
}
