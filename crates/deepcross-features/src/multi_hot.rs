//! Multi-hot fields: a value is a list of elements, each an id.
//!
//! Elements are parted by one character, trimmed of ASCII spaces, and skipped where empty.
//! A value that is missing as a whole, or has no element, is the one missing id, so that no row is without an id.
//! Elements that repeat stay repeated: how often a tag was given may matter.

use crate::cell::CellError;
use crate::column::Column;
use crate::config::{FieldConfig, Pooling};
use crate::counts::FieldCounts;
use crate::description::Encoding;
use crate::error::FeatureError;
use crate::lookup::{Lookup, LookupFitter};
use crate::shape::FieldShape;
use crate::state::{MultiHotState, PoolingState};

/// Learns the ids of the elements.
#[derive(Clone, Debug)]
pub(crate) struct MultiHotFitter {
    lookup: LookupFitter,
    separator: char,
    pooling: Pooling,
}

/// Writes the ids of a row's elements, with weights where their mean is wanted.
#[derive(Clone, Debug)]
pub(crate) struct MultiHotEncoder {
    lookup: Lookup,
    separator: char,
    pooling: Pooling,
}

impl MultiHotFitter {
    pub(crate) fn new(config: &FieldConfig) -> Self {
        Self {
            lookup: LookupFitter::new(config),
            separator: config.separator_char(),
            pooling: config.pooling.unwrap_or_default(),
        }
    }

    pub(crate) fn observe(&mut self, cell: Option<&str>) -> Result<(), CellError> {
        elements(cell, self.separator).try_for_each(|element| self.lookup.observe(element))
    }

    pub(crate) fn finish(self) -> MultiHotEncoder {
        let Self { lookup, separator, pooling } = self;
        MultiHotEncoder { lookup: lookup.finish(), separator, pooling }
    }
}

impl MultiHotEncoder {
    pub(crate) fn encode(
        &self,
        cell: Option<&str>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> Result<(), CellError> {
        let column = column.sparse_mut();
        let mut row_counts = FieldCounts::default();
        for element in elements(cell, self.separator) {
            column.push_open(self.lookup.encode(Some(element), &mut row_counts));
        }
        if column.open_len() == 0 {
            column.push_open(self.lookup.encode(None, &mut row_counts));
        }
        if !column.end_bag(self.weight(column.open_len())) {
            return Err(CellError::TooMany(u32::MAX));
        }
        *counts += row_counts;
        Ok(())
    }

    /// The weight of each of a row's elements; `None` where it is 1 for every row.
    fn weight(&self, n_elements: usize) -> Option<f32> {
        match self.pooling {
            Pooling::Sum => None,
            Pooling::Mean => Some(1.0 / n_elements as f32),
        }
    }

    pub(crate) fn shape(&self, name: &str) -> FieldShape {
        self.lookup.shape(name, true)
    }

    pub(crate) fn lookup(&self) -> &Lookup {
        &self.lookup
    }

    pub(crate) fn describe(&self) -> Encoding {
        let (separator, pooling) = (self.separator, self.pooling);
        Encoding::MultiHot { ids: self.lookup.describe(), separator, pooling }
    }

    pub(crate) fn to_state(&self) -> MultiHotState {
        let pooling = match self.pooling {
            Pooling::Sum => PoolingState::Sum,
            Pooling::Mean => PoolingState::Mean,
        };
        MultiHotState { lookup: self.lookup.to_state(), separator: self.separator, pooling }
    }

    pub(crate) fn from_state(field: &str, state: MultiHotState) -> Result<Self, FeatureError> {
        let pooling = match state.pooling {
            PoolingState::Sum => Pooling::Sum,
            PoolingState::Mean => Pooling::Mean,
        };
        let lookup = Lookup::from_state(field, state.lookup)?;
        Ok(Self { lookup, separator: state.separator, pooling })
    }
}

fn elements(cell: Option<&str>, separator: char) -> impl Iterator<Item = &str> {
    let parts = cell.into_iter().flat_map(move |cell| cell.split(separator));
    parts.map(|part| part.trim_matches(' ')).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sparse::SparseColumn;

    fn encode(
        pooling: Pooling,
        separator: &str,
        cells: &[Option<&str>],
    ) -> (SparseColumn, FieldCounts) {
        let config = FieldConfig {
            pooling: Some(pooling),
            separator: Some(separator.to_owned()),
            top: Some(2),
            ..FieldConfig::multi_hot("f")
        };
        let mut fitter = MultiHotFitter::new(&config);
        let training = ["a|b|a", "a| b", "rare"].map(|cell| cell.replace('|', separator));
        for cell in &training {
            fitter.observe(Some(cell)).expect("few values");
        }
        let encoder = fitter.finish();
        let mut column = Column::new(&encoder.shape("f"));
        let mut counts = FieldCounts::default();
        for &cell in cells {
            encoder.encode(cell, &mut column, &mut counts).expect("few values");
        }
        (column.sparse_mut().clone(), counts)
    }

    #[track_caller]
    fn check(separator: &str, cell: Option<&str>, ids: &[u32]) {
        let (column, counts) = encode(Pooling::Sum, separator, &[cell]);
        assert_eq!(column.ids(), ids, "{cell:?}");
        assert_eq!(column.offsets(), Some(&[0, ids.len() as u32][..]));
        assert_eq!(counts.values, ids.len() as u64);
    }

    #[test]
    fn elements_are_trimmed_and_empty_ones_ignored() {
        check("|", Some("a|b"), &[3, 4]);
        check("|", Some("b|a|a"), &[4, 3, 3]);
        check("|", Some(" a ||  b|"), &[3, 4]);
        check("|", Some("never|rare|a"), &[1, 2, 3]);
        check("|", None, &[0]);
        check("|", Some(""), &[0]);
        check("|", Some(" | |"), &[0]);
        check("·", Some("a·b"), &[3, 4]);
        check(" ", Some("a  b"), &[3, 4]);
    }

    #[test]
    fn a_mean_gives_each_element_its_share() {
        let cells = [Some("a|b|a|never"), None, Some("b")];
        let (column, counts) = encode(Pooling::Mean, "|", &cells);
        assert_eq!(column.weights(), [0.25, 0.25, 0.25, 0.25, 1.0, 1.0]);
        assert_eq!(column.offsets(), Some(&[0, 4, 5, 6][..]));
        let expected = FieldCounts { values: 6, missing: 1, unseen: 1, ..FieldCounts::default() };
        assert_eq!(counts, expected);

        let (column, _) = encode(Pooling::Sum, "|", &cells);
        assert_eq!(column.weights(), [0.0; 0]);
    }
}
