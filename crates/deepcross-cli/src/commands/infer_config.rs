//! `deepcross infer-config`: writes a first configuration for files.

use crate::arguments::{
    ConfigFile, DataFiles, LabelColumn, Layout, ShownExamples, files_help, help_texts,
};
use crate::call_error::CallError;
use crate::output::{self, check_apart, check_writable, is_standard_output, is_stream, say};
use crate::output_names::Content;
use crate::steps::{absent_labels, profiled, settings, warn_of_skipped};
use crate::text::tables::shown;
use crate::warnings::Warnings;
use anyhow::{Context, Result};
use clap::Args;
use deepcross_data::Input;
use deepcross_profile::{ColumnProfile, Examples, FileProfile, InferredColumn, LeftOutReason};
use deepcross_train::RunConfig;
use std::io::Write;
use std::path::{Path, PathBuf};

const INFER_HELP: &str = concat!(
    "Examples:
  deepcross infer-config --data clicks.csv --label click --out run.toml
  deepcross infer-config --data people.data --columns age,job,income \\
      --label income --positive '>50K' --out run.toml

All rows are read once, in bounded memory. The configuration trains a model without changes: it has a \
field for each column, of a kind that suits the values, and sizes of model and training that suit \
the number of rows. It is a first version, to be read and changed.
Beside each field a comment says why it is of its kind, with a value as an example.
Columns that cannot help are left out, each with its reason in a comment and in a line: the column \
is empty or constant, it numbers the rows or groups them, or it predicts the label by itself.

",
    files_help!()
);

#[derive(Debug, Args)]
#[command(
    after_help = INFER_HELP,
    mut_args(help_texts(&[
        ("data", "Rows to train on; several files are read in order"),
    ])),
)]
pub(crate) struct InferConfigArgs {
    #[command(flatten)]
    pub(crate) data: DataFiles,
    #[command(flatten)]
    pub(crate) label: LabelColumn,
    #[command(flatten)]
    pub(crate) layout: Layout,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
    #[command(flatten)]
    pub(crate) examples: ShownExamples,
    /// The file to write; without it, or with `-`, the configuration goes to standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the file if there is one
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) warnings: Warnings,
}

pub(crate) fn run(args: &InferConfigArgs) -> Result<()> {
    let found = args.data.files()?;
    if let Some(out) = &args.out {
        check_out(out, found.iter(), args.force)?;
    }
    let files = Input::from(&found);
    let config = settings(&files, &args.config, &args.layout, &args.label)?;
    if args.label.label.is_none() && config.label().is_none() {
        return call_error("--label: name the column of the label");
    }
    let guess_missing = args.config.path.is_none() && args.layout.missing.is_empty();
    let profiled = profiled(&files, &config, (&args.label, &args.layout), guess_missing)?;
    if profiled.fields.fields().next().is_none() {
        return call_error(&nothing_left(&profiled, args.examples.get()));
    }
    let examples = args.examples.get();
    let text = profiled.to_toml(&named(&args.data.named), examples)?;
    RunConfig::parse(&text, &[], "the inferred configuration").context("please report this")?;
    warn_of_skipped(args.warnings, &profiled.profile.skipped, profiled.profile.rows.rows)?;
    say_what_is_left_out(&profiled, examples, args.warnings)?;
    match &args.out {
        Some(out) if !is_standard_output(out) => write(out, &text, &profiled),
        _ => output::print(text.trim_end()),
    }
}

/// The most columns that an error names.
const MOST_NAMED: usize = 20;

/// The error of files all of whose columns are left out, with the reason of each.
fn nothing_left(profiled: &FileProfile, examples: Examples) -> String {
    let mut message = "no column is left to predict the label from".to_owned();
    let columns = profiled.profile.columns.iter().zip(&profiled.fields.columns);
    let left_out: Vec<_> = columns
        .filter(|(_, inferred)| inferred.left_out != Some(LeftOutReason::Label))
        .map(|(column, inferred)| {
            format!("{} is left out: {}", quoted_name(column), inferred.explain(column, examples))
        })
        .collect();
    for line in left_out.iter().take(MOST_NAMED) {
        message = format!("{message}\n{line}");
    }
    match left_out.len().saturating_sub(MOST_NAMED) {
        0 => message,
        n => format!("{message}\nand {n} more"),
    }
}

