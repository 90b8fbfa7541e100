//! The values of cells, each in one spelling, without those that mean a missing value.

use std::borrow::Cow;

use deepcross_data::DataConfig;
use deepcross_data::rows::RawRow;
use deepcross_features::canonical;

/// Reads values that are not missing.
#[derive(Clone, Debug)]
pub(crate) struct PresentValues<'c> {
    /// The texts that mean a missing value, in their canonical spelling.
    missing: Vec<Cow<'c, [u8]>>,
}

impl<'c> PresentValues<'c> {
    /// The values of rows that are read with these settings.
    pub(crate) fn new(config: &'c DataConfig) -> Self {
        Self { missing: config.missing.iter().map(|text| canonical(text.as_bytes())).collect() }
    }

    /// The value of a row in the column at `column`, in its canonical spelling; `None` if it is missing.
    pub(crate) fn get<'r>(&self, row: &RawRow<'r>, column: usize) -> Option<Cow<'r, [u8]>> {
        let text = canonical(row.field(column));
        (!row.is_null(column) && !self.missing.contains(&text)).then_some(text)
    }
}
