//! Criteo's click logs: text between tabs without a header, of 40 known columns.

use super::text_format::{FixedColumns, TextFormat};
use super::tsv;
use crate::config::{Format, LABEL, Quote};

impl Format {
    /// Criteo's click logs: [`TSV`](Self::TSV) without a header, of the columns `label`, `I1` to
    /// `I13` and `C1` to `C26`.
    pub const CRITEO: Self = Self::named("criteo");
}

pub(crate) static CRITEO: TextFormat = TextFormat {
    format: Format::CRITEO,
    title: "Criteo",
    summary: "The layout of Criteo's click logs",
    extensions: &[],
    delimiter: "\t",
    quote: Quote::Off,
    fixed: Some(FixedColumns {
        names: columns,
        in_words: "`label`, `I1` to `I13` and `C1` to `C26`",
        remedy: "holds the names of Criteo's columns: set `data.format` to `tsv`",
    }),
    push: tsv::push,
};

/// The label, 13 numbers and 26 categories.
fn columns() -> Vec<String> {
    let label = std::iter::once(LABEL.to_owned());
    let numbers = (1..=13).map(|i| format!("I{i}"));
    label.chain(numbers).chain((1..=26).map(|i| format!("C{i}"))).collect()
}
