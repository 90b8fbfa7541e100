//! `deepcross convert`: writes files in another format.

use crate::arguments::{
    DataFiles, FormatOverride, Threads, files_help, format_parser, help_texts, read_config,
    read_data,
};
use crate::call_error::CallError;
use crate::inputs::pipes_beside;
use crate::output::{self, check_apart, is_standard_output, plain, say, say_written};
use crate::output_names::{check_to, endings};
use crate::steps::{on_threads, say_unusual_values, warn_of_skipped};
use crate::text::skipped_rows::skipped_lines;
use crate::text::tables::{counted, shown};
use crate::warnings::Warnings;
use anyhow::Result;
use clap::Args;
use deepcross_data::input::{Pipes, UnreadColumn};
use deepcross_data::write::{Converted, FileForm, convert, convert_encoded, converts_in_one_pass};
use deepcross_data::{
    DataConfig, DataError, Format, Input, Labels, Partition, RowPlan, RowReader, Source, fit,
};
use deepcross_train::config::{ColumnsOf, Overrides};
use deepcross_train::{RunConfig, TrainedRun};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The help after the options; the endings are those of all formats.
fn convert_help() -> String {
    format!(
        "Examples:
  deepcross convert --data 'logs/*.csv.gz' --out clicks.parquet
  deepcross convert --data day_0.gz --format criteo --out day_0.csv.zst
  deepcross convert --data clicks.csv --config run.toml --out clicks.ffm
  zcat clicks.csv.gz | deepcross convert --data - --format csv --to tsv | head

The end of a name gives the format: {}. Values are \
written unchanged, in CSV with quotes if they need them. A row with a value that the format cannot \
hold is a bad row.

{} hold numbers. Rows of these formats, and text with the same columns, are written unchanged. Rows \
with other columns are encoded: by the encoder of --model, or by an encoder that is fitted to the \
rows for the fields of --config.

{}",
        endings(Format::all()),
        Format::with_pairs("and"),
        files_help!()
    )
}

#[derive(Debug, Args)]
#[command(
    after_help = convert_help(),
    mut_args(help_texts(&[
        ("data", "The rows to convert; several files are read in order and become one"),
        ("format", "The format of the files, instead of the one that their names show"),
    ])),
)]
pub(crate) struct ConvertArgs {
    #[command(flatten)]
    pub(crate) data: DataFiles,
    /// The file to write; without it, or with `-`, rows go to standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The format to write, instead of the one that the name of the output shows
    #[arg(long, value_parser = format_parser(), value_name = "FORMAT")]
    pub(crate) to: Option<Format>,
    #[command(flatten)]
    pub(crate) format: FormatOverride,
    /// The configuration of a run; its `[data]` says how to read the files, and its fields are fitted and
    /// encoded if other columns are written as libsvm or libffm
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// For libsvm and libffm: the model whose encoder encodes the rows; files are read as its training
    /// data were
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    pub(crate) model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) threads: Threads,
    #[command(flatten)]
    pub(crate) warnings: Warnings,
}

pub(crate) fn run(args: &ConvertArgs) -> Result<()> {
    let files = args.data.files()?;
    let out = args.out.as_deref().unwrap_or(Path::new("-"));
    check_apart(out, files.iter().chain(&args.config).chain(&args.model))?;
    let form = form(args, out)?;
    let kept = pipes_beside(out);
    let numbers = numbers(args, form, &files.input(&kept))?;
    let data = data(args, numbers.as_ref())?;
    let pipes = match reads_twice(form, &data, numbers.as_ref()) {
        true => kept,
        false => Pipes::default(),
    };
    let source = Source::open(files.input(&pipes), &data)?;
    for UnreadColumn { name, kind } in source.unread_columns() {
        let name = shown(name);
        args.warnings.warn(format_args!(
            "the column `{name}` is not written, since values of type {kind} are not read"
        ))?;
    }
    let numbers = needed(form, &source, numbers)?;
    let conversion = Conversion { source, form, threads: args.threads.get() };
    let converted = conversion.write(numbers.as_ref(), || output::create(out))?;
    warn_of_skipped(args.warnings, &converted.skipped, converted.rows)?;
    converted.out.finish()?;
    let rows = counted(converted.rows, "row");
    say_written(out, format_args!("wrote {rows} to {}", out.display()));
    Ok(())
}

/// An encoder that converts values of any kind to numbers.
enum Numbers {
    /// The encoder of a model.
    Model(Box<TrainedRun>),
    /// An encoder that is fitted to the rows for the fields of a configuration.
    Fitted(Box<RunConfig>),
}

impl Numbers {
    fn config(&self) -> &RunConfig {
        match self {
            Self::Model(run) => &run.config,
            Self::Fitted(config) => config,
        }
    }
}

