//! Writes simulated rows.

use crate::call_error::CallError;
use crate::output::{self, plain};
use crate::output_names::rows_form;
use anyhow::Result;
use deepcross_data::Format;
use deepcross_data::write::{ColumnType, ColumnTypes, FileForm, RowWriter};
use deepcross_files::Output;
use deepcross_simulate::{HEADER, SimulatedRow, SimulationSummary, Simulator, SimulatorConfig};
use std::path::Path;

/// The column of the true probabilities.
const TRUTH: &str = "probability";

/// The file of the true probabilities.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Truth<'a> {
    pub(crate) path: &'a Path,
    /// Whether they are those of the rows if all ads were at position 1.
    pub(crate) is_at_top: bool,
}

/// Writes simulated rows, and their true probabilities to a file of their own if `truth` names one.
///
/// Both are written in the formats that their names show, and files are written whole, or not at all.
pub(crate) fn write_simulated(
    config: SimulatorConfig,
    n_rows: u64,
    path: &Path,
    truth: Option<Truth<'_>>,
) -> Result<SimulationSummary> {
    let simulator =
        Simulator::new(&config).map_err(|problems| CallError::with_message(problems.join("\n")))?;
    let form = rows_form(path, None, Format::TSV, &HEADER)?;
    let truth_form =
        truth.map(|truth| rows_form(truth.path, None, Format::TSV, &[TRUTH])).transpose()?;
    let types = types(&simulator, n_rows, form)?;
    let mut rows = Rows { writer: writer(path, form, &HEADER, &types)?, line: Vec::new() };
    let truth = truth.zip(truth_form);
    let truth = truth.map(|(truth, form)| {
        let writer = writer(truth.path, form, &[TRUTH], &[ColumnType::Float])?;
        anyhow::Ok((writer, truth.is_at_top))
    });
    let mut truth = truth.transpose()?;
    let mut summary = SimulationSummary { rows: n_rows, clicks: 0, expected_clicks: 0.0 };
    for index in 0..n_rows {
        let row = simulator.row(index);
        rows.write(&row)?;
        if let Some((truth, is_at_top)) = &mut truth {
            let probability = if *is_at_top { row.probability_at_top } else { row.probability };
            truth.write([probability.to_string().as_bytes()]).map_err(plain)?;
        }
        summary.clicks += u64::from(row.click);
        summary.expected_clicks += row.probability;
    }
    let mut outputs = vec![rows.writer.finish().map_err(plain)?];
    if let Some((truth, _)) = truth {
        outputs.push(truth.finish().map_err(plain)?);
    }
    Output::finish_all(outputs)?;
    Ok(summary)
}

/// The writer of an output with these columns.
fn writer(
    path: &Path,
    form: FileForm,
    columns: &[&str],
    types: &[ColumnType],
) -> Result<RowWriter<Output>> {
    let columns: Vec<_> = columns.iter().map(|&name| name.to_owned()).collect();
    RowWriter::new(output::create(path)?, form, &columns, types).map_err(plain)
}

/// The types of the columns, if the format has types: all rows are drawn once before they are written.
fn types(simulator: &Simulator, n_rows: u64, form: FileForm) -> Result<Vec<ColumnType>> {
    if !form.format.writes_types() {
        return Ok(Vec::new());
    }
    let (mut types, mut line) = (ColumnTypes::new(HEADER.len()), Vec::new());
    for index in 0..n_rows {
        types.observe(fields(&simulator.row(index), &mut line)?);
    }
    Ok(types.types())
}

/// The rows of a file, and scratch for the text of one of them.
struct Rows {
    writer: RowWriter<Output>,
    line: Vec<u8>,
}

impl Rows {
    fn write(&mut self, row: &SimulatedRow<'_>) -> Result<()> {
        self.writer.write(fields(row, &mut self.line)?).map_err(plain)
    }
}

/// The values of a row, in the order of the header.
fn fields<'l>(
    row: &SimulatedRow<'_>,
    line: &'l mut Vec<u8>,
) -> Result<impl Iterator<Item = &'l [u8]> + use<'l>> {
    line.clear();
    row.write_tsv(line)?;
    Ok(line.trim_ascii_end().split(|byte| *byte == b'\t'))
}
