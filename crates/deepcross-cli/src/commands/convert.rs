//! `deepcross convert`

use super::{load, on_threads, reader_of, set_format, skipped_lines};
use crate::args::Convert;
use crate::call_error::CallError;
use crate::inputs::{self, check_standard_input, keep_pipes_beside};
use crate::output::{self, check_apart, name_standard_output, read_text, resolved, say};
use crate::tables::counted;
use crate::values::report_values;
use anyhow::{Error, Result};
use deepcross_data::{
    Converted, DataConfig, DataError, FileForm, Format, Labels, Partition, RowPlan, RowReader,
    Source, convert, convert_encoded, fit, keep_pipes,
};
use deepcross_model::TrainedModel;
use deepcross_train::RunConfig;
use std::io::Write;
use std::path::Path;

pub(crate) fn run(args: &Convert) -> Result<()> {
    let files = inputs::files(&args.data)?;
    check_standard_input(&files)?;
    let out = args.out.as_deref().filter(|out| *out != Path::new("-"));
    if let Some(out) = out {
        check_apart(out, files.iter().chain(&args.config).chain(&args.model))?;
    }
    let form = form(args, out)?;
    let numbers = numbers(args)?;
    let data = data(args, numbers.as_ref());
    if reads_twice(form, &data, numbers.as_ref()) {
        keep(out);
    }
    let source = Source::open(&files, &data)?;
    let numbers = needed(form, &source, numbers)?;
    let conversion = Conversion { source, form, threads: args.threads.get() };
    match out {
        Some(path) => {
            let Converted { out, rows, .. } =
                conversion.write(numbers.as_ref(), || output::create(path))?;
            out.finish()?;
            say(format_args!("wrote {} to {}", counted(rows, "row"), path.display()));
        }
        None => {
            let out = || Ok(std::io::stdout());
            conversion.write(numbers.as_ref(), out).map_err(name_standard_output)?;
        }
    }
    Ok(())
}

/// What makes numbers of values of any kind.
enum Numbers {
    /// The encoder of a model.
    Model(Box<(TrainedModel, RunConfig)>),
    /// One that is fitted to the rows.
    Fitted(Box<RunConfig>),
}

impl Numbers {
    fn config(&self) -> &RunConfig {
        match self {
            Self::Model(model) => &model.1,
            Self::Fitted(config) => config,
        }
    }
}

/// The form of the file to write.
fn form(args: &Convert, out: Option<&Path>) -> Result<FileForm> {
    let call_error = |message: String| Err(CallError::with_message(message));
    let to = args.to.map(Format::from);
    let form = match (out, to) {
        (Some(out), to) => FileForm::of(out, to),
        (None, Some(_)) => FileForm::of(Path::new(""), to),
        (None, None) => {
            return call_error(
                "`--to`: name the format of what goes to standard output".to_owned(),
            );
        }
    };
    match form {
        Ok(form) if args.model.is_some() && !has_pairs(form.format) => {
            call_error("`--model`: has a meaning for libsvm and libffm only".to_owned())
        }
        Err(DataError::UnknownFormat { file }) => call_error(format!(
            "{}: the format cannot be told from the name, expected a name that ends in .csv, .tsv, \
             .svm, .libsvm, .ffm, .libffm or .parquet, or `--to`",
            file.display()
        )),
        form => Ok(form?),
    }
}

fn has_pairs(format: Format) -> bool {
    matches!(format, Format::Libsvm | Format::Libffm)
}

/// The model or the configuration that the call names.
fn numbers(args: &Convert) -> Result<Option<Numbers>> {
    if let Some(model) = &args.model {
        return Ok(Some(Numbers::Model(Box::new(load(model)?))));
    }
    let Some(path) = &args.config else { return Ok(None) };
    let config = RunConfig::parse(&read_text(path)?, &[], &path.display().to_string())?;
    Ok(Some(Numbers::Fitted(Box::new(config))))
}

/// How the files are read: as those of the model or the run.
fn data(args: &Convert, numbers: Option<&Numbers>) -> DataConfig {
    let mut data = numbers.map(|numbers| numbers.config().data.clone()).unwrap_or_default();
    set_format(&mut data, args.format);
    data
}

/// Whether all rows are read before they are written: for the types of their columns, the vocabularies of their fields,
/// or the fields of libffm; where no flag says so, a pipe may hold libffm or Parquet.
fn reads_twice(form: FileForm, data: &DataConfig, numbers: Option<&Numbers>) -> bool {
    let is_read_once =
        matches!(data.format, Some(Format::Csv | Format::Tsv | Format::Criteo | Format::Libsvm));
    let fits = has_pairs(form.format) && matches!(numbers, Some(Numbers::Fitted(_)));
    form.format == Format::Parquet || fits || !is_read_once
}

/// Keeps pipes beside the output, or where the system has its temporary files.
fn keep(out: Option<&Path>) {
    match out {
        Some(out) => keep_pipes_beside(&resolved(out)),
        None => keep_pipes(&std::env::temp_dir()),
    }
}

/// What makes numbers of the values, where they are not written as they are.
///
/// A model is named for nothing else; a configuration also says how files are read.
fn needed(form: FileForm, source: &Source, numbers: Option<Numbers>) -> Result<Option<Numbers>> {
    let fits = form.format.check_columns(source.header());
    match (numbers, fits) {
        (numbers @ Some(Numbers::Model(_)), _) => Ok(numbers),
        (_, Ok(())) => Ok(None),
        (numbers @ Some(Numbers::Fitted(_)), Err(_)) if has_pairs(form.format) => Ok(numbers),
        (None, Err(error)) if has_pairs(form.format) => Err(CallError::with_message(format!(
            "{error}; `--config` with a `[[field]]` for each column, or `--model`, makes numbers of them"
        ))),
        // What is wrong without a label may be right with one, as a row of a file without a header tells.
        (_, Err(_)) => Ok(None),
    }
}

/// The rows, and how they are to be written.
struct Conversion {
    source: Source,
    form: FileForm,
    threads: usize,
}

impl Conversion {
    /// Writes the rows, and says which could not be.
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
            Some(Numbers::Model(model)) => {
                let (trained, config) = &**model;
                let reader = reader_of(trained, config, &self.source, self.labels())?;
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

    /// Labels are written where the configuration names them.
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
        report_values(&reader);
        Ok(converted)
    }
}

/// What the output itself says, by the name that it has there.
fn plain(error: DataError) -> Error {
    match error {
        DataError::Output { source } => source.into(),
        other => other.into(),
    }
}
