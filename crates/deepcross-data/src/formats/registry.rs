//! The table of all formats, and how the format of a file is found.

use std::path::Path;
use std::str::FromStr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use super::delimited::{CRITEO, CSV, TSV};
use super::file_format::FileFormat;
use super::jsonl::Jsonl;
use super::libffm::Libffm;
use super::libsvm::Libsvm;
use super::parquet::Parquet;
use crate::config::{DataConfig, Format, Quote};
use crate::error::DataError;
use crate::input::{BYTE_ORDER_MARK, InputFile, LineWindow, open, unreadable};
use crate::limits::LONGEST_ROW;
use crate::output::Compression;

/// All formats, in the order in which messages and help texts list them.
///
/// A file that may be of several formats is of the last of them: any text may be CSV.
static FORMATS: [&dyn FileFormat; 7] = [&CSV, &TSV, &CRITEO, &Libsvm, &Libffm, &Jsonl, &Parquet];

impl Format {
    /// All formats, in the order in which help texts list them.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        FORMATS.iter().map(|format| format.format())
    }

    /// The name in prose, such as `Parquet`.
    pub fn title(self) -> &'static str {
        self.module().title()
    }

    /// What a row consists of, as help texts say it.
    pub fn summary(self) -> &'static str {
        self.module().summary()
    }

    /// The ends of names that show the format, without their period, in lower case.
    pub fn extensions(self) -> &'static [&'static str] {
        self.module().extensions()
    }

    /// Whether files compress their content themselves, and are therefore not compressed as a whole.
    pub fn compresses_itself(self) -> bool {
        self.module().compresses_itself()
    }

    /// Whether rows are pairs of a feature and a number, as in libsvm and libffm.
    pub fn has_pairs(self) -> bool {
        self.module().pairs().is_some()
    }

    /// Whether the first row of a file holds the names of the columns, unless the settings name them.
    pub fn has_header_row(self) -> bool {
        self.module().has_header_row()
    }

    /// Whether rows stand in the file as text, so that they can be copied unchanged.
    pub fn has_text_rows(self) -> bool {
        self.module().has_text_rows()
    }

    /// Whether rows are fields with a character between them, as in CSV and TSV.
    pub fn is_delimited(self) -> bool {
        !matches!(self.module().dialect(&DataConfig::default()), Ok(None))
    }

    /// Whether the columns have types when files are written, which all rows must fit.
    pub fn writes_types(self) -> bool {
        self.module().writes_types()
    }

    /// Whether a file is read from its beginning to its end and only once, so that a pipe need not be kept.
    pub(crate) fn is_read_once(self) -> bool {
        self.module().is_read_once()
    }

    /// The format whose rows these lines are, which are the first of a file without its blank lines; `None` if they may
    /// be delimited text.
    pub fn of_lines(lines: &[&[u8]]) -> Option<Self> {
        Self::all().rev().find(|format| format.module().has_lines(lines))
    }

    /// The ends of names that show a format, as a message lists them: ".csv, .tsv or .parquet".
    pub fn known_endings() -> String {
        let endings = FORMATS.iter().flat_map(|format| format.extensions());
        listed(endings.map(|ending| format!(".{ending}")), "or")
    }

    /// The formats whose rows are [pairs](Self::has_pairs), as a message lists them, with `word` before the last:
    /// "libsvm and libffm".
    pub fn with_pairs(word: &str) -> String {
        let formats = Self::all().filter(|format| format.has_pairs());
        listed(formats.map(|format| format.title().to_owned()), word)
    }

    /// Refuses columns that a file of this format cannot have.
    ///
    /// CSV, TSV and Parquet can have any columns, but no name twice except the empty one.
    /// JSON Lines can have any columns, but no name twice.
    /// Criteo's logs have their 40 columns in order.
    /// libsvm has `label`, optionally `qid`, and `features`.
    /// libffm has a label and columns whose names are whole numbers.
    ///
    /// # Errors
    /// [`DataError::UnfitColumns`].
    pub fn check_columns(self, columns: &[String]) -> Result<(), DataError> {
        match self.module().problem_of_columns(columns) {
            None => Ok(()),
            Some(problem) => Err(DataError::UnfitColumns { format: self, problem }),
        }
    }

    /// The extension of files with this delimiter: that of the format in which it is usual, or else that of CSV.
    pub(crate) fn extension_of_delimiter(delimiter: &[u8]) -> &'static str {
        let is_usual = |format: &Self| {
            format.usual_form().is_some_and(|(usual, _)| usual.as_bytes() == delimiter)
        };
        let format = Self::all().find(is_usual).unwrap_or(Self::CSV);
        format.extensions().first().copied().unwrap_or_default()
    }

    /// The usual delimiter and the usual quote of delimited text with any columns; `None` for other formats.
    pub fn usual_form(self) -> Option<(&'static str, Quote)> {
        self.module().usual_form()
    }

    /// The module of the format.
    pub(crate) fn module(self) -> &'static dyn FileFormat {
        let module = FORMATS.iter().find(|format| format.format() == self);
        *module.expect("every format is in the table")
    }

    /// The format that `config` sets, else the one that the name shows, or the first line of a pipe; if the settings
    /// were made for other files, the name comes first.
    pub(crate) fn of_file(file: &InputFile, config: &DataConfig) -> Result<Self, DataError> {
        match (config.format, Self::of_name(file.path())) {
            (Some(set), Some(named)) if config.follows_names && set != named => {
                Self::set_or_named(file, config, [set, named])
            }
            (Some(format), _) | (None, Some(format)) => Ok(format),
            (None, None) if file.is_pipe() => Self::of_first_line(file),
            (None, None) => Err(Self::unknown(file.path())),
        }
    }

    /// The format that the name of a file shows, unless the first line shows the one that was set: many files of lines
    /// are called `.csv` or `.tsv`.
    fn set_or_named(
        file: &InputFile,
        config: &DataConfig,
        [set, named]: [Self; 2],
    ) -> Result<Self, DataError> {
        let line = first_line(file)?;
        let is_shown = |format: Self| {
            format.module().begins_with(&line) || format.module().has_lines(&[&line])
        };
        let is_set = match set.module().dialect(config)? {
            Some(_) if !named.is_delimited() => !is_shown(named),
            Some(dialect) => dialect.delimiter.find(&line).is_some(),
            None => is_shown(set),
        };
        Ok(if is_set { set } else { named })
    }

    /// The format that the extension of the name shows, in capitals or not; the extension of a compressed file is
    /// ignored.
    pub(crate) fn of_name(path: &Path) -> Option<Self> {
        let ends_in = |path: &Path, ends: &[&str]| {
            let extension = path.extension().unwrap_or_default();
            ends.iter().any(|end| extension.eq_ignore_ascii_case(end))
        };
        let is_compressed = ends_in(path, &Compression::EXTENSIONS);
        let inner = if is_compressed { Path::new(path.file_stem()?) } else { path };
        Self::all().find(|format| {
            ends_in(if format.compresses_itself() { path } else { inner }, format.extensions())
        })
    }

    /// The error for a file whose name does not show the format.
    pub(crate) fn unknown(path: &Path) -> DataError {
        DataError::UnknownFormat { file: path.into(), known: Self::known_endings() }
    }

    /// The format of a pipe, which has no name, as its first line shows it.
    fn of_first_line(file: &InputFile) -> Result<Self, DataError> {
        let line = first_line(file)?;
        let shown = Self::all().rev().find(|format| format.module().begins_with(&line));
        Ok(shown.unwrap_or(Self::CSV))
    }
}

