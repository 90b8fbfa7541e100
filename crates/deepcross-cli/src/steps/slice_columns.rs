//! Resolves the names of `--slices` to columns, and decides how their values are grouped.

use crate::call_error::CallError;
use crate::output::say;
use anyhow::Result;
use deepcross_data::Source;
use deepcross_features::{Encoding, FieldDescription, TimeFormat, suggest};
use deepcross_model::TrainedModel;
use deepcross_train::{SliceColumn, SliceForm};

/// The name that stands for the columns of all fields.
const ALL: &str = "all";

/// The columns of a call, each once, named as in the data or by the name of a field.
///
/// # Errors
/// [`CallError`] if there is no such column, or its rows do not have one value each.
pub(crate) fn slice_columns(
    named: &[String],
    trained: &TrainedModel,
    source: &Source,
) -> Result<Vec<SliceColumn>> {
    let fields = trained.encoder.fields();
    let mut columns: Vec<SliceColumn> = Vec::new();
    for name in named {
        let own = match name.as_str() {
            ALL if !source.header().contains(name) => all(&fields),
            _ => vec![one(name, &fields, source)?],
        };
        for column in own {
            if columns.iter().all(|known| known.name != column.name) {
                columns.push(column);
            }
        }
    }
    Ok(columns)
}

/// The columns of all fields with one value a row; reports which columns are left out.
fn all(fields: &[FieldDescription]) -> Vec<SliceColumn> {
    let (mut columns, mut left_out) = (Vec::new(), Vec::new());
    for field in fields.iter().filter(|field| !is_cross(field)) {
        match form(field) {
            Some(form) => columns.push(SliceColumn { name: field.column.clone(), form }),
            None => left_out.push(format!("`{}`", field.column)),
        }
    }
    if !left_out.is_empty() {
        say(format_args!(
            "slices: left out, since a row has several values: {}",
            left_out.join(", ")
        ));
    }
    columns
}

fn one(name: &str, fields: &[FieldDescription], source: &Source) -> Result<SliceColumn> {
    let problem = |text: String| CallError::with_message(format!("`--slices {name}`: {text}"));
    let field = || fields.iter().find(|field| field.name == name && !is_cross(field));
    let column = match source.header().iter().any(|known| known == name) {
        true => name,
        false => field().map(|field| field.column.as_str()).ok_or_else(|| {
            let known = suggest::nearest(name, source.header());
            let hint =
                known.map_or_else(String::new, |known| format!("; the nearest is `{known}`"));
            problem(format!("the data have no column of this name{hint}"))
        })?,
    };
    if source.config().label().is_some_and(|label| label.column == column) {
        return Err(problem("is the label, which predictions are compared with".to_owned()));
    }
    let form = match fields.iter().find(|field| field.column == column) {
        None => SliceForm::Values,
        Some(field) => form(field).ok_or_else(|| {
            let kind = field.kind();
            problem(format!(
                "is read as {kind}: a row has several values, but must be in one slice"
            ))
        })?,
    };
    Ok(SliceColumn { name: column.to_owned(), form })
}

/// Whether the field is a cross, which reads two columns and has no value of its own in the data.
fn is_cross(field: &FieldDescription) -> bool {
    matches!(field.encoding, Encoding::Cross { .. })
}

/// How the raw values of a field's column are grouped into slices; `None` if a row has several.
fn form(field: &FieldDescription) -> Option<SliceForm> {
    match field.encoding {
        Encoding::MultiHot { .. } | Encoding::Text { .. } => None,
        Encoding::Number { .. }
        | Encoding::Bucketized { .. }
        | Encoding::Time { format: TimeFormat::Unix | TimeFormat::UnixMs, .. } => {
            Some(SliceForm::Numbers)
        }
        _ => Some(SliceForm::Values),
    }
}
