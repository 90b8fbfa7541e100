//! A choice of characters between and around fields, and how well the first lines fit it.

use std::collections::BTreeMap;

use deepcross_data::{DataConfig, Format, Quote, SplitRow, split_text};
use deepcross_features::blanks;

/// The most rows that are looked at.
pub(super) const ROWS: usize = 300;

/// A row in a given number of rows may be bad, or have another number of fields than the others.
const ONE_ODD_ROW_IN: usize = 10;

/// The first lines of a file, and all that is known about them.
pub(super) struct Sample<'a> {
    pub(super) text: &'a [u8],
    /// The settings that are not guessed.
    pub(super) config: &'a DataConfig,
    /// The usual delimiter and quote of the format that the name shows.
    pub(super) usual: Option<(&'static str, Quote)>,
    /// The column of the label.
    pub(super) label: Option<String>,
}

impl Sample<'_> {
    /// Whether the lines have any character that may be a quote.
    pub(super) fn has_quotes(&self) -> bool {
        self.has(b'"') || self.has(b'\'')
    }

    pub(super) fn has(&self, byte: u8) -> bool {
        memchr::memchr(byte, self.text).is_some()
    }

    /// Whether the first row is a header.
    fn has_header(&self) -> bool {
        self.config.columns.is_none() || self.config.header == Some(true)
    }
}

/// The characters of a dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) delimiter: String,
    pub(super) quote: Option<char>,
    pub(super) escape: Option<char>,
    pub(super) comment: Option<char>,
}

/// The first rows in one form.
pub(super) struct Candidate {
    pub(super) form: Form,
    /// The header; `None` if there is none, or if it is a bad row.
    pub(super) header: Option<Vec<Vec<u8>>>,
    /// The rows behind the header.
    pub(super) rows: Vec<SplitRow>,
    /// The number of fields that most rows have; that of the header if there are no rows.
    pub(super) n_fields: usize,
    /// The number of bad rows.
    pub(super) n_bad: usize,
    /// The number of rows that are bad or have another number of fields.
    pub(super) n_odd: usize,
    /// Whether a field of the header is the label's column.
    pub(super) has_label: bool,
}

impl Candidate {
    /// Splits the lines; `None` if two characters of the form are the same, or the lines cannot be read.
    pub(super) fn new(sample: &Sample<'_>, form: Form) -> Option<Self> {
        let config = DataConfig {
            format: Some(Format::CSV),
            delimiter: Some(form.delimiter.clone()),
            quote: Some(form.quote.map_or(Quote::Off, Quote::Char)),
            escape: form.escape,
            comment: form.comment,
            trim: sample.config.trim,
            ..DataConfig::default()
        };
        let mut rows = split_text(sample.text, &config, ROWS).ok()?;
        let header = match rows.is_empty() || !sample.has_header() {
            true => None,
            false => rows.remove(0),
        };
        let n_fields = match rows.iter().any(Option::is_some) {
            true => most_frequent(rows.iter().flatten().map(Vec::len)),
            false => header.as_ref().map_or(0, Vec::len),
        };
        let n_bad = rows.iter().filter(|row| row.is_none()).count();
        let n_other = rows.iter().flatten().filter(|row| row.len() != n_fields).count();
        let label = sample.label.as_ref().map(|label| label.as_bytes());
        let is_label = |name: &Vec<u8>| label == Some(trimmed(name));
        let has_label = header.as_ref().is_some_and(|header| header.iter().any(is_label));
        Some(Self { form, header, rows, n_fields, n_bad, n_odd: n_bad + n_other, has_label })
    }

    /// Whether nearly all rows have the same number of fields, more than one.
    pub(super) fn fits(&self) -> bool {
        self.n_fields > 1 && self.n_odd * ONE_ODD_ROW_IN <= self.rows.len()
    }

    /// Whether the header has as many fields as the rows, each with a name.
    pub(super) fn header_fits(&self) -> bool {
        let fits = |header: &Vec<Vec<u8>>| header.len() == self.n_fields;
        self.header.as_ref().is_some_and(fits)
    }

    /// The number of columns of the header that have no name.
    pub(super) fn n_nameless(&self) -> usize {
        let is_nameless = |name: &&Vec<u8>| trimmed(name).is_empty();
        self.header.iter().flatten().filter(is_nameless).count()
    }

    /// The number of rows in which a field begins with `quote`, as this form splits them.
    pub(super) fn n_rows_with(&self, quote: char) -> usize {
        let begins =
            |row: &&Vec<Vec<u8>>| row.iter().any(|field| field.starts_with(&[quote as u8]));
        self.rows.iter().flatten().filter(begins).count()
    }

    /// Whether all values of a column, with its name if there is a header, stand between two of `quote`.
    pub(super) fn has_wrapped_column(&self, quote: char) -> bool {
        let is_wrapped = |field: &Vec<u8>| {
            let quote = &[quote as u8][..];
            field.len() > 1 && field.starts_with(quote) && field.ends_with(quote)
        };
        let rows = || self.header.iter().chain(self.rows.iter().flatten());
        let has = |column: usize| rows().all(|row| row.get(column).is_some_and(is_wrapped));
        rows().nth(1).is_some() && (0..self.n_fields).any(has)
    }
}

/// A field without the blanks around it.
pub(super) fn trimmed(field: &[u8]) -> &[u8] {
    blanks::trim(field)
}

/// The most frequent number; of equally frequent ones the largest.
fn most_frequent(numbers: impl Iterator<Item = usize>) -> usize {
    let mut counts = BTreeMap::<usize, usize>::new();
    numbers.for_each(|n| *counts.entry(n).or_default() += 1);
    counts.into_iter().max_by_key(|(_, count)| *count).map_or(0, |(n, _)| n)
}