/// The first line of a file, with its end; empty if it is too long.
fn first_line(file: &InputFile) -> Result<Vec<u8>, DataError> {
    let (path, mut window) = (file.path(), LineWindow::new(open(file)?));
    let end = window.skip(BYTE_ORDER_MARK).and_then(|()| window.line_end(0, LONGEST_ROW));
    let end = end.map_err(|error| unreadable(path, 1, error))?;
    Ok(window.bytes()[..end.unwrap_or_default()].to_vec())
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
}

/// A list in words, with `word` before the last.
fn listed(items: impl Iterator<Item = String>, word: &str) -> String {
    let items: Vec<_> = items.collect();
    match items.split_last() {
        Some((last, others)) if !others.is_empty() => {
            format!("{} {word} {last}", others.join(", "))
        }
        _ => items.concat(),
    }
}

impl FromStr for Format {
    type Err = String;

    /// The format of this name; an error lists all names.
    fn from_str(name: &str) -> Result<Self, String> {
        Self::all().find(|format| format.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::all().map(|format| format!("`{format}`")).collect();
            format!("unknown variant `{name}`, expected one of {}", names.join(", "))
        })
    }
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(FormatVisitor)
    }
}

struct FormatVisitor;

impl Visitor<'_> for FormatVisitor {
    type Value = Format;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name of a format")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Format, E> {
        name.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_endings_are_those_of_one_format() {
        let names: BTreeSet<_> = Format::all().map(Format::name).collect();
        assert_eq!(names.len(), FORMATS.len());
        let endings: Vec<_> = Format::all().flat_map(Format::extensions).collect();
        assert_eq!(endings.iter().collect::<BTreeSet<_>>().len(), endings.len());
        assert!(!endings.iter().any(|ending| ["gz", "zst"].contains(*ending)));
        for format in Format::all() {
            assert_eq!(format.name().parse(), Ok(format));
            for ending in format.extensions() {
                let name = |end: &str| format!("a.{}{end}", ending.to_uppercase());
                assert_eq!(Format::of_name(name("").as_ref()), Some(format));
                let packed = (!format.compresses_itself()).then_some(format);
                assert_eq!(Format::of_name(name(".gz").as_ref()), packed);
                assert_eq!(Format::of_name(name(".ZST").as_ref()), packed);
            }
        }
    }
    #[test]
    fn a_name_that_no_format_has_is_answered_by_all_names() {
        let error = toml::from_str::<DataConfig>("format = 'xls'").unwrap_err();
        let names: Vec<_> = Format::all().map(|format| format!("`{format}`")).collect();
        let expected = format!("unknown variant `xls`, expected one of {}", names.join(", "));
        assert_eq!(error.message(), expected);
        assert!(Format::known_endings().starts_with(".csv, .tsv, .svm, .libsvm, "));
        assert!(Format::known_endings().ends_with(" or .parquet"));
        assert_eq!(Format::with_pairs("or"), "libsvm or libffm");
    }
}
