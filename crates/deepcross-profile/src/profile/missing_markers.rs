//! Missing markers: texts such as `?` that programs write for a missing value.
//!
//! Some of them have no other meaning.
//! Others may be ordinary values, and count as missing only if all other values of the column are numbers.

use super::label_counts::{Label, LabelCounts};

/// The markers; the first [`SURE`] of them have no other meaning.
const MARKERS: [&str; 17] = [
    "?", "\\N", "NaN", "nan", "NULL", "null", "Null", "N/A", "n/a", "#N/A", "<NA>", "NA", "na",
    "None", "none", "-", ".",
];

/// The number of markers that mean a missing value in every column.
const SURE: usize = 11;

/// The rows of a column by marker.
#[derive(Clone, Debug, Default)]
pub(crate) struct MissingMarkers {
    counts: [LabelCounts; MARKERS.len()],
}

impl MissingMarkers {
    /// Counts a row if its value is a marker, and returns whether it is.
    pub(crate) fn count(&mut self, value: &[u8], label: Option<Label>) -> bool {
        // Most values are longer than every marker.
        let is_short = value.len() <= 4;
        let find = || MARKERS.iter().position(|marker| marker.as_bytes() == value);
        let marker = is_short.then(find).flatten();
        if let Some(marker) = marker {
            self.counts[marker].add(label);
        }
        marker.is_some()
    }

    /// The markers that mean a missing value in this column; `is_numeric` says whether all its other values are numbers.
    pub(crate) fn meaning_missing(&self, is_numeric: bool) -> impl Iterator<Item = &'static str> {
        let n = if is_numeric { MARKERS.len() } else { SURE };
        self.found().filter(move |(i, ..)| *i < n).map(|(_, marker, _)| marker)
    }

    /// The markers that the column contains, with their indices and their rows.
    pub(crate) fn found(&self) -> impl Iterator<Item = (usize, &'static str, LabelCounts)> {
        let all = MARKERS.iter().zip(self.counts).enumerate();
        all.map(|(i, (marker, counts))| (i, *marker, counts)).filter(|(.., counts)| counts.rows > 0)
    }
}
