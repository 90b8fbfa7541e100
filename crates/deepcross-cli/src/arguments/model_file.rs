//! `--model`: a trained model, or several that predict together.

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

/// The artifacts of trained models that predict together.
///
/// A command replaces the help text to say what it does with the models.
#[derive(Debug, Args)]
pub(crate) struct ModelFiles {
    /// The artifacts
    #[arg(id = "model", long = "model", value_name = "FILE", num_args = 1.., required = true)]
    pub(crate) paths: Vec<PathBuf>,
}
