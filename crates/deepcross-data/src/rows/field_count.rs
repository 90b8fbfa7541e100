//! The error for a row of too many or too few fields, with the probable cause.

use deepcross_features::blanks;

use crate::error::DataError;
use crate::place::Place;

/// A row of a wrong number of fields.
pub(crate) struct FieldCount<'a> {
    pub(crate) place: Place,
    /// The fields that are kept.
    pub(crate) fields: Vec<&'a [u8]>,
    pub(crate) found: usize,
    pub(crate) expected: usize,
    /// The quote of the file, if it is known; a line with this quote in it is split by the reader, which knows it.
    pub(crate) quote: Option<u8>,
    /// The numbers of fields of the next rows, if this is the first row of a file.
    pub(crate) next: Option<Vec<usize>>,
}

/// The cause if a row with a wrong number of fields has several lines.
pub(crate) const SEVERAL_LINES: &str =
    "; the row spans several lines, perhaps because a quote in it does not close";

/// The cause if the first rows have one field more than the header.
const SHORT_HEADER: &str = "; if the file has a header, and rows begin with names of their own or end with a \
    delimiter, name all columns in `data.columns` and set `data.header` to true";

impl FieldCount<'_> {
    /// The error, with the cause that the row shows.
    #[cold]
    pub(crate) fn error(self) -> DataError {
        let hint = self.hint();
        DataError::FieldCount {
            place: self.place,
            found: self.found,
            expected: self.expected,
            hint,
        }
    }

    fn hint(&self) -> &'static str {
        let quotes = || self.quote_hint(b'\'').or_else(|| self.quote_hint(b'"'));
        match self.found > self.expected {
            true => quotes().or_else(|| self.is_under_short_header().then_some(SHORT_HEADER)),
            false => None,
        }
        .unwrap_or_default()
    }

    /// The remedy if `quote` opens in one field and closes in a later one.
    fn quote_hint(&self, quote: u8) -> Option<&'static str> {
        let is_open = |field: &&[u8]| {
            field.first() == Some(&quote) && (field.len() == 1 || field.last() != Some(&quote))
        };
        let mut fields = self.fields.iter().map(|field| blanks::trim(field));
        fields.by_ref().find(is_open)?;
        fields.find(|field| field.last() == Some(&quote))?;
        Some(match quote {
            _ if self.quote == Some(quote) => {
                "; if blanks stand before the quotes around values, set `data.trim` to true"
            }
            b'\'' => {
                "; if single quotes stand around values, set `data.quote`, or `--quote`, to \"'\""
            }
            _ => "; if quotes stand around values, set `data.quote`, or `--quote`, to '\"'",
        })
    }

    /// Whether this is the first row of its file, and the next ones also have one field more than the header.
    fn is_under_short_header(&self) -> bool {
        let found = self.expected + 1;
        let all_have = |next: &Vec<usize>| next.iter().all(|next| *next == found);
        self.found == found && self.next.as_ref().is_some_and(all_have)
    }
}
