//! The rows of one part of a source with their labels and weights: what fitting and encoding share.

use crate::error::DataError;
use crate::label::LabelReader;
use crate::part::Part;
use crate::records::Records;
use crate::row::RawRow;
use crate::source::Source;
use crate::weight::WeightReader;

/// Streams the rows of a part.
#[derive(Debug)]
pub(crate) struct Selected {
    source: Source,
    records: Records,
    row: RawRow,
    part: Part,
    label: Option<LabelReader>,
    weight: Option<WeightReader>,
}

/// What a row is trained towards; absent where it is not read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) label: Option<f32>,
    pub(crate) weight: Option<f32>,
}

impl Selected {
    /// The rows of `part`, without targets.
    pub(crate) fn unlabelled(source: &Source, part: Part) -> Result<Self, DataError> {
        let (records, row) = (source.records()?, RawRow::new());
        Ok(Self { source: source.clone(), records, row, part, label: None, weight: None })
    }

    /// The rows of `part`, with the label and the weight that the settings name.
    pub(crate) fn labelled(source: &Source, part: Part) -> Result<Self, DataError> {
        let config = source.config();
        let label = config.label().map(|label| LabelReader::bind(&label, source)).transpose()?;
        let weight =
            config.weight.as_ref().map(|name| WeightReader::bind(name, source)).transpose()?;
        Ok(Self { label, weight, ..Self::unlabelled(source, part)? })
    }

    /// Reads the next row of the part; `None` after the last.
    ///
    /// A row belongs to its part even where it is malformed, so that each bad row is met by one
    /// part alone.
    pub(crate) fn next(&mut self) -> Result<Option<Target>, DataError> {
        loop {
            match self.records.read(&mut self.row) {
                Ok(false) => return Ok(None),
                Ok(true) if self.part.contains(&self.row) => return self.target().map(Some),
                Err(error) if !error.is_bad_row() || self.part.contains(&self.row) => {
                    return Err(error);
                }
                _ => {}
            }
        }
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

    fn target(&self) -> Result<Target, DataError> {
        Ok(Target {
            label: self.label.as_ref().map(|label| label.read(&self.row)).transpose()?,
            weight: self.weight.as_ref().map(|weight| weight.read(&self.row)).transpose()?,
        })
    }
}
