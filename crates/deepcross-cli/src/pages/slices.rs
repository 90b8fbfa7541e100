//! The sections of slices on the page of `deepcross evaluate`.

use crate::text::evaluation_text::{numbers, value};
use crate::text::tables::{grouped, metric, percent};
use deepcross_report::{IntervalRow, Plot, Reference, Section, Table};
use deepcross_train::slices::{ColumnSlices, Slice, SliceForm, Slices};

/// The most slices in the plot and in the table of the worst.
const WORST: usize = 25;
/// The most values in the table of a column.
const MAX_VALUES: usize = 50;

/// The sections of the worst slices, and of the values of each column.
pub(super) fn sections(slices: &Slices) -> [Section; 2] {
    [worst(slices), values(slices)]
}

fn worst(slices: &Slices) -> Section {
    let all = slices.worst();
    let n_beyond = all.iter().filter(|(_, slice)| slice.cost > 0.0).count();
    let mut section = Section::new("Slices").with_note(format!(
        "A slice has the rows of one value, or of a range of numbers. The most costly come first. The cost is the log loss \
         over all rows that the right mean prediction in the slice would save at least, beyond what chance explains. Of {} \
         slices, {} have a cost; if all probabilities were right, the chance that any has one would be 5 %. Prediction and \
         label are means, the ratio is the calibration ratio, and NE is the normalized entropy.",
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

/// The mean prediction and mean label of each value.
fn values(slices: &Slices) -> Section {
    let mut section = Section::new("Values").with_note(
        "Whether the model is right on average for each value of a column: the mean prediction should lie in the interval of \
         the mean label (95 %, by Wilson).",
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
