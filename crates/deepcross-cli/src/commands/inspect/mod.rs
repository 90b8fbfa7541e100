//! `deepcross inspect`: shows the parts of a model and how it was trained.

mod neighbours;

use crate::arguments::ModelFile;
use crate::output;
use crate::text::calibration_text::map_words;
use crate::text::tables::{counted, grouped, indented, metric, percent, table, text_table};
use anyhow::Result;
use clap::Args;
use comfy_table::{CellAlignment, Table};
use deepcross_calibration::Calibrator;
use deepcross_features::batch::ShapeKind;
use deepcross_kernels::{Elements, StoredRows};
use deepcross_model::{TrainedModel, TrainingSummary};
use deepcross_train::TrainedRun;

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    #[command(flatten)]
    pub(crate) model: ModelFile,
    /// Instead show the values of a field whose embeddings are nearest to that of this value
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(crate) neighbours: Option<String>,
    /// The number of neighbours to show
    #[arg(long, value_name = "N", default_value_t = 10, requires = "neighbours", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) top: u32,
}

pub(crate) fn run(args: &InspectArgs) -> Result<()> {
    let TrainedRun { trained, config } = TrainedRun::load(&args.model.path)?;
    if let Some(asked) = &args.neighbours {
        return neighbours::print(&trained, asked, args.top as usize);
    }
    let weights_title = match trained.members().len() {
        1 => "weights".to_owned(),
        n_members => format!("weights of each of {n_members} members"),
    };
    let sections = [
        ("fields", fields(&trained).trim_fmt()),
        ("layers", layers(&trained).trim_fmt()),
        (weights_title.as_str(), weights(&trained).trim_fmt()),
        ("training", training(&trained.training, config.train.negative_rate)),
        ("calibrator", calibrator(trained.calibrator.as_ref())),
        ("configuration", trained.config.clone()),
    ];
    let sections = sections.map(|(title, text)| format!("{title}\n\n{}\n", indented(&text)));
    output::print(sections.join("\n").trim_end())
}

fn fields(trained: &TrainedModel) -> Table {
    let mut table = text_table(&["field", "column", "dimensions", "encoding"]);
    if let Some(dimensions) = table.column_mut(2) {
        dimensions.set_cell_alignment(CellAlignment::Right);
    }
    for (field, shape) in trained.encoder.fields().iter().zip(trained.encoder.shapes()) {
        let dimensions = match shape.kind {
            ShapeKind::Sparse { dimensions, .. } => dimensions,
            ShapeKind::Dense { width, .. } => width,
        };
        let dimensions = grouped(dimensions as u64);
        table.add_row([&field.name, &field.column(), &dimensions, &field.encoding]);
    }
    table
}

fn layers(trained: &TrainedModel) -> Table {
    let mut table = table(&["layer", "output width", "weights"]);
    for layer in trained.model.layers() {
        let (width, weights) = (grouped(layer.outputs as u64), grouped(layer.n_parameters as u64));
        table.add_row([layer.name.clone(), width, weights]);
    }
    let mut row = |name: String, n_weights: usize| {
        table.add_row([name, String::new(), grouped(n_weights as u64)]);
    };
    row("total".to_owned(), trained.params.n_parameters());
    if let n_members @ 2.. = trained.members().len() {
        row(format!("total of {n_members} members"), trained.n_parameters());
    }
    table
}

/// The name and shape of each matrix: values × width for a table, outputs × inputs for a layer; and the form of its
/// numbers, if the model is quantised.
fn weights(trained: &TrainedModel) -> Table {
    let params = &trained.params;
    let tables = params.table_ids().map(|id| {
        let form = match params.stored_rows(id) {
            StoredRows::Full(_) => "f32",
            StoredRows::Compact(rows) if rows.elements() == Elements::Bf16 => "bf16",
            StoredRows::Compact(_) => "int8",
        };
        (params.table_name(id), params.table_shape(id), form)
    });
    let dense = params.dense_ids().map(|id| {
        let form = params.int8_weight(id).map_or("f32", |_| "int8");
        (params.dense_name(id), params.dense_shape(id), form)
    });
    let heads = ["matrix", "rows", "columns", "numbers"];
    let n_heads = if trained.is_quantised() { heads.len() } else { heads.len() - 1 };
    let mut table = table(&heads[..n_heads]);
    for (name, (rows, columns), form) in tables.chain(dense) {
        let cells =
            [name.to_owned(), grouped(rows as u64), grouped(columns as u64), form.to_owned()];
        table.add_row(&cells[..n_heads]);
    }
    table
}

fn calibrator(calibrator: Option<&Calibrator>) -> String {
    match calibrator {
        None => "none".to_owned(),
        Some(Calibrator { map, rows, positives }) => {
            format!(
                "{}\nfitted to {}, {} positive",
                map_words(map),
                counted(*rows, "row"),
                grouped(*positives)
            )
        }
    }
}

fn training(training: &TrainingSummary, negative_rate: f64) -> String {
    if *training == TrainingSummary::default() {
        return "unknown: the weights were imported".to_owned();
    }
    let rows = [
        ("rows", grouped(training.rows)),
        ("positive", percent(training.positives, training.rows)),
        ("negative rate", negative_rate.to_string()),
        ("epochs run", training.epochs.to_string()),
        ("epoch kept", training.best_epoch.to_string()),
        ("steps to the kept epoch", grouped(training.steps)),
        ("validation rows", grouped(training.valid_rows)),
        ("validation AUC", metric(training.valid_auc)),
        ("validation log loss", metric(training.valid_log_loss)),
        ("seed", training.seed.to_string()),
    ];
    rows.map(|(name, value)| format!("{name:<24}{value:>10}")).join("\n")
}
