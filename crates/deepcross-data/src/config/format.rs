//! The setting `format`, and the columns that some formats fix before any file is opened.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of the first column in the formats that fix their columns.
pub(crate) const LABEL: &str = "label";

/// The most digits in the number of a feature or a field: as many as the largest number of 64 bits has.
const MOST_DIGITS: usize = 20;

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Fields between commas, quoted where needed (RFC 4180).
    Csv,
    /// Fields between tabs; a quote is a character like any other.
    Tsv,
    /// Criteo's click logs: [`Tsv`](Self::Tsv) without a header, of the columns `label`, `I1` to
    /// `I13` and `C1` to `C26`.
    Criteo,
    /// A label and pairs `index:value` between blanks: the columns `label`, `qid` if the first row has one, and
    /// `features`, a weighted list.
    Libsvm,
    /// A label and `field:feature:value` between blanks: the column `label`, and a column for each field, named by the
    /// field's number, with a weighted list of `feature:value`.
    Libffm,
    /// Parquet, with the cargo feature `parquet`: typed columns, whose values are read as the text that they have in
    /// other formats.
    Parquet,
}

impl Format {
    /// Whether rows are pairs of a feature and a number: libsvm and libffm.
    pub fn has_pairs(self) -> bool {
        matches!(self, Self::Libsvm | Self::Libffm)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Criteo => "criteo",
            Self::Libsvm => "libsvm",
            Self::Libffm => "libffm",
            Self::Parquet => "parquet",
        })
    }
}

/// The columns of Criteo's logs: the label, 13 numbers and 26 categories.
pub(crate) fn criteo_columns() -> Vec<String> {
    let label = std::iter::once("label".to_owned());
    let numbers = (1..=13).map(|i| format!("I{i}"));
    label.chain(numbers).chain((1..=26).map(|i| format!("C{i}"))).collect()
}

/// Whether a word is a whole number.
pub(crate) fn is_whole(word: &[u8]) -> bool {
    (1..=MOST_DIGITS).contains(&word.len()) && word.iter().all(u8::is_ascii_digit)
}
