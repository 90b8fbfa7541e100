//! The section `[data]` of a run, which describes how the files are read.
//!
//! A value that TOML can write in two ways (a label by name or with its classes, a quote switched off or chosen) has a
//! [`Visitor`](serde::de::Visitor).
//! Rejected: `#[serde(untagged)]`, which is shorter, but reports every mistake as "data did not match any variant", and
//! hides unknown keys from the code that collects them.

mod characters;
mod format;
mod label;
mod quote;

pub use format::Format;
pub(crate) use label::UnnamedLabels;
pub use label::{LabelClasses, LabelConfig, LabelValues};
pub use quote::Quote;

pub(crate) use characters::{LONGEST_DELIMITER, character_problems};
pub(crate) use format::LABEL;

use std::collections::BTreeSet;

use deepcross_features::fields::DecimalMark;
use deepcross_features::{CountsFrom, Problem};
use serde::{Deserialize, Serialize};

/// The settings for reading data files; every key may be left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataConfig {
    /// The format of all files; default: the one that each file's name shows, or the first line of a pipe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Whether the files are others than those that the settings were made for: the format that a file's name shows then
    /// comes before `format`, and keys without a meaning in this format are left alone.
    #[serde(skip)]
    pub follows_names: bool,
    /// The column that holds the label; needed to train and to evaluate, not to predict.
    ///
    /// [`label`](Self::label) returns the default of a format, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<LabelConfig>,
    /// The column of row weights (finite, at least 0); default: every row weighs 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// The values that mean "missing" in every feature column; default: the empty value alone.
    pub missing: Vec<String>,
    /// The names of the columns, for files without a header row; default: the first row holds them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// Whether the first row of a file is a header; default: true, unless [`columns`](Self::columns) is set.
    ///
    /// If it is true and the columns are set, their names replace those of the header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// The text between two fields, of 1 to 8 bytes; default: `,` for CSV, a tab for TSV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// `false`, `true` for `"`, or one ASCII character; default: `"` for CSV, `false` for TSV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
    /// The character before the decimals of numbers, in all fields of numbers that do not say another; default: a point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<DecimalMark>,
    /// One ASCII character that makes a delimiter, a quote or itself after it plain text; default: no character does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escape: Option<char>,
    /// Whether white space around each field is dropped; default: true.
    pub trim: bool,
    /// One ASCII character that begins a line to be skipped; default: no line is a comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<char>,
    /// The treatment of a row that cannot be read; default: `error`.
    pub bad_rows: BadRows,
    /// The order of the rows, as far as it is known; default: `any`.
    pub order: Order,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            format: None,
            follows_names: false,
            label: None,
            weight: None,
            missing: vec![String::new()],
            columns: None,
            header: None,
            delimiter: None,
            quote: None,
            decimal: None,
            escape: None,
            trim: true,
            comment: None,
            bad_rows: BadRows::Error,
            order: Order::Any,
        }
    }
}

/// The order of the rows in the files, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The order is not known: companion counts of a training row come from other folds.
    #[default]
    Any,
    /// Earlier rows come first: companion counts of a training row come from the rows before it.
    Time,
}

impl From<Order> for CountsFrom {
    fn from(order: Order) -> Self {
        match order {
            Order::Any => Self::OtherFolds,
            Order::Time => Self::EarlierRows,
        }
    }
}

/// The treatment of a row that cannot be parsed or encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BadRows {
    /// The row stops the run with an error.
    #[default]
    Error,
    /// The row is left out and counted.
    Skip,
}

/// The keys of `[data]` that have a meaning for delimited text alone.
pub(crate) const TEXT_KEYS: &[&str] = &["delimiter", "quote", "escape", "comment", "header"];

impl DataConfig {
    /// Reads all files in `format`, whatever their names show and `format` was before, without the keys that were set
    /// for delimited text and have no meaning with it.
    pub fn set_format(&mut self, format: Format) {
        if !format.is_delimited() && self.format != Some(format) {
            (self.delimiter, self.quote, self.escape, self.comment) = (None, None, None, None);
            (self.columns, self.header) = (None, None);
        }
        (self.format, self.follows_names) = (Some(format), false);
    }