/// The form of the file to write.
fn form(args: &ConvertArgs, out: &Path) -> Result<FileForm> {
    let call_error = |message: String| Err(CallError::with_message(message));
    if is_standard_output(out) && args.to.is_none() {
        return call_error("`--to`: name the format for standard output".to_owned());
    }
    args.to.map_or(Ok(()), |to| check_to(out, to))?;
    match FileForm::of(out, args.to) {
        Ok(form) if args.model.is_some() && !form.format.has_pairs() => {
            call_error(format!("`--model`: applies only to {}", Format::with_pairs("and")))
        }
        Err(DataError::UnknownFormat { file, known }) => call_error(format!(
            "{}: the name does not show the format, expected a name that ends in {known}, or `--to`",
            file.display()
        )),
        form => Ok(form?),
    }
}

/// The model that the call names, or the configuration if its fields may be encoded.
fn numbers(args: &ConvertArgs, form: FileForm, files: &Input) -> Result<Option<Numbers>> {
    if let Some(model) = &args.model {
        return Ok(Some(Numbers::Model(Box::new(TrainedRun::load(model)?))));
    }
    let Some(path) = args.config.as_deref().filter(|_| form.format.has_pairs()) else {
        return Ok(None);
    };
    let config = read_config(path, Overrides::default(), ColumnsOf::Files(files))?;
    Ok(Some(Numbers::Fitted(Box::new(config))))
}

/// How the files are read: as those of the model, or as the configuration says.
fn data(args: &ConvertArgs, numbers: Option<&Numbers>) -> Result<DataConfig> {
    let mut data = match (numbers, &args.config) {
        (Some(numbers), _) => numbers.config().data.clone(),
        (None, Some(path)) => read_data(path)?,
        (None, None) => DataConfig::default(),
    };
    args.format.apply_without_targets(&mut data);
    Ok(data)
}

/// Whether all rows are read before they are written: for the types of their columns, the vocabularies of their fields,
/// or the fields of libffm.
fn reads_twice(form: FileForm, data: &DataConfig, numbers: Option<&Numbers>) -> bool {
    let fits = form.format.has_pairs() && matches!(numbers, Some(Numbers::Fitted(_)));
    fits || !converts_in_one_pass(data, form)
}

/// The encoder, if values are not written unchanged.
///
/// A model always encodes; a configuration may only say how files are read.
fn needed(form: FileForm, source: &Source, numbers: Option<Numbers>) -> Result<Option<Numbers>> {
    let fits = form.format.check_columns(source.header());
    match (numbers, fits) {
        (numbers @ Some(Numbers::Model(_)), _) => Ok(numbers),
        (_, Ok(())) => Ok(None),
        (numbers @ Some(Numbers::Fitted(_)), Err(_)) if form.format.has_pairs() => Ok(numbers),
        (None, Err(error)) if form.format.has_pairs() => Err(CallError::with_message(format!(
            "{error}; `--config` with a `[[field]]` for each column, or `--model`, converts them to numbers"
        ))),
        // Columns that do not fit without a label may fit with one, as the rows of a file without a header show.
        (_, Err(_)) => Ok(None),
    }
}

/// The rows, and how to write them.
struct Conversion {
    source: Source,
    form: FileForm,
    threads: usize,
}

impl Conversion {
    /// Writes the rows, and reports those that could not be read.
    fn write<W: Write + Send>(
        &self,
        numbers: Option<&Numbers>,
        out: impl FnOnce() -> Result<W>,
    ) -> Result<Converted<W>> {
        let bad_rows = self.source.config().bad_rows;
        match numbers {
            None => {
                let converted = convert(&self.source, bad_rows, self.form, out()?);
                let converted = converted.map_err(plain)?;
                skipped_lines(&converted.skipped).iter().for_each(say);
                Ok(converted)
            }
            Some(Numbers::Model(run)) => {
                let reader = run.reader_of(&self.source, self.labels())?;
                self.write_encoded(reader, out()?)
            }
            Some(Numbers::Fitted(config)) => {
                let out = out()?;
                let fitted = fit(&self.source, &config.schema()?, Partition::All, bad_rows)?;
                let plan = RowPlan { labels: self.labels(), partition: Partition::All, bad_rows };
                let reader = RowReader::new(&self.source, &fitted.encoder, plan)?;
                self.write_encoded(reader.with_history(fitted.history), out)
            }
        }
    }

    /// Labels are written if the configuration names them.
    fn labels(&self) -> Labels {
        match self.source.config().label() {
            Some(_) => Labels::Required,
            None => Labels::Ignored,
        }
    }

    fn write_encoded<W: Write + Send>(
        &self,
        mut reader: RowReader<'_>,
        out: W,
    ) -> Result<Converted<W>> {
        let work = || convert_encoded(&mut reader, self.form, out);
        let converted = on_threads(self.threads, work)?.map_err(plain)?;
        say_unusual_values(&reader);
        Ok(converted)
    }
}
