//! `deepcross import`

use super::load;
use crate::args::Import;
use crate::output::{check_apart, check_writable, resolved, say};
use crate::tables::counted;
use anyhow::{Context, Result};
use deepcross_model::interchange::read_safetensors;

pub(crate) fn run(args: &Import) -> Result<()> {
    check_apart(&args.out, [&args.model, &args.weights])?;
    check_writable(&args.out)?;
    let (base, _) = load(&args.model)?;
    let weights = read_safetensors(&args.weights, &base.params)?;
    let n_weights = counted(weights.n_parameters() as u64, "weight");
    let had_calibrator = base.calibrator.is_some();
    let trained =
        base.with_weights(weights).with_context(|| format!("`{}`", args.weights.display()))?;
    if had_calibrator {
        say(format_args!(
            "the calibrator of {} is left behind: it was fitted to other weights",
            args.model.display()
        ));
    }
    trained.save(&resolved(&args.out))?;
    say(format_args!("wrote {}: {n_weights}", args.out.display()));
    Ok(())
}
