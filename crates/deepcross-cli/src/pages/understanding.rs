//! The parts of the page of `deepcross evaluate` that are there when asked for: importance, slices and values.

use crate::tables::{grouped, metric, percent};
use crate::understood::{Understood, names, numbers, permuted_rows, value};
use deepcross_metrics::Interval;
use deepcross_report::{IntervalRow, Plot, Reference, Section, Table};
use deepcross_train::{
    ColumnSlices, Importance, ImportanceEstimate, Importances, Slice, SliceForm, Slices,
};

/// So many slices are in the plot and in the table of the worst.
const WORST: usize = 25;
/// So many values of a column are in its table.
const MAX_VALUES: usize = 50;

/// The sections that were asked for.
pub(crate) fn sections(understood: &Understood) -> Vec<Section> {
    let importance = understood.importance.as_ref().map(|(found, of)| importance(found, *of));
    let slices = understood.slices.as_ref();
    let slices = slices.into_iter().flat_map(|slices| [worst(slices), values(slices)]);
    importance.into_iter().chain(slices).collect()
}

fn importance(found: &Importances, of: u64) -> Section {
    let mut section = Section::new("Importance").with_note(format!(
        "What is lost when the values of a field are permuted among the rows ({}, {} permutations of each field), with \
         95 % intervals. It is what this model relies on: of two fields that tell the same, each may look unimportant.",
        permuted_rows(found, of),
        found.repeats
    ));
    type Of = fn(&Importance) -> Option<ImportanceEstimate>;
    let parts: [(&str, &str, Of); 2] = [
        ("Log loss added", "log loss, in nats", |one| one.log_loss),
        ("AUC lost", "AUC", |one| one.auc),
    ];
    let nothing = Some(Reference { value: 0.0, name: "nothing lost" });
    for (title, axis, of) in parts {
        let rows: Vec<_> =
            found.fields.iter().map(|one| interval_row(names(one), of(one))).collect();
        section.plots.push(Plot::intervals(title, axis, &rows, nothing));
    }
    let header = ["fields", "log loss added", "from", "to", "AUC lost", "from", "to"];
    let mut table = Table::new("What is lost", &header);
    let cells = |lost: Option<ImportanceEstimate>| {
        [
            |lost: ImportanceEstimate| lost.lost,
            |lost: ImportanceEstimate| lost.low,
            |lost: ImportanceEstimate| lost.high,
        ]
        .map(|number| lost.map_or_else(|| "–".to_owned(), |lost| format!("{:.5}", number(lost))))
    };
    let mut push = |name: String, one: &Importance| {
        table.push([name].into_iter().chain(cells(one.log_loss)).chain(cells(one.auc)));
    };
    found.fields.iter().for_each(|one| push(names(one), one));
    push("all fields together".to_owned(), &found.all);
    section.tables.push(table);
    section
}

fn interval_row(name: String, lost: Option<ImportanceEstimate>) -> IntervalRow {
    let interval = lost.map(|lost| Interval { low: lost.low, high: lost.high });
    IntervalRow { name, estimate: lost.map_or(f64::NAN, |lost| lost.lost), interval }
}

fn worst(slices: &Slices) -> Section {
    let all = slices.worst();
    let n_beyond = all.iter().filter(|(_, slice)| slice.cost > 0.0).count();
    let mut section = Section::new("Slices").with_note(format!(
        "The rows of each value, and of ranges of numbers. First come those that cost most: the log loss of all rows that \
         a right mean prediction in the slice would save at least, beyond what chance explains. Of {} slices, {} cost \
         something; were all probabilities right, the chance of any would be 5 %. Prediction and label are means, the ratio \
         is the calibration ratio, and NE the normalized entropy.",
        grouped(all.len() as u64),
        grouped(n_beyond as u64)
    ));
    if all.is_empty() {
        return section;
    }
    let shown = &all[..all.len().min(WORST)];
    let rows: Vec<_> = shown.iter().map(|(column, slice)| calibration_row(column, slice)).collect();
    let ideal = Some(Reference { value: 1.0, name: "calibrated" });
    let title = "Calibration ratio of the worst slices";
    section.plots.push(Plot::intervals(title, "predicted over observed positives", &rows, ideal));
    let header = [
        "slice",
        "rows",
        "positives",
        "prediction",
        "label",
        "ratio",
        "95 % interval",
        "log loss",
        "NE",
        "AUC",
        "costs",
    ];
    let caption = if all.len() > WORST { "The worst slices" } else { "All slices" };
    let mut table = Table::new(caption, &header);
    for (column, slice) in shown {
        table.push([named(column, slice)].into_iter().chain(numbers(slice)));
    }
    section.tables.push(table);
    section
}

fn named(column: &str, slice: &Slice) -> String {
    format!("{column}: {}", value(slice))
}

fn calibration_row(column: &str, slice: &Slice) -> IntervalRow {
    IntervalRow {
        name: named(column, slice),
        estimate: slice.summary.calibration.unwrap_or(f64::NAN),
        interval: slice.intervals.calibration,
    }
}

/// Mean prediction against mean label, value by value.
fn values(slices: &Slices) -> Section {
    let mut section = Section::new("Values").with_note(
        "Whether the model is right on average where a column has a value: the mean prediction should lie in the interval \
         of the mean label (95 %, by Wilson).",
    );
    section.tables = slices.columns.iter().map(values_of).collect();
    section
}

fn values_of(column: &ColumnSlices) -> Table {
    let ColumnSlices { column: name, form, slices } = column;
    let what = match form {
        SliceForm::Values => "value",
        SliceForm::Numbers => "range",
    };
    let caption = match slices.len() > MAX_VALUES {
        true => format!("{name}: {MAX_VALUES} of {} values", grouped(slices.len() as u64)),
        false => name.clone(),
    };
    let header =
        [what, "rows", "share", "mean prediction", "mean label", "from", "to", "ratio", "AUC"];
    let mut table = Table::new(caption, &header);
    let total: u64 = slices.iter().map(|slice| slice.summary.rows).sum();
    for slice in slices.iter().take(MAX_VALUES) {
        let Slice { summary, base_rate_interval: ends, .. } = slice;
        table.push([
            value(slice),
            grouped(summary.rows),
            percent(summary.rows, total),
            metric(summary.mean_prediction),
            metric(summary.base_rate),
            metric(ends.map(|ends| ends.low)),
            metric(ends.map(|ends| ends.high)),
            metric(summary.calibration),
            metric(summary.auc),
        ]);
    }
    table
}
