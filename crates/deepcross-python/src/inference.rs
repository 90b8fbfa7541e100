//! A first configuration for rows, as `deepcross infer-config` writes it.

use deepcross_data::{DataConfig, LabelConfig};
use deepcross_profile::{
    Examples, FileProfile, LabelRule, LeftOutReason, ProfileOptions, ProfileReport, guess_format,
    profile_files,
};
use pyo3::prelude::*;

use crate::errors::Failure;
use crate::fields::with_fields;
use crate::measures::in_json;
use crate::rows::Rows;
use crate::watched::{Watch, watched};

/// A column that is left out: its name, the reason, and whether it may have helped.
type LeftOut = (String, String, bool);

/// Infers a configuration for rows, as a text, with the columns that it leaves out.
///
/// `positive` and `negative` name the values of the label `label`, unless it says itself what is positive.
/// With `fields`, which are tables in TOML, these are the fields of the configuration, and no column counts as left out.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
pub(crate) fn infer(
    py: Python<'_>,
    rows: &Rows,
    label: String,
    positive: Vec<String>,
    negative: Vec<String>,
    fields: Option<&str>,
    threads: usize,
) -> PyResult<(String, Vec<LeftOut>)> {
    let negative = Some(negative).filter(|negative| !negative.is_empty());
    let rule = LabelRule { column: label, positive, negative };
    let ignore = |_: Python<'_>, (): ()| Ok(());
    let work = |_: &Watch<'_, ()>| match fields {
        None => inferred(rows, rule, threads),
        Some(fields) => {
            let text = profiled(rows, Some(rule))?.to_toml(name_of(rows), Examples::Hidden)?;
            Ok((with_fields(&text, fields)?, Vec::new()))
        }
    };
    Ok(watched(py, ignore, work)??)
}

/// What the columns of rows hold, in JSON; `label` names the column of the labels, if there is one.
///
/// Without `examples`, no value of the rows is part of it.
#[pyfunction]
pub(crate) fn describe(
    py: Python<'_>,
    rows: &Rows,
    label: Option<String>,
    positive: Vec<String>,
    negative: Vec<String>,
    examples: bool,
) -> PyResult<String> {
    let negative = Some(negative).filter(|negative| !negative.is_empty());
    let rule = label.map(|column| LabelRule { column, positive, negative });
    let examples = if examples { Examples::Shown } else { Examples::Hidden };
    let ignore = |_: Python<'_>, (): ()| Ok(());
    let work = |_: &Watch<'_, ()>| in_json(&ProfileReport::new(&profiled(rows, rule)?, examples));
    Ok(watched(py, ignore, work)??)
}

/// The columns of rows, and the settings that they are read with.
fn profiled(rows: &Rows, label: Option<LabelRule>) -> Result<FileProfile, Failure> {
    let input = rows.input()?;
    let config = match rows.are_files() {
        false => DataConfig::default(),
        true => {
            let label = label.as_ref().map(|label| LabelConfig::binary(label.column.clone()));
            let guessed = guess_format(input, &DataConfig { label, ..DataConfig::default() })?;
            DataConfig { label: None, ..guessed }
        }
    };
    let options = ProfileOptions { label, guess_missing: true };
    Ok(profile_files(input, &config, &options)?)
}

fn inferred(
    rows: &Rows,
    label: LabelRule,
    threads: usize,
) -> Result<(String, Vec<LeftOut>), Failure> {
    let mut profiled = profiled(rows, Some(label))?;
    let columns = profiled.profile.columns.iter().zip(&profiled.fields.columns);
    let left_out: Vec<_> = columns
        .filter(|(_, inferred)| {
            inferred.left_out.as_ref().is_some_and(|reason| *reason != LeftOutReason::Label)
        })
        .map(|(column, inferred)| {
            let why = inferred.explain(column, Examples::Shown);
            (column.name().to_owned(), why, inferred.costs_signal(column))
        })
        .chain(profiled.unread.iter().map(|column| {
            (column.name.clone(), format!("values of type {} are not read", column.kind), false)
        }))
        .collect();
    if profiled.fields.fields().next().is_none() {
        let reasons =
            left_out.iter().map(|(name, why, _)| format!("\n`{name}` is left out: {why}"));
        let reasons: String = reasons.take(MOST_NAMED).collect();
        let message = format!("no column is left to predict the label from{reasons}");
        return Err(Failure::Data(message));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Failure::Training(error.to_string()))?;
    let input = rows.input()?;
    pool.install(|| profiled.find_pairs(input).map_err(Failure::from))?;
    Ok((profiled.to_toml(name_of(rows), Examples::Shown)?, left_out))
}

/// What a comment calls the rows.
fn name_of(rows: &Rows) -> &'static str {
    if rows.are_files() { "files" } else { "a table in memory" }
}

/// The most columns that an error names.
const MOST_NAMED: usize = 20;