    /// A problem for each of the `keys` that is set although it has no meaning with `format`.
    pub(crate) fn without_meaning(&self, format: Format, keys: &[&str]) -> Vec<Problem> {
        let set = [
            ("delimiter", self.delimiter.is_some()),
            ("quote", self.quote.is_some()),
            ("escape", self.escape.is_some()),
            ("comment", self.comment.is_some()),
            ("columns", self.columns.is_some()),
            ("header", self.header.is_some()),
        ];
        let unmeant = set.iter().filter(|(key, is_set)| *is_set && keys.contains(key));
        let problem = format!("has no meaning with the format `{format}`");
        unmeant.map(|(key, _)| Problem::new(*key, problem.clone())).collect()
    }

    /// The problem of a comma that would separate fields and decimals, if no quotes can tell one from the other.
    pub(crate) fn decimal_problem(&self) -> Option<Problem> {
        let is_comma = self.delimiter.as_deref() == Some(",");
        let separates = is_comma && self.quote == Some(Quote::Off);
        (separates && self.decimal == Some(DecimalMark::Comma)).then(|| {
            let message =
                "must differ from `data.delimiter` if `data.quote` is false, but both are ','";
            Problem::new("data.decimal", message)
        })
    }
}

/// The first name that occurs earlier in the list.
pub(crate) fn first_repeated(names: &[String]) -> Option<&str> {
    let mut seen = BTreeSet::new();
    names.iter().map(String::as_str).find(|name| !seen.insert(*name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads TOML, and returns the problems or the message of the parser.
    fn problems(text: &str) -> Vec<String> {
        match toml::from_str::<DataConfig>(text) {
            Ok(config) => config.problems().iter().map(Problem::to_string).collect(),
            Err(error) => vec![error.message().to_owned()],
        }
    }

    #[test]
    fn defaults_are_the_documented_ones() {
        let config: DataConfig = toml::from_str("").unwrap();
        assert_eq!(config, DataConfig::default());
        assert_eq!((config.trim, config.bad_rows), (true, BadRows::Error));
        assert_eq!(config.missing, [""]);
    }

    const QUOTE_EXPECTED: &str =
        "invalid value: string \"ab\", expected true, false, or one character";

    #[test]
    fn each_problem_names_its_key_and_value() {
        let cases: &[(&str, &[&str])] = &[
            ("label = 'click'\nweight = 'w'", &[]),
            (
                "delimiter = ';'\nquote = ';'",
                &["`data.quote`: must differ from `data.delimiter`, but both are ';'"],
            ),
            (
                "comment = \"\\n\"",
                &[
                    "`data.comment`: must be one ASCII character other than a line end, but is '\\n'",
                ],
            ),
            ("escape = 'ab'", &["invalid value: string \"ab\", expected a character"]),
            ("quote = 'ab'", &[QUOTE_EXPECTED]),
            (
                "label = 3",
                &[
                    "invalid type: integer `3`, expected the name of a column, or { column = \"…\", \
                 positive = [\"…\"], negative = [\"…\"] }",
                ],
            ),
            ("label = { positive = ['a'] }", &["missing field `column`"]),
            (
                "label = { column = 'y', positive = ['a', 'b'], negative = ['b'] }",
                &["`data.label`: a value must be positive or negative, but `b` is both"],
            ),
            (
                "label = { column = 'y', positive = [], negative = [] }",
                &[
                    "`data.label.positive`: must name at least one value, but is empty",
                    "`data.label.negative`: must name at least one value, but is empty",
                ],
            ),
            ("label = 'y'\nweight = 'y'", &["`data.weight`: must not be the label's column `y`"]),
            ("columns = []", &["`data.columns`: must name at least one column, but is empty"]),
            (
                "columns = ['a', 'click', 'a']\nlabel = 'clik'",
                &[
                    "`data.columns`: must name each column once, but has `a` twice",
                    "`data.label`: `data.columns` has no column `clik`, the nearest is `click`",
                ],
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(problems(text), *expected, "{text}");
        }
    }

    #[test]
    fn a_comma_before_decimals_needs_another_delimiter_or_quotes() {
        let cases: &[(&str, &[&str])] = &[
            ("delimiter = ','\ndecimal = ','", &[]),
            ("delimiter = ';'\nquote = false\ndecimal = ','", &[]),
            (
                "delimiter = ','\nquote = false\ndecimal = ','",
                &[
                    "`data.decimal`: must differ from `data.delimiter` if `data.quote` is false, but both are ','",
                ],
            ),
            ("decimal = ';'", &["unknown variant `;`, expected `.` or `,`"]),
        ];
        for (text, expected) in cases {
            assert_eq!(problems(text), *expected, "{text}");
        }
    }

    #[test]
    fn characters_are_few_and_differ() {
        let cases: &[(&str, &[&str])] = &[
            ("delimiter = '→'\nescape = '\\'", &[]),
            (
                "delimiter = ''",
                &["`data.delimiter`: must be 1 to 8 bytes without a line end, but is \"\""],
            ),
            (
                "delimiter = '123456789'",
                &[
                    "`data.delimiter`: must be 1 to 8 bytes without a line end, but is \"123456789\"",
                ],
            ),
            (
                "delimiter = \"a\\n\"\nquote = 'é'",
                &[
                    "`data.delimiter`: must be 1 to 8 bytes without a line end, but is \"a\\n\"",
                    "`data.quote`: must be one ASCII character other than a line end, but is 'é'",
                ],
            ),
            (
                "delimiter = '||'\nquote = '\"'\nescape = '\"'\ncomment = '|'",
                &[
                    "`data.escape`: must differ from `data.quote`, but both are '\"'; a doubled quote \
                     within quotes needs no `data.escape`",
                    "`data.comment`: must not be in `data.delimiter`, but \"||\" has '|' in it",
                ],
            ),
            ("header = false", &["`data.header`: must not be false without `data.columns`"]),
        ];
        for (text, expected) in cases {
            assert_eq!(problems(text), *expected, "{text}");
        }
    }

    #[test]
    fn the_columns_of_criteo_are_known() {
        let cases: &[(&str, &[&str])] = &[
            ("format = 'criteo'\nweight = 'C26'", &[]),
            (
                "format = 'criteo'\ncolumns = ['a']",
                &["`data.columns`: has no meaning with the format `criteo`, whose columns are \
                   `label`, `I1` to `I13` and `C1` to `C26`"],
            ),
            (
                "format = 'criteo'\nlabel = 'Label'\nweight = 'C27'",
                &[
                    "`data.label`: the format `criteo` has no column `Label`, the nearest is `label`",
                    "`data.weight`: the format `criteo` has no column `C27`, the nearest is `C2`",
                ],
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(problems(text), *expected, "{text}");
        }
    }

    #[test]
    fn a_written_configuration_reads_back_equal() {
        let texts = [
            "",
            "label = 'click'",
            "label = { column = 'y', positive = ['yes'], negative = ['no', 'never'] }",
            "quote = false\ncomment = '|'\ndelimiter = \"\\t\"\nformat = 'tsv'",
            "format = 'criteo'",
            "quote = true\ntrim = false\nbad_rows = 'skip'\nmissing = ['', '?']",
            "decimal = ','\ndelimiter = ';'",
            "quote = \"'\"\ncolumns = ['a', 'b']\nweight = 'a'\nheader = true",
            "delimiter = '::'\nescape = '\\'",
            "delimiter = \"\\u0001\"",
        ];
        for text in texts {
            let config: DataConfig = toml::from_str(text).unwrap();
            let written = toml::to_string(&config).unwrap();
            assert_eq!(toml::from_str::<DataConfig>(&written).unwrap(), config, "{written}");
        }
    }
}
