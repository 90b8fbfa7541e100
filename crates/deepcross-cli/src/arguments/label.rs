//! `--label`, `--columns` and the like: how files are read if no configuration says so.

use super::{Characters, format_parser};
use clap::Args;
use deepcross_data::Format;

/// The column of the label, and its classes.
#[derive(Clone, Debug, Args)]
pub(crate) struct LabelColumn {
    /// The column of the label; not needed for Criteo's logs
    #[arg(long, value_name = "NAME")]
    pub(crate) label: Option<String>,
    /// The values of the label that mean 1; not needed if the label is 1 and 0
    #[arg(long, value_name = "VALUE", num_args = 1.., allow_negative_numbers = true)]
    pub(crate) positive: Vec<String>,
    /// The values of the label that mean 0 [default: all that are not positive]
    #[arg(long, value_name = "VALUE", num_args = 1.., allow_negative_numbers = true, requires = "positive")]
    pub(crate) negative: Vec<String>,
}

/// How files without a configuration are read.
#[derive(Clone, Debug, Args)]
pub(crate) struct Layout {
    /// The names of the columns, separated by commas, for files without a header
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// The first row is a header, whose names --columns replaces
    #[arg(long, requires = "columns")]
    pub(crate) header: bool,
    /// The format of the files, instead of the one that is recognized
    #[arg(long, value_parser = format_parser(), value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    #[command(flatten)]
    pub(crate) characters: Characters,
    /// The values that mean "missing", beside the empty one, instead of the usual ones
    #[arg(long, value_name = "VALUE", num_args = 1.., allow_negative_numbers = true)]
    pub(crate) missing: Vec<String>,
}
