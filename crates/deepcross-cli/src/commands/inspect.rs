//! `deepcross inspect`

use super::load;
use crate::args::Inspect;
use crate::tables::{grouped, metric, percent, table};
use anyhow::Result;
use deepcross_features::ShapeKind;
use deepcross_model::{TrainedModel, TrainingSummary};

pub(crate) fn run(args: &Inspect) -> Result<()> {
    let (trained, _) = load(&args.model)?;
    println!("fields\n\n{}\n", fields(&trained));
    println!("layers\n\n{}\n", layers(&trained));
    println!("training\n\n{}\n", training(&trained.training));
    println!("configuration\n\n{}", indented(&trained.config));
    Ok(())
}

fn fields(trained: &TrainedModel) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header([
        "field",
        "column",
        "dimensions",
        "encoding",
    ]);
    for (field, shape) in trained.encoder.fields().iter().zip(trained.encoder.shapes()) {
        let dimensions = match shape.kind {
            ShapeKind::Sparse { dimensions, .. } => dimensions,
            ShapeKind::Dense { width } => width,
        };
        table.add_row([
            &field.name,
            &field.column,
            &grouped(dimensions as u64),
            &field.encoding.to_string(),
        ]);
    }
    table
}

fn layers(trained: &TrainedModel) -> comfy_table::Table {
    let mut table = table(&["layer", "width", "weights"]);
    for layer in trained.model.layers() {
        let (width, weights) = (grouped(layer.outputs as u64), grouped(layer.n_parameters as u64));
        table.add_row([layer.name.clone(), width, weights]);
    }
    table.add_row([
        "total".to_owned(),
        String::new(),
        grouped(trained.params.n_parameters() as u64),
    ]);
    table
}

fn training(training: &TrainingSummary) -> comfy_table::Table {
    let mut table = table(&["", ""]);
    let rows = [
        ("rows", grouped(training.rows)),
        ("positive", percent(training.positives, training.rows)),
        ("epochs run", training.epochs.to_string()),
        ("epoch kept", training.best_epoch.to_string()),
        ("steps to the kept epoch", grouped(training.steps)),
        ("validation rows", grouped(training.valid_rows)),
        ("validation AUC", metric(training.valid_auc)),
        ("validation log loss", metric(training.valid_log_loss)),
        ("seed", training.seed.to_string()),
    ];
    table.add_rows(rows.map(|(name, value)| [name.to_owned(), value]));
    table
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
