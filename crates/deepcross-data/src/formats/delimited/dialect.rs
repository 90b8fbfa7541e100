//! The form of a file of delimited text: the characters between its fields and around them.

use crate::config::{DataConfig, Quote, clashes};
use crate::error::DataError;

/// The characters that may begin a comment; a field that begins a line with one of them is written in quotes.
pub const COMMENT_MARKERS: [u8; 3] = *b"#|%";

/// The form of a file of delimited text, with every default filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    pub(crate) quote: Option<u8>,
    pub(crate) comment: Option<u8>,
    pub(crate) trim: bool,
    /// Whether the first row holds the names of the columns.
    pub(crate) headed: bool,
}

impl Dialect {
    /// The characters that `config` sets, else those that are `usual` for the format.
    ///
    /// The caller has checked that the settings have no problems.
    pub(super) fn new(config: &DataConfig, usual: (char, Quote)) -> Result<Self, DataError> {
        let delimiter = config.delimiter.unwrap_or(usual.0);
        let quote = match config.quote.unwrap_or(usual.1) {
            Quote::Off => None,
            Quote::Char(quote) => Some(quote),
        };
        let set = [("delimiter", Some(delimiter)), ("quote", quote), ("comment", config.comment)];
        let set: Vec<_> = set.into_iter().filter_map(|(key, c)| Some((key, c?))).collect();
        let problems = clashes(&set);
        if !problems.is_empty() {
            return Err(DataError::Config { problems });
        }
        Ok(Self {
            delimiter: delimiter as u8,
            quote: quote.map(|c| c as u8),
            comment: config.comment.map(|c| c as u8),
            trim: config.trim,
            headed: config.columns().is_none(),
        })
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
            ("", "a.csv", Ok((',', Some('"')))),
            ("", "a.TSV", Ok(('\t', None))),
            ("quote = true", "a.tsv", Ok(('\t', Some('"')))),
            ("delimiter = ';'\nquote = false", "a.csv", Ok((';', None))),
            ("", "a.csv.gz", Ok((',', Some('"')))),
            ("", "a.TSV.ZST", Ok(('\t', None))),
            ("format = 'criteo'", "day_0.gz", Ok(('\t', None))),
            ("format = 'csv'", "a.tsv", Ok((',', Some('"')))),
            ("format = 'tsv'", "adult.data", Ok(('\t', None))),
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
                .map(|dialect| (char::from(dialect.delimiter), dialect.quote.map(char::from)))
                .map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(String::from), "{text} {name}");
        }
    }
}