fn call_error(message: &str) -> Result<()> {
    Err(CallError::with_message(message.to_owned()))
}

/// Refuses an output that already exists or that could not be written.
fn check_out<'p>(
    out: &Path,
    inputs: impl IntoIterator<Item = &'p PathBuf>,
    force: bool,
) -> Result<()> {
    check_apart(out, inputs)?;
    Content::Configuration.check_name(out)?;
    if !is_stream(out) && out.exists() && !force {
        let out = out.display();
        return call_error(&format!("{out}: already exists; --force replaces it"));
    }
    check_writable(out)
}

/// The files as the configuration names them.
fn named(files: &[PathBuf]) -> String {
    let name = |path: &PathBuf| match path == Path::new("-") {
        true => "the standard input".to_owned(),
        false => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    };
    match files {
        [file] => name(file),
        files => format!("{} and others", files.first().map(name).unwrap_or_default()),
    }
}

/// Says which columns are left out and which values are not read, and warns of what may cost a good model.
fn say_what_is_left_out(
    profiled: &FileProfile,
    examples: Examples,
    warnings: Warnings,
) -> Result<()> {
    let columns = profiled.profile.columns.iter().zip(&profiled.fields.columns);
    for (column, inferred) in columns {
        for note in column_notes(column, inferred, examples) {
            match note {
                Note::Line(line) => say(line),
                Note::Warning(warning) => warnings.warn(warning)?,
            }
        }
    }
    absent_labels(profiled).map_or(Ok(()), |absent| warnings.warn(absent))?;
    let rows = profiled.profile.rows;
    if rows.labelled() < rows.rows {
        let n = rows.rows - rows.labelled();
        warnings.warn(format_args!("{n} rows have no label; `bad_rows` leaves them out"))?;
    }
    Ok(())
}

/// What is said of a column.
enum Note {
    Line(String),
    Warning(String),
}

/// Why a column is left out, or why it may not be what it seems, and which of its values count as missing.
fn column_notes(
    column: &ColumnProfile,
    inferred: &InferredColumn,
    examples: Examples,
) -> Vec<Note> {
    let name = quoted_name(column);
    let why = inferred.explain(column, examples);
    let first = match &inferred.left_out {
        Some(LeftOutReason::Label) => None,
        Some(reason) if costs_signal(reason, column) => {
            Some(Note::Warning(format!("{name} is left out: {why}")))
        }
        Some(_) => Some(Note::Line(format!("{name} is left out: {why}"))),
        None if inferred.reason.is_worth_a_note() => {
            Some(Note::Line(format!("{name} is read as {why}")))
        }
        None => None,
    };
    let missing = inferred.explain_missing(column, examples);
    let missing = missing.map(|missing| Note::Line(format!("{name}: {missing}")));
    first.into_iter().chain(missing).collect()
}

fn quoted_name(column: &ColumnProfile) -> String {
    match column.name() {
        "" => "a column without a name".to_owned(),
        name => format!("`{}`", shown(name)),
    }
}

/// Whether a column that is left out may have helped.
fn costs_signal(reason: &LeftOutReason, column: &ColumnProfile) -> bool {
    match reason {
        LeftOutReason::Leak(_) | LeftOutReason::NotText(_) => true,
        // Rows of a query share their label often; only the order of numbers tells of rows of new queries.
        LeftOutReason::Queries(_) => {
            column.has_integers() && column.has_signal() && !column.is_order_useless()
        }
        _ => column.has_signal(),
    }
}

fn write(out: &Path, text: &str, profiled: &FileProfile) -> Result<()> {
    let mut file = output::create(out)?;
    file.write_all(text.as_bytes())?;
    file.finish()?;
    let fields = profiled.fields.fields().count();
    say(format_args!("wrote {}, {fields} fields", out.display()));
    Ok(())
}
