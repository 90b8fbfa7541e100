//! The form of a file of delimited text: the characters between its fields and around them.

use std::path::Path;

use memchr::memchr;

use super::svm_tokens::{is_libffm, is_libsvm, is_pair};
use crate::config::{DataConfig, Format, Quote, clashes};
use crate::error::DataError;
use crate::input::{InputFile, LineWindow, open, unreadable};
use crate::limits::LONGEST_ROW;

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
    /// The form of a file: the characters that `config` sets, else those that are usual for the format.
    ///
    /// The caller has checked that the settings have no problems.
    pub(crate) fn of(file: &InputFile, config: &DataConfig) -> Result<Self, DataError> {
        Self::of_format(Format::of_file(file, config)?, config)
    }

    /// The form of a file of this format.
    pub(crate) fn of_format(format: Format, config: &DataConfig) -> Result<Self, DataError> {
        let delimiter = config.delimiter.unwrap_or(format.delimiter());
        let quote = match config.quote.unwrap_or(format.quote()) {
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

impl DataConfig {
    /// The format of a file: the one that is set, else the one that its name shows, or the first line of a
    /// pipe.
    ///
    /// # Errors
    /// If nothing shows the format, or a pipe cannot be read.
    pub fn format_of(&self, file: &InputFile) -> Result<Format, DataError> {
        Format::of_file(file, self)
    }

    /// The character between two fields of a file: the one that is set, else the usual one of its format.
    ///
    /// # Errors
    /// If the format is not known, or the character is also set as the quote or as the start of a comment.
    pub fn delimiter_of(&self, file: &InputFile) -> Result<char, DataError> {
        Dialect::of(file, self).map(|dialect| char::from(dialect.delimiter))
    }
}

impl Format {
    /// The format that `config` sets, else the one that the name shows, or the first line of a pipe.
    pub(crate) fn of_file(file: &InputFile, config: &DataConfig) -> Result<Self, DataError> {
        match config.format.or_else(|| Self::of(file.path())) {
            Some(format) => Ok(format),
            None if file.is_pipe() => Self::of_first_line(file),
            None => Err(DataError::UnknownFormat { file: file.path().to_path_buf() }),
        }
    }

    /// The format that the extension of the name shows, in capitals or not; the extension of a compressed file is
    /// ignored.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let ends_in = |path: &Path, ends: &[&str]| {
            let extension = path.extension().unwrap_or_default();
            ends.iter().position(|end| extension.eq_ignore_ascii_case(end))
        };
        let is_compressed = ends_in(path, &["gz", "zst"]).is_some();
        let inner = if is_compressed { Path::new(path.file_stem()?) } else { path };
        if ends_in(path, &["parquet"]).is_some() {
            return Some(Self::Parquet);
        }
        let formats =
            [Self::Csv, Self::Tsv, Self::Libsvm, Self::Libsvm, Self::Libffm, Self::Libffm];
        ends_in(inner, &["csv", "tsv", "svm", "libsvm", "ffm", "libffm"])
            .map(|known| formats[known])
    }

    /// The format of a pipe, which has no name, as its first line shows it.
    fn of_first_line(file: &InputFile) -> Result<Self, DataError> {
        let (path, mut window) = (file.path(), LineWindow::new(open(file)?));
        let end = window.line_end(0, LONGEST_ROW).map_err(|error| unreadable(path, 1, error))?;
        let line = &window.bytes()[..end.unwrap_or_default()];
        Ok(match line {
            _ if line.starts_with(b"PAR1") => Self::Parquet,
            _ if is_pair(line) && is_libffm(line) => Self::Libffm,
            _ if is_pair(line) && is_libsvm(line) => Self::Libsvm,
            _ if memchr(b'\t', line).is_some() => Self::Tsv,
            _ => Self::Csv,
        })
    }

    fn delimiter(self) -> char {
        match self {
            Self::Csv => ',',
            Self::Tsv | Self::Criteo => '\t',
            Self::Libsvm | Self::Libffm | Self::Parquet => ' ',
        }
    }

    /// The usual quote: none in TSV, as it is registered with IANA, because raw queries hold many quotes that never
    /// close.
    fn quote(self) -> Quote {
        match self {
            Self::Csv => Quote::Char('"'),
            _ => Quote::Off,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_before_the_defaults_of_the_format() {
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
            (
                "",
                "adult.data",
                Err("`adult.data`: the name does not show the format, expected a name that \
                     ends in .csv, .tsv, .svm, .libsvm, .ffm, .libffm or .parquet, or `format` to be set"),
            ),
            (
                "comment = ','",
                "a.csv",
                Err("`data.comment`: must differ from `data.delimiter`, but both are ','"),
            ),
        ];
        for (text, name, expected) in cases {
            let config: DataConfig = toml::from_str(text).unwrap();
            let found = Dialect::of(&Path::new(name).into(), &config)
                .map(|dialect| (char::from(dialect.delimiter), dialect.quote.map(char::from)))
                .map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(String::from), "{text} {name}");
        }
    }
}
