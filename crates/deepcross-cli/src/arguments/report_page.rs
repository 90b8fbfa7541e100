//! `--json` and `--report`: a command's results as JSON and as a page.

use crate::output::{self, check_apart, check_writable, say_written};
use crate::output_names::Content;
use anyhow::Result;
use clap::Args;
use deepcross_report::Report;
use std::io::Write;
use std::path::PathBuf;

/// Whether results are printed as JSON instead of text.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Json {
    /// Print one JSON object
    #[arg(id = "json", long = "json")]
    pub(crate) is_asked: bool,
}

/// A page with the results, written beside the printed text.
///
/// A command replaces the help text to say what its page shows.
#[derive(Debug, Args)]
pub(crate) struct ReportPage {
    /// Also write an HTML page with plots and tables to this file
    #[arg(id = "report", long = "report", value_name = "FILE")]
    pub(crate) path: Option<PathBuf>,
}

impl ReportPage {
    /// Fails early if the page could not be written, or would replace one of `others`.
    pub(crate) fn check<'p>(&self, others: impl IntoIterator<Item = &'p PathBuf>) -> Result<()> {
        self.check_apart(others)?;
        self.check_writable()
    }

    /// Fails if the page would replace one of `others`, or if its name is that of another format.
    pub(crate) fn check_apart<'p>(
        &self,
        others: impl IntoIterator<Item = &'p PathBuf>,
    ) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        check_apart(path, others)?;
        Content::Page.check_name(path)
    }

    /// Fails early if the page could not be written.
    pub(crate) fn check_writable(&self) -> Result<()> {
        self.path.as_deref().map_or(Ok(()), check_writable)
    }

    /// Writes the page, to a file whole or not at all; does nothing if the call asks for none.
    pub(crate) fn write(&self, page: impl FnOnce() -> Result<Report>) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let page = page()?;
        let mut out = output::create(path)?;
        write!(out, "{page}")?;
        out.finish()?;
        say_written(path, format_args!("wrote {}", path.display()));
        Ok(())
    }
}
