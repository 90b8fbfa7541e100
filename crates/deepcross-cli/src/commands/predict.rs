//! `deepcross predict`: writes the probability of a click for each row.

use crate::arguments::{
    DataFiles, FormatOverride, ModelFile, Threads, files_help, format_parser, help_texts,
};
use crate::call_error::CallError;
use crate::inputs::pipes_beside;
use crate::output::{check_apart, say_written};
use crate::output_names::rows_form;
use crate::steps::{predict_to, say_unusual_values, warn_of_rows};
use crate::text::tables::counted;
use crate::warnings::Warnings;
use anyhow::Result;
use clap::Args;
use deepcross_data::input::Pipes;
use deepcross_data::write::ColumnType;
use deepcross_data::{Format, Labels, RowReader, Source};
use deepcross_train::{PredictionPlan, TrainedRun};
use std::path::{Path, PathBuf};

const PREDICT_HELP: &str = concat!(
    "Examples:
  deepcross predict --model model.dcx --data new.csv --out predictions.csv
  deepcross predict --model model.dcx --data new.csv --with user query \\
      --with-logit --out predictions.parquet

There is one row for each row of the files, in their order. If the model skips rows that cannot be \
read (`bad_rows = \"skip\"`), their probability is missing. The end of the name of --out gives the \
format: .csv, .tsv, .jsonl or .ndjson, each optionally followed by .gz or .zst, or .parquet.

",
    files_help!()
);

#[derive(Debug, Args)]
#[command(
    after_help = PREDICT_HELP,
    mut_args(help_texts(&[
        ("data", "Rows, with or without labels; several files are read in order"),
    ])),
)]
pub(crate) struct PredictArgs {
    #[command(flatten)]
    pub(crate) model: ModelFile,
    #[command(flatten)]
    pub(crate) data: DataFiles,
    #[command(flatten)]
    pub(crate) format: FormatOverride,
    /// The file to write; without it, or with `-`, predictions go to standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The format to write, instead of the one that the name of the output shows
    #[arg(long, value_parser = format_parser(), value_name = "FORMAT")]
    pub(crate) to: Option<Format>,
    /// Columns of the files to write before the probability, such as an id
    #[arg(long, value_name = "COLUMN", num_args = 1..)]
    pub(crate) with: Vec<String>,
    /// Also write the number of the row, from 0, as the column `row`
    #[arg(long)]
    pub(crate) with_row: bool,
    /// Also write the logit, before any calibration, as the column `logit`; it has an order where
    /// probabilities are rounded to 0 or 1
    #[arg(long)]
    pub(crate) with_logit: bool,
    #[command(flatten)]
    pub(crate) threads: Threads,
    #[command(flatten)]
    pub(crate) warnings: Warnings,
}

pub(crate) fn run(args: &PredictArgs) -> Result<()> {
    let data = args.data.files()?;
    let out = args.out.as_deref().unwrap_or(Path::new("-"));
    check_apart(out, data.iter().chain([&args.model.path]))?;
    let mut plan = plan(args, out)?;
    let mut run = TrainedRun::load(&args.model.path)?;
    args.format.apply_without_targets(&mut run.config.data);
    // Rows are read twice if the types of their columns are to be found.
    let pipes = if needs_types(&plan) { pipes_beside(out) } else { Pipes::default() };
    let source = Source::open(data.input(&pipes), &run.config.data)?;
    args.with.iter().try_for_each(|name| source.column(name, "`--with`").map(drop))?;
    let mut reader = keeping(run.reader_of(&source, Labels::Ignored)?, &mut plan)?;
    let predictor = run.trained.predictor();
    let written = predict_to(out, predictor, &mut reader, &plan, args.threads.get())?;
    // Bad rows have a prediction too, which is missing.
    let n_good = written.rows.saturating_sub(reader.skipped().rows);
    warn_of_rows(args.warnings, &run.trained, &reader, n_good)?;
    written.out.finish()?;
    let rows = counted(written.rows, "prediction");
    say_written(out, format_args!("wrote {rows} to {}", out.display()));
    say_unusual_values(&reader);
    Ok(())
}

/// The columns that the flags ask for, and the form of the output.
fn plan(args: &PredictArgs, out: &Path) -> Result<PredictionPlan> {
    let with = args.with.iter().map(|name| (name.clone(), ColumnType::Text)).collect();
    let form = rows_form(out, args.to, Format::CSV, &[PredictionPlan::PROBABILITY])?;
    let plan = PredictionPlan { form, with, row: args.with_row, logit: args.with_logit };
    let (columns, _) = plan.columns();
    let twice = args.with.iter().find(|name| columns.iter().filter(|one| one == name).count() > 1);
    match twice {
        None => Ok(plan),
        Some(name) => Err(CallError::with_message(format!(
            "`--with {name}`: the output would have two columns `{name}`"
        ))),
    }
}

/// Whether the types of columns of the files must be known before rows are written.
fn needs_types(plan: &PredictionPlan) -> bool {
    plan.form.format.writes_types() && !plan.with.is_empty()
}

/// The reader that keeps the columns of the plan, whose types are found if they are needed.
fn keeping<'e>(reader: RowReader<'e>, plan: &mut PredictionPlan) -> Result<RowReader<'e>> {
    let names: Vec<_> = plan.with.iter().map(|(name, _)| name.clone()).collect();
    let reader = reader.keeping_values(&names)?;
    if needs_types(plan) {
        plan.with = names.into_iter().zip(reader.kept_types()?).collect();
    }
    Ok(reader)
}
