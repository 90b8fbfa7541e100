//! `deepcross split`

use super::skipped_lines;
use crate::args::{By, Split};
use crate::call_error::CallError;
use crate::inputs::{self, check_standard_input};
use crate::output::{self, check_apart, read_text, say};
use crate::tables::{counted, percent};
use anyhow::{Context, Result, bail};
use deepcross_data::{DataConfig, Format, Shares, Source, SplitBy, SplitSet, Splitter, keep_pipes};
use deepcross_files::AtomicFile;
use deepcross_train::RunConfig;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(crate) fn run(args: &Split) -> Result<()> {
    let by = split_by(args)?;
    let config = config(args)?;
    let files = inputs::files(&args.data)?;
    check_standard_input(&files)?;
    let folder = Folder::create(&args.out_dir)?;
    // The header, the pass that counts and the pass that writes read the same rows.
    keep_pipes(&folder.path);
    let source = Source::open(&files, &config)?;
    let mut splitter = Splitter::new(&source, &by, config.bad_rows)?;
    let mut outputs = Outputs::create(&folder.path, &source, has_valid(&by))?;
    for output in &outputs.files {
        check_apart(&output.path, &files)?;
    }
    while let Some((side, row)) = splitter.next_row()? {
        outputs.write(side, row)?;
    }
    outputs.check()?;
    let lines = outputs.lines();
    outputs.finish()?;
    folder.keep();
    for line in
        lines.into_iter().chain(cut_line(&splitter)).chain(skipped_lines(splitter.skipped()))
    {
        say(line);
    }
    Ok(())
}

/// What the flags ask for; those that have no meaning together are refused.
fn split_by(args: &Split) -> Result<SplitBy> {
    let call_error = |message: &str| Err(CallError::with_message(message.to_owned()));
    let needs_column = matches!(args.by, By::Time | By::Key);
    let column = match (&args.column, needs_column) {
        (Some(column), true) => column.clone(),
        (None, false) => String::new(),
        (None, true) => return call_error("`--column`: name the column of the time or the key"),
        (Some(_), false) => return call_error("`--column`: has a meaning by time and by key only"),
    };
    if args.by != By::Time && args.test_from.is_some() {
        return call_error("`--test-from`: has a meaning by time only");
    }
    let (seed, shares) = (args.seed, Shares { valid: args.valid, test: args.test });
    Ok(match (args.by, &args.test_from) {
        (By::Time, Some(test)) => {
            SplitBy::Cut { column, valid: args.valid_from.clone(), test: test.clone() }
        }
        (By::Time, None) => SplitBy::Time { column, shares },
        (By::Key, _) => SplitBy::Key { column, shares, seed },
        (By::Row, _) => SplitBy::Row { shares, seed },
        (By::Order, _) => SplitBy::Order(shares),
    })
}

/// How the files are read: the section `[data]` of a run, if one is named.
fn config(args: &Split) -> Result<DataConfig> {
    let mut config = match &args.config {
        Some(path) => RunConfig::parse(&read_text(path)?, &[], &path.display().to_string())?.data,
        None => DataConfig::default(),
    };
    config.format = args.format.map(Format::from).or(config.format);
    Ok(config)
}

fn has_valid(by: &SplitBy) -> bool {
    match by {
        SplitBy::Order(shares)
        | SplitBy::Row { shares, .. }
        | SplitBy::Key { shares, .. }
        | SplitBy::Time { shares, .. } => shares.valid > 0.0,
        SplitBy::Cut { valid, .. } => valid.is_some(),
    }
}

/// The times at which the sides begin.
fn cut_line(splitter: &Splitter) -> Option<String> {
    let (valid, test) = splitter.cuts();
    let valid = valid.map(|time| format!("valid begins at {time}, "));
    test.map(|time| format!("{}test begins at {time}", valid.unwrap_or_default()))
}

/// The folder of the output; one that was made here goes again unless it is kept.
struct Folder {
    path: PathBuf,
    is_new: bool,
}

impl Folder {
    fn create(path: &Path) -> Result<Self> {
        let is_new = !path.exists();
        std::fs::create_dir_all(path)
            .with_context(|| format!("{}: cannot be made", path.display()))?;
        Ok(Self { path: path.to_owned(), is_new })
    }

    fn keep(mut self) {
        self.is_new = false;
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_new {
            // Fails where something is in it, which is then to stay.
            let _ = std::fs::remove_dir(&self.path);
        }
    }
}

/// One file of a split.
struct Output {
    side: SplitSet,
    path: PathBuf,
    file: AtomicFile,
    rows: u64,
}

/// The files of a split, with the header in each.
struct Outputs {
    files: Vec<Output>,
}

impl Outputs {
    fn create(folder: &Path, source: &Source, has_valid: bool) -> Result<Self> {
        let (header, end) = (source.raw_header()?, source.extension());
        let sides =
            [(SplitSet::Train, "train"), (SplitSet::Valid, "valid"), (SplitSet::Test, "test")];
        let sides = sides.into_iter().filter(|(side, _)| has_valid || *side != SplitSet::Valid);
        let open = |(side, name)| {
            let path = folder.join(format!("{name}.{end}"));
            let mut file = output::create(&path)?;
            write_line(&mut file, header.as_deref().unwrap_or_default())?;
            Ok(Output { side, path, file, rows: 0 })
        };
        Ok(Self { files: sides.map(open).collect::<Result<_>>()? })
    }

    fn write(&mut self, side: SplitSet, row: &[u8]) -> Result<()> {
        for output in self.files.iter_mut().filter(|output| output.side == side) {
            write_line(&mut output.file, row)?;
            output.rows += 1;
        }
        Ok(())
    }

    /// Refuses a split that leaves a file without a row.
    fn check(&self) -> Result<()> {
        match self.files.iter().find(|output| output.rows == 0) {
            Some(empty) => bail!("{}: no row falls to this file", empty.path.display()),
            None => Ok(()),
        }
    }

    fn lines(&self) -> Vec<String> {
        let all = self.files.iter().map(|output| output.rows).sum();
        let line = |output: &Output| {
            let (rows, share) = (counted(output.rows, "row"), percent(output.rows, all));
            format!("wrote {rows}, {share}, to {}", output.path.display())
        };
        self.files.iter().map(line).collect()
    }

    fn finish(self) -> Result<()> {
        Ok(AtomicFile::finish_all(self.files.into_iter().map(|output| output.file))?)
    }
}

/// Writes a row as it is; only the last of a file may lack the line end that another row needs.
fn write_line(file: &mut AtomicFile, row: &[u8]) -> Result<()> {
    file.write_all(row)?;
    if row.last().is_some_and(|last| *last != b'\n') {
        file.write_all(b"\n")?;
    }
    Ok(())
}
