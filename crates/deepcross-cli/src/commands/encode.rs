//! `deepcross encode`

use super::skipped_lines;
use crate::args::Encode;
use crate::inputs::{self, check_standard_input, keep_pipes_beside};
use crate::output::{check_apart, check_writable, read_text, resolved, say};
use crate::tables::{grouped, percent};
use anyhow::Result;
use deepcross_model::TrainedModel;
use deepcross_train::{Event, Files, RunConfig, encode, load_model};

pub(crate) fn run(args: &Encode) -> Result<()> {
    let files = Files { train: inputs::files(&args.data)?, valid: inputs::files(&args.valid)? };
    check_standard_input(files.train.iter().chain(&files.valid))?;
    let inputs = files.train.iter().chain(&files.valid).chain(&args.config).chain(&args.model);
    check_apart(&args.out, inputs)?;
    let model = args.model.as_deref().map(load_model).transpose()?;
    let config = config(args, model.as_ref())?;
    keep_pipes_beside(&resolved(&args.out));
    check_writable(&args.out)?;
    let from = (model.as_ref(), args.threads.get());
    let encoded = encode(&config, &files, from, &resolved(&args.out), &mut |event| {
        if let Event::Fitted { rows, positives, skipped } = event {
            let clicks = percent(positives, rows);
            say(format_args!("{} training rows, {clicks} positive", grouped(rows)));
            skipped_lines(skipped).iter().for_each(say);
        }
    })?;
    let (valid, bytes) = (grouped(encoded.valid_rows), grouped(encoded.bytes));
    say(format_args!("wrote {}: {valid} validation rows, {bytes} bytes", args.out.display()));
    Ok(())
}

/// The configuration that the call names, or that of the model.
fn config(args: &Encode, model: Option<&TrainedModel>) -> Result<RunConfig> {
    let mut overrides = args.overrides.clone();
    overrides.extend(args.seed.map(|seed| format!("train.seed={seed}")));
    let (text, name) = match (&args.config, model) {
        (Some(file), _) => (read_text(file)?, file.display().to_string()),
        (None, Some(model)) => (model.config.clone(), "the configuration of the model".to_owned()),
        (None, None) => (String::new(), "the configuration".to_owned()),
    };
    Ok(RunConfig::parse(&text, &overrides, &name)?)
}
