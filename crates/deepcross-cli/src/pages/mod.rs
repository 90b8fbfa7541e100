//! The pages of `--report`: what `deepcross-report` is given to show.

pub(crate) mod calibration;
pub(crate) mod comparison;
pub(crate) mod evaluation;
pub(crate) mod training;
mod understanding;

use crate::commands::evaluate::knows_unseen;
use crate::output;
use crate::tables::{counted, grouped, percent};
use anyhow::Result;
use deepcross_features::{Counts, FieldShape, ShapeKind};
use deepcross_model::TrainedModel;
use deepcross_report::{Report, Section, Table};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes a page whole, or not at all.
pub(crate) fn write(path: &Path, report: &Report) -> Result<()> {
    let mut out = output::create(path)?;
    write!(out, "{report}")?;
    out.finish()?;
    Ok(())
}

/// Names of files, without their folders: a page is handed on, and where it was made is nobody's business.
fn names(files: &[PathBuf]) -> String {
    let name = |path: &PathBuf| path.file_name().map_or(path.as_os_str(), |name| name).to_owned();
    let names: Vec<_> =
        files.iter().map(|path| name(path).to_string_lossy().into_owned()).collect();
    match &names[..] {
        [first, _, _, _, ..] => {
            format!("{first} and {} more", counted(names.len() as u64 - 1, "file"))
        }
        names => names.join(", "),
    }
}

fn footer() -> String {
    format!("Written by deepcross {}.", env!("CARGO_PKG_VERSION"))
}

/// What the encoder met in each field: shares of all values.
fn fields(caption: &str, counts: &Counts, shapes: &[FieldShape]) -> Table {
    let header = ["field", "values", "missing", "unseen", "rare", "clipped"];
    let mut table = Table::new(caption, &header);
    for (shape, (name, counts)) in shapes.iter().zip(counts.iter()) {
        let share = |n: u64| percent(n, counts.values);
        let knows = knows_unseen(shape);
        let of_ids = |n: u64| if knows { share(n) } else { "–".to_owned() };
        let clipped = match shape.kind {
            ShapeKind::Dense { .. } => share(counts.clipped),
            ShapeKind::Sparse { .. } => "–".to_owned(),
        };
        table.push([
            name.to_owned(),
            grouped(counts.values),
            share(counts.missing),
            of_ids(counts.unseen),
            of_ids(counts.rare),
            clipped,
        ]);
    }
    table
}

/// What the model is made of, and the configuration in it.
fn model(trained: &TrainedModel) -> [Section; 2] {
    let mut layers = Table::new("Layers", &["layer", "output width", "weights"]);
    for layer in trained.model.layers() {
        let (width, weights) = (layer.outputs as u64, layer.n_parameters as u64);
        layers.push([layer.name.clone(), grouped(width), grouped(weights)]);
    }
    let total = grouped(trained.params.n_parameters() as u64);
    layers.push(["total".to_owned(), String::new(), total]);
    let mut encodings = Table::new("Encodings", &["field", "column", "encoding"]).of_text();
    for field in trained.encoder.fields() {
        encodings.push([field.name.clone(), field.column.clone(), field.encoding.to_string()]);
    }
    let mut about = Section::new("Model");
    about.tables = vec![layers, encodings];
    let mut config = Section::new("Configuration").with_note("As the model has it stored.");
    config.text.clone_from(&trained.config);
    [about, config]
}
