//! The form of a file of delimited text: the characters between its fields and around them.

use super::delimiter::Delimiter;
use crate::config::{DataConfig, Quote, character_problems};
use crate::error::DataError;

/// The characters that may begin a comment; a field that begins a line with one of them is written in quotes.
pub const COMMENT_MARKERS: [u8; 3] = *b"#|%";

/// The form of a file of delimited text, with every default filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: Delimiter,
    pub(crate) quote: Option<u8>,
    pub(crate) escape: Option<u8>,
    pub(crate) comment: Option<u8>,
    pub(crate) trim: bool,
    pub(crate) header: Header,
}

/// The meaning of the first row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    /// It holds the names of the columns.
    Names,
    /// It is a header, but the settings name the columns.
    Replaced,
    /// It is a row like any other, since the settings name the columns.
    Absent,
}

impl Dialect {
    /// The characters that `config` sets, else those that are `usual` for the format.
    ///
    /// The caller has checked that the settings have no problems.
    pub(super) fn new(config: &DataConfig, usual: (&str, Quote)) -> Result<Self, DataError> {
        let delimiter = config.delimiter.as_deref().unwrap_or(usual.0);
        let quote = match config.quote.unwrap_or(usual.1) {
            Quote::Off => None,
            Quote::Char(quote) => Some(quote),
        };
        let DataConfig { escape, comment, trim, .. } = *config;
        let characters = [("quote", quote), ("escape", escape), ("comment", comment)];
        let problems = character_problems(Some(delimiter), &characters);
        let Some(delimiter) = Delimiter::new(delimiter).filter(|_| problems.is_empty()) else {
            return Err(DataError::Config { problems });
        };
        let [quote, escape, comment] = [quote, escape, comment].map(|c| c.map(|c| c as u8));
        let header = match config.columns() {
            None => Header::Names,
            Some(_) if config.header == Some(true) => Header::Replaced,
            Some(_) => Header::Absent,
        };
        Ok(Self { delimiter, quote, escape, comment, trim, header })
    }

    /// Whether the first row is a header.
    pub(crate) fn has_header(&self) -> bool {
        self.header != Header::Absent
    }

    /// Whether the settings name the columns.
    pub(crate) fn has_set_names(&self) -> bool {
        self.header != Header::Names
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Format;

    #[test]
    fn settings_come_before_the_defaults_of_the_format() {
        let unknown = format!(
            "`adult.data`: the name does not show the format, expected a name that ends in {}, or \
             `format` to be set",
            Format::known_endings()
        );
        let cases = [
            ("", "a.csv", Ok((",", Some('"')))),
            ("", "a.TSV", Ok(("\t", None))),
            ("quote = true", "a.tsv", Ok(("\t", Some('"')))),
            ("delimiter = ';'\nquote = false", "a.csv", Ok((";", None))),
            ("delimiter = '::'", "a.tsv", Ok(("::", None))),
            ("", "a.csv.gz", Ok((",", Some('"')))),
            ("", "a.TSV.ZST", Ok(("\t", None))),
            ("format = 'criteo'", "day_0.gz", Ok(("\t", None))),
            ("format = 'csv'", "a.tsv", Ok((",", Some('"')))),
            ("format = 'tsv'", "adult.data", Ok(("\t", None))),
            ("", "adult.data", Err(&*unknown)),
            (
                "comment = ','",
                "a.csv",
                Err("`data.comment`: must differ from `data.delimiter`, but both are ','"),
            ),
        ];
        for (text, name, expected) in cases {
            let config: DataConfig = toml::from_str(text).unwrap();
            let format = config.format_of(&Path::new(name).into());
            let found = format
                .and_then(|format| format.module().dialect(&config))
                .map(Option::unwrap)
                .map(|dialect| (dialect.delimiter.to_string(), dialect.quote.map(char::from)))
                .map_err(|error| error.to_string());
            let expected = expected.map(|(delimiter, quote)| (delimiter.to_owned(), quote));
            assert_eq!(found, expected.map_err(String::from), "{text} {name}");
        }
    }
}
