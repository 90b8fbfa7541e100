//! `--format`: the format of files whose names do not show it.

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use deepcross_data::{DataConfig, Format};

/// The parser of a format's name, which help texts list with what it means.
pub(crate) fn format_parser() -> impl TypedValueParser<Value = Format> {
    let names =
        Format::all().map(|format| PossibleValue::new(format.name()).help(format.summary()));
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

/// The format of files that a model reads.
#[derive(Debug, Args)]
pub(crate) struct FormatOverride {
    /// The format of the files; without it, the training data or the names of the files give the format
    #[arg(long, value_parser = format_parser(), value_name = "FORMAT")]
    format: Option<Format>,
}

impl FormatOverride {
    /// Sets the format if the call names one; the label of training does not change.
    pub(crate) fn apply(&self, data: &mut DataConfig) {
        let Some(format) = self.format else { return };
        data.label = data.label();
        data.format = Some(format);
    }
}
