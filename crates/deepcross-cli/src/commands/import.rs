//! `deepcross import`: puts weights of another program into a model.

use crate::arguments::{ModelFile, help_texts};
use crate::output::{check_apart, check_writable, resolved, say, say_written};
use crate::output_names::Content;
use crate::text::tables::counted;
use anyhow::{Context, Result};
use clap::Args;
use deepcross_model::interchange::read_safetensors;
use deepcross_train::TrainedRun;
use std::path::PathBuf;

const IMPORT_HELP: &str = "\
Example:
  deepcross import --model base.dcx --weights weights.safetensors \\
      --out model.dcx

Encoder, configuration and layers are taken from --model, for instance from a run of one epoch; all \
weights are replaced. The file must have exactly the tensors of the model, by name, with their \
shapes, as F32: `deepcross export --format safetensors` writes such a file, and so can PyTorch.";

#[derive(Debug, Args)]
#[command(
    after_help = IMPORT_HELP,
    mut_args(help_texts(&[
        ("model", "The artifact to take the encoder and the layers from"),
    ])),
)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) model: ModelFile,
    /// The weights, as safetensors
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: PathBuf,
    /// The artifact to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

pub(crate) fn run(args: &ImportArgs) -> Result<()> {
    check_apart(&args.out, [&args.model.path, &args.weights])?;
    Content::Model.check_name(&args.out)?;
    check_writable(&args.out)?;
    let base = TrainedRun::load(&args.model.path)?.trained;
    let weights = read_safetensors(&args.weights, &base.members())?;
    let n_weights = counted(base.n_parameters() as u64, "weight");
    let had_calibrator = base.calibrator.is_some();
    let trained =
        base.with_weights(weights).with_context(|| format!("`{}`", args.weights.display()))?;
    if had_calibrator {
        say(format_args!(
            "the calibrator of {} is dropped: it was fitted to other weights",
            args.model.path.display()
        ));
    }
    trained.save(&resolved(&args.out))?;
    say_written(&args.out, format_args!("wrote {}: {n_weights}", args.out.display()));
    Ok(())
}
