//! `--format`, `--columns` and `--delimiter`: the form of files whose names and headers do not show it.

use super::characters::unescaped;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use deepcross_data::{DataConfig, Format};

/// The parser of a format's name, which help texts list with what it means.
pub(crate) fn format_parser() -> impl TypedValueParser<Value = Format> {
    let names =
        Format::all().map(|format| PossibleValue::new(format.name()).help(format.summary()));
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

/// The form of files that a model reads, if it is not that of the training data.
#[derive(Debug, Args)]
pub(crate) struct FormatOverride {
    /// The format of the files; without it, the name of each file gives it, or else the training data
    #[arg(long, value_parser = format_parser(), value_name = "FORMAT")]
    format: Option<Format>,
    /// The names of the columns, separated by commas, for files without a header
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Vec<String>,
    /// The text between two fields, such as ';' or '\t'; without it, that of the training data or of the format
    #[arg(long, value_name = "TEXT", value_parser = unescaped)]
    delimiter: Option<String>,
}

impl FormatOverride {
    /// Sets what the call names; the label of training does not change.
    pub(crate) fn apply(&self, data: &mut DataConfig) {
        match self.format {
            Some(format) => {
                data.label = data.label();
                data.set_format(format);
            }
            None => data.follows_names = true,
        }
        if !self.columns.is_empty() {
            (data.columns, data.header) = (Some(self.columns.clone()), None);
        }
        if self.delimiter.is_some() {
            data.delimiter.clone_from(&self.delimiter);
        }
    }

    /// The same for a command that does not need the label and the weight: the files lack them if `--columns` does.
    pub(crate) fn apply_without_targets(&self, data: &mut DataConfig) {
        self.apply(data);
        if self.columns.is_empty() {
            return;
        }
        data.label = data.label().filter(|label| self.columns.contains(&label.column));
        data.weight = data.weight.take().filter(|weight| self.columns.contains(weight));
    }
}
