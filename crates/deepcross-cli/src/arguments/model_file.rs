//! `--model`: a trained model.

use clap::Args;
use std::path::PathBuf;

/// The artifact of a trained model.
///
/// A command replaces the help text to say what it does with the model.
#[derive(Debug, Args)]
pub(crate) struct ModelFile {
    /// The artifact
    #[arg(id = "model", long = "model", value_name = "FILE")]
    pub(crate) path: PathBuf,
}
