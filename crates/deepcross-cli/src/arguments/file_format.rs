//! `--format`: the format of files whose names do not show it.

use clap::{Args, ValueEnum};
use deepcross_data::{DataConfig, Format};

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// Fields separated by commas
    Csv,
    /// Fields separated by tabs
    Tsv,
    /// The layout of Criteo's click logs
    Criteo,
    /// A label and pairs `index:value`
    Libsvm,
    /// A label and triples `field:feature:value`
    Libffm,
    /// Columns of typed values
    Parquet,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Csv => Self::Csv,
            FileFormat::Tsv => Self::Tsv,
            FileFormat::Criteo => Self::Criteo,
            FileFormat::Libsvm => Self::Libsvm,
            FileFormat::Libffm => Self::Libffm,
            FileFormat::Parquet => Self::Parquet,
        }
    }
}

/// The format of files that a model reads.
#[derive(Debug, Args)]
pub(crate) struct FormatOverride {
    /// The format of the files; without it, the training data or the names of the files give the format
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<FileFormat>,
}

impl FormatOverride {
    /// Sets the format if the call names one; the label of training does not change.
    pub(crate) fn apply(&self, data: &mut DataConfig) {
        let Some(format) = self.format else { return };
        data.label = data.label();
        data.format = Some(format.into());
    }
}
