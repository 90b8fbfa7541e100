//! What is known of a row from the row alone, before it is encoded: whether it is sound, whether it belongs to the part
//! that is read, and what it is trained towards.
//!
//! It is looked at on all threads; what depends on the rows before is none of it.

use crate::error::DataError;
use crate::label::LabelReader;
use crate::part::Part;
use crate::raw_rows::RowView;
use crate::row::Located;
use crate::source::Source;
use crate::weight::WeightReader;

/// Which rows are read, and how their targets are.
#[derive(Clone, Debug)]
pub(crate) struct Criteria {
    pub(crate) part: Part,
    label: Option<LabelReader>,
    weight: Option<WeightReader>,
    /// The fields of a sound row.
    pub(crate) n_columns: usize,
}

/// What is known of a row.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It belongs to another part, or it has been handed on.
    Elsewhere,
    /// It belongs to the part.
    Here(Target),
    /// It belongs to the part and is bad.
    Bad(Box<DataError>),
}

/// What a row is trained towards; absent where it is not read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) label: Option<f32>,
    pub(crate) weight: Option<f32>,
}

impl Criteria {
    /// The rows of `part`, without targets.
    pub(crate) fn unlabelled(source: &Source, part: Part) -> Self {
        Self { part, label: None, weight: None, n_columns: source.header().len() }
    }

    /// The rows of `part`, with the label and the weight that the settings name.
    pub(crate) fn labelled(source: &Source, part: Part) -> Result<Self, DataError> {
        let config = source.config();
        let label = config.label().map(|label| LabelReader::bind(&label, source)).transpose()?;
        let weight =
            config.weight.as_ref().map(|name| WeightReader::bind(name, source)).transpose()?;
        Ok(Self { label, weight, ..Self::unlabelled(source, part) })
    }

    /// What is known of `row`, which has this error.
    ///
    /// A row belongs to its part even where it is malformed, so that each bad row is met by one part alone.
    pub(crate) fn judge(&self, row: &RowView<'_>, error: Option<Box<DataError>>) -> Verdict {
        if !self.part.has_row_of(row.fields()) {
            return Verdict::Elsewhere;
        }
        match error.map_or_else(|| self.target(row).map_err(Box::new), Err) {
            Ok(target) => Verdict::Here(target),
            Err(error) => Verdict::Bad(error),
        }
    }

    /// The target of a sound row.
    pub(crate) fn target(&self, row: &impl Located) -> Result<Target, DataError> {
        Ok(Target {
            label: self.label.as_ref().map(|label| label.read_of(row)).transpose()?,
            weight: self.weight.as_ref().map(|weight| weight.read_of(row)).transpose()?,
        })
    }
}

#[cfg(test)]
impl Criteria {
    /// All rows of so many columns.
    pub(crate) fn all(n_columns: usize) -> Self {
        Self { part: Part::All, label: None, weight: None, n_columns }
    }
}
