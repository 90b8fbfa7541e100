//! `deepcross predict`: writes the probability of a click for each row.

use crate::arguments::{
    DataFiles, FormatOverride, ModelFiles, Threads, files_help, format_parser, help_texts,
};
use crate::call_error::CallError;
use crate::inputs::pipes_beside;
use crate::output::{check_apart, say_written};
use crate::output_names::rows_form;
use crate::steps::{predict_to, say_unusual_values_of, warn_of_rows_of};
use crate::text::tables::counted;
use crate::warnings::Warnings;
use anyhow::Result;
use clap::Args;
use deepcross_data::input::Pipes;
use deepcross_data::write::ColumnType;
use deepcross_data::{Format, RowReader, Source};
use deepcross_train::{Ensemble, Member, PredictionPlan, TrainedRun};
use std::path::{Path, PathBuf};

const PREDICT_HELP: &str = concat!(
    "Examples:
  deepcross predict --model model.dcx --data new.csv --out predictions.csv
  deepcross predict --model model.dcx --data new.csv --with user query \\
      --with-logit --out predictions.parquet
  deepcross predict --model a.dcx b.dcx --data new.csv --with-spread --out predictions.csv

The probability of several models is the mean of theirs. They may have other fields, but must read \
the files in the same way.

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
        ("model", "The model; of several models, the probability is the mean of theirs"),
        ("data", "Rows, with or without labels; several files are read in order"),
    ])),
)]
pub(crate) struct PredictArgs {
    #[command(flatten)]
    pub(crate) models: ModelFiles,
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
    /// probabilities are rounded to 0 or 1. Of several models, it is that of the mean probability
    #[arg(long)]
    pub(crate) with_logit: bool,
    /// Also write the standard deviation of the models' probabilities as the column `spread`; of one
    /// model with several members (`train.members`), that of the members' probabilities
    #[arg(long)]
    pub(crate) with_spread: bool,
    #[command(flatten)]
    pub(crate) threads: Threads,
    #[command(flatten)]
    pub(crate) warnings: Warnings,
}

pub(crate) fn run(args: &PredictArgs) -> Result<()> {
    let data = args.data.files()?;
    let out = args.out.as_deref().unwrap_or(Path::new("-"));
    check_apart(out, data.iter().chain(&args.models.paths))?;
    let mut plan = plan(args, out)?;
    let ensemble = ensemble(args)?;
    check_spread(args, &ensemble)?;
    // Rows are read twice if the types of their columns are to be found.
    let pipes = if needs_types(&plan) { pipes_beside(out) } else { Pipes::default() };
    let source = Source::open(data.input(&pipes), ensemble.data())?;
    args.with.iter().try_for_each(|name| source.column(name, "`--with`").map(drop))?;
    let mut reader = keeping(ensemble.reader_of(&source)?, &mut plan)?;
    let predictors = ensemble.predictors();
    let written = predict_to(out, predictors, &mut reader, &plan, args.threads.get())?;
    // Bad rows have a prediction too, which is missing.
    let n_good = written.rows.saturating_sub(reader.skipped().rows);
    warn_of_rows_of(args.warnings, &ensemble, &reader, n_good)?;
    written.out.finish()?;
    let rows = counted(written.rows, "prediction");
    say_written(out, format_args!("wrote {rows} to {}", out.display()));
    say_unusual_values_of(&ensemble, &reader);
    Ok(())
}

/// The models, which read rows as the call says.
fn ensemble(args: &PredictArgs) -> Result<Ensemble> {
    let member = |path: &PathBuf| {
        let run = TrainedRun::load(path)?;
        Ok(Member { name: path.display().to_string(), run })
    };
    let members = args.models.paths.iter().map(member).collect::<Result<_>>()?;
    Ok(Ensemble::new(members, |data| args.format.apply_without_targets(data))?)
}

/// Refuses a spread over a single network.
fn check_spread(args: &PredictArgs, ensemble: &Ensemble) -> Result<()> {
    let networks = ensemble.members().iter().map(|member| member.run.trained.members().len());
    if !args.with_spread || networks.sum::<usize>() > 1 {
        return Ok(());
    }
    let message = "`--with-spread` needs several models, or one with several members (`train.members`), but `--model` \
                   names one with one member";
    Err(CallError::with_message(message.to_owned()))
}

/// The columns that the flags ask for, and the form of the output.
fn plan(args: &PredictArgs, out: &Path) -> Result<PredictionPlan> {
    let with = args.with.iter().map(|name| (name.clone(), ColumnType::Text)).collect();
    let form = rows_form(out, args.to, Format::CSV, &[PredictionPlan::PROBABILITY])?;
    let (row, logit, spread) = (args.with_row, args.with_logit, args.with_spread);
    let plan = PredictionPlan { form, with, row, logit, spread };
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
