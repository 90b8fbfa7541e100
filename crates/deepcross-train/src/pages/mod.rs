//! HTML pages about a run, and the parts that all pages have.
//!
//! Nothing here reads, writes or prints: a page is a value that `deepcross-report` formats as HTML.

mod figures;
mod training;

use deepcross_features::Counts;
use deepcross_features::batch::{FieldShape, ShapeKind};
use deepcross_model::TrainedModel;
use deepcross_profile::number_text::{counted, grouped, percent};
use deepcross_report::{Section, Table};
pub use figures::{figures, plain_figures};
use std::path::{Path, PathBuf};
pub use training::{Course, CourseFiles, epoch_curves};

/// The name of a file, without its folder: a page may be passed on, and should not reveal where it was made.
pub fn name(path: &Path) -> String {
    path.file_name().map_or(path.as_os_str(), |name| name).to_string_lossy().into_owned()
}

/// The names of files, without their folders.
pub fn names(files: &[PathBuf]) -> String {
    let names: Vec<_> = files.iter().map(|path| name(path)).collect();
    match &names[..] {
        [first, _, _, _, ..] => {
            format!("{first} and {} more", counted(names.len() as u64 - 1, "file"))
        }
        names => names.join(", "),
    }
}

/// The last line of a page: the version of the program.
pub fn footer() -> String {
    format!("Written by deepcross {}.", env!("CARGO_PKG_VERSION"))
}

/// The unusual values of each field, in shares of all its values.
pub fn fields(caption: &str, counts: &Counts, shapes: &[FieldShape]) -> Table {
    let header = ["field", "values", "missing", "unseen", "rare", "clipped", "far outside"];
    let mut table = Table::new(caption, &header);
    for (shape, (name, counts)) in shapes.iter().zip(counts.iter()) {
        let share = |n: u64| percent(n, counts.values);
        let knows = shape.knows_unseen();
        let of_ids = |n: u64| if knows { share(n) } else { "–".to_owned() };
        let of_numbers = |n: u64| match shape.kind {
            ShapeKind::Dense { .. } => share(n),
            ShapeKind::Sparse { .. } => "–".to_owned(),
        };
        table.push([
            name.to_owned(),
            grouped(counts.values),
            share(counts.missing),
            of_ids(counts.unseen),
            of_ids(counts.rare),
            of_numbers(counts.clipped),
            if counts.far > 0 { share(counts.far) } else { of_numbers(0) },
        ]);
    }
    table
}

/// The layers and encodings of the model, and the configuration in it.
pub fn model(trained: &TrainedModel) -> [Section; 2] {
    let mut layers = Table::new("Layers", &["layer", "output width", "weights"]);
    for layer in trained.model.layers() {
        let (width, weights) = (layer.outputs as u64, layer.n_parameters as u64);
        layers.push([layer.name.clone(), grouped(width), grouped(weights)]);
    }
    let mut row = |name: String, n_weights: usize| {
        layers.push([name, String::new(), grouped(n_weights as u64)]);
    };
    row("total".to_owned(), trained.params.n_parameters());
    if let n_members @ 2.. = trained.members().len() {
        row(format!("total of {n_members} members"), trained.n_parameters());
    }
    let mut encodings = Table::new("Encodings", &["field", "column", "encoding"]).of_text();
    for field in trained.encoder.fields() {
        encodings.push([field.name.clone(), field.column(), field.encoding.clone()]);
    }
    let mut about = Section::new("Model");
    about.tables = vec![layers, encodings];
    let mut config = Section::new("Configuration").with_note("As it is stored in the model.");
    config.text.clone_from(&trained.config);
    [about, config]
}
