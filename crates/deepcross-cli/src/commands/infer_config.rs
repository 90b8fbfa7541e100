//! `deepcross infer-config`: writes a first configuration for files.

use crate::arguments::{
    ConfigFile, LabelColumn, Layout, ShownExamples, Threads, TrainingFiles, files_help, help_texts,
};
use crate::call_error::CallError;
use crate::inputs::{DataPaths, check_standard_input, pipes_beside};
use crate::output::{self, check_apart, check_writable, is_standard_output, is_stream, say};
use crate::output_names::Content;
use crate::steps::{absent_labels, on_threads, profiled, settings, warn_of_skipped};
use crate::text::tables::shown;
use crate::warnings::Warnings;
use anyhow::{Context, Result};
use clap::Args;
use deepcross_data::{DataConfig, Input, Source};
use deepcross_profile::{
    ColumnProfile, Examples, FileProfile, InferredColumn, LeftOutReason, OtherFiles, OtherRole,
    OtherRows,
};
use deepcross_train::{Files, RunConfig};
use std::io::Write;
use std::path::{Path, PathBuf};

const INFER_HELP: &str = concat!(
    "Examples:
  deepcross infer-config --data clicks.csv --label click --out run.toml
  deepcross infer-config --data people.data --columns age,job,income \\
      --label income --positive '>50K' --out run.toml
  deepcross infer-config --data january.csv --valid february.csv --test march.csv \\
      --label click --out run.toml

All rows are read twice, or three times with --valid or --test, in bounded memory. The configuration trains a model without changes: it has a \
field for each column, of a kind that suits the values, and sizes of model and training that suit \
the number of rows. It is a first version, to be read and changed.
Beside each field a comment says why it is of its kind, with a value as an example.
Columns that cannot help are left out, each with its reason in a comment and in a line: the column \
is empty or constant, it numbers the rows or groups them, or it predicts the label by itself.
The files of --valid and --test choose nothing. They are read once, to say which fields have values \
there that no training row has.

",
    files_help!()
);

#[derive(Debug, Args)]
#[command(
    after_help = INFER_HELP,
    mut_args(help_texts(&[
        ("data", "Rows to train on; several files are read in order"),
        ("valid", "Validation data: the command says which of its values no training row has, and chooses nothing by it"),
    ])),
)]
pub(crate) struct InferConfigArgs {
    #[command(flatten)]
    pub(crate) files: TrainingFiles,
    /// Test data: the command says the same about it; it may lack the label
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) test: Vec<PathBuf>,
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
    pub(crate) threads: Threads,
    #[command(flatten)]
    pub(crate) warnings: Warnings,
}

pub(crate) fn run(args: &InferConfigArgs) -> Result<()> {
    let (paths, test) = (args.files.paths()?, DataPaths::find(&args.test)?);
    let all = || paths.iter().chain(test.iter());
    check_standard_input(all())?;
    if let Some(out) = &args.out {
        check_out(out, all(), args.force)?;
    }
    // The rows are read more than once.
    let pipes = pipes_beside(args.out.as_deref().unwrap_or(Path::new("-")));
    let Files { train: files, valid } = paths.files(&pipes);
    let others =
        other_files([(OtherRole::Validation, valid), (OtherRole::Test, test.input(&pipes))]);
    let config = settings(&files, &args.config, &args.layout, &args.label)?;
    if args.label.label.is_none() && config.label().is_none() {
        return call_error("--label: name the column of the label");
    }
    check_readable(&others, &config)?;
    let guess_missing = args.config.path.is_none() && args.layout.missing.is_empty();
    let mut profiled = profiled(&files, &config, (&args.label, &args.layout), guess_missing)?;
    if profiled.fields.fields().next().is_none() {
        return call_error(&nothing_left(&profiled, args.examples.get()));
    }
    profiled.check_others(&files, &others)?;
    let find = || profiled.find_pairs(&files).map_err(anyhow::Error::from);
    on_threads(args.threads.get(), find)??;
    profiled.compare_with(&files, &others)?;
    let examples = args.examples.get();
    let text = profiled.to_toml(&named(&args.files.data), examples)?;
    RunConfig::parse(&text, &[], "the inferred configuration").context("please report this")?;
    warn_of_skipped(args.warnings, &profiled.profile.skipped, profiled.profile.rows.rows)?;
    say_what_is_left_out(&profiled, examples, args.warnings)?;
    say_what_is_unseen(&profiled, args.warnings)?;
    match &args.out {
        Some(out) if !is_standard_output(out) => write(out, &text, &profiled),
        _ => output::print(text.trim_end()),
    }
}

/// The files of each role that has any.
fn other_files(files: [(OtherRole, Input); 2]) -> Vec<OtherFiles> {
    let named = files.into_iter().filter(|(_, files)| !files.files().is_empty());
    named.map(|(role, files)| OtherFiles { role, files }).collect()
}

/// Refuses files that cannot be opened, before the training files are read.
fn check_readable(others: &[OtherFiles], config: &DataConfig) -> Result<()> {
    for other in others {
        Source::open(&other.files, config)?;
    }
    Ok(())
}

/// Warns of fields that help little in the other files or cannot be read there, and says which times are apart.
fn say_what_is_unseen(profiled: &FileProfile, warnings: Warnings) -> Result<()> {
    for OtherRows { role, times, lacking, .. } in &profiled.others {
        for field in lacking {
            let (reason, name) = (&field.reason, shown(&field.field));
            warnings.warn(format_args!(
                "{reason}; leave the field `{name}` out, or give it `at_prediction`"
            ))?;
        }
        for apart in times {
            let (column, order) =
                (shown(&apart.column), if apart.are_later { "after" } else { "before" });
            say(format_args!(
                "`{column}`: all times of {role} are {order} those of the training files"
            ));
        }
    }
    for field in profiled.all_fields() {
        if let Some(unseen) = profiled.explain_unseen(field) {
            let name = shown(&field.name);
            warnings
                .warn(format_args!("`{name}`: {unseen}; the model knows only that they are new"))?;
        }
    }
    Ok(())
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
        Some(_) if inferred.costs_signal(column) => {
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

fn write(out: &Path, text: &str, profiled: &FileProfile) -> Result<()> {
    let mut file = output::create(out)?;
    file.write_all(text.as_bytes())?;
    file.finish()?;
    let fields = profiled.all_fields().count();
    say(format_args!("wrote {}, {fields} fields", out.display()));
    Ok(())
}
