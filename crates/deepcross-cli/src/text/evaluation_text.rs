//! The metrics of a model, what it relies on and where it is wrong, as text.

use super::group_report::GroupReport;
use super::tables::{counted, grouped, metric, shown, table};
use super::threshold_report::ThresholdReport;
use super::undefined_metrics::UndefinedMetrics;
use deepcross_metrics::Summary;
use deepcross_train::importance::{Importance, ImportanceEstimate, Importances};
use deepcross_train::slices::{Slice, Slices};

/// The most slices in the table; the page and the JSON have all.
const MAX_SLICES: usize = 20;

/// Results of `evaluate` beside the metrics, each if it was asked for.
#[derive(Default)]
pub(crate) struct EvaluationExtras {
    pub(crate) decisions: Option<ThresholdReport>,
    pub(crate) groups: Option<GroupReport>,
    /// The importances, and the number of all rows, of which a sample was permuted.
    pub(crate) importance: Option<(Importances, u64)>,
    pub(crate) slices: Option<Slices>,
}

/// The text that `evaluate` prints: the metrics, and what else was asked for.
pub(crate) fn evaluation_text(summary: &Summary, extras: &EvaluationExtras) -> String {
    let mut table = table(&["metric", "model", "always the base rate"]);
    for found in summary.metrics() {
        let reference = found.value.and(found.reference.value());
        table.add_row([found.label.to_owned(), metric(found.value), metric(reference)]);
    }
    let (rows, positives) = (counted(summary.rows, "row"), grouped(summary.positives));
    let (metrics, more) = (table.trim_fmt(), extras.text());
    let reasons = undefined(summary, extras)
        .iter()
        .map(|undefined| format!("\n{undefined}"))
        .collect::<String>();
    let reasons = if reasons.is_empty() { reasons } else { format!("\n{reasons}") };
    format!("{rows}, {positives} positive\n\n{metrics}{reasons}{more}")
}

/// The metrics that the rows do not define, with their reasons.
pub(crate) fn undefined(summary: &Summary, extras: &EvaluationExtras) -> Vec<UndefinedMetrics> {
    let of_all = UndefinedMetrics::of(summary);
    let decisions = extras.decisions.iter().flat_map(ThresholdReport::undefined);
    let groups = extras.groups.iter().flat_map(GroupReport::undefined);
    of_all.into_iter().chain(decisions).chain(groups).collect()
}

impl EvaluationExtras {
    /// The tables, one after the other; empty if nothing was asked for.
    fn text(&self) -> String {
        let importance = self.importance.as_ref().map(|(found, of)| importance(found, *of));
        let decisions = self.decisions.as_ref().map(|found| found.table().trim_fmt());
        let groups = self.groups.as_ref().map(GroupReport::text);
        let parts = decisions.into_iter().chain(groups).chain(importance);
        let parts = parts.chain(self.slices.as_ref().map(slices));
        parts.map(|part| format!("\n\n{part}")).collect()
    }
}

/// The names of fields that move together.
pub(crate) fn names(importance: &Importance) -> String {
    importance.fields.join(" + ")
}

/// The number of rows that importance was measured on, in words.
pub(crate) fn permuted_rows(found: &Importances, of: u64) -> String {
    let rows = counted(found.rows, "row");
    match found.rows == of {
        true => format!("all {rows}"),
        false => format!("{rows} of {}, chosen by their position", grouped(of)),
    }
}

fn importance(found: &Importances, of: u64) -> String {
    let mut table =
        table(&["field", "log loss added", "95 % interval", "AUC lost", "95 % interval"]);
    let ends = |lost: Option<ImportanceEstimate>| {
        lost.map_or_else(|| "–".to_owned(), |lost| format!("{:.4} to {:.4}", lost.low, lost.high))
    };
    let mut add = |name: String, one: &Importance| {
        let of = |lost: Option<ImportanceEstimate>| metric(lost.map(|lost| lost.lost));
        table.add_row([name, of(one.log_loss), ends(one.log_loss), of(one.auc), ends(one.auc)]);
    };
    found.fields.iter().for_each(|one| add(names(one), one));
    add("(all fields)".to_owned(), &found.all);
    format!(
        "importance: the loss if the values of a field are permuted among the rows\n\
         {}, {} permutations of each field\n\n{}",
        permuted_rows(found, of),
        found.repeats,
        table.trim_fmt()
    )
}

fn slices(found: &Slices) -> String {
    let header = [
        "column",
        "value",
        "rows",
        "positives",
        "prediction",
        "label",
        "calibration",
        "95 % interval",
        "log loss",
        "NE",
        "AUC",
        "costs at least",
    ];
    let mut table = table(&header);
    let worst = found.worst();
    for (column, slice) in worst.iter().take(MAX_SLICES) {
        table.add_row([(*column).to_owned(), value(slice)].into_iter().chain(numbers(slice)));
    }
    let n = worst.len() as u64;
    let costly = worst.iter().filter(|(_, slice)| slice.cost > 0.0).count() as u64;
    let shown = match worst.len() > MAX_SLICES {
        true => format!(", of which {MAX_SLICES} are shown; --report and --json have all"),
        false => String::new(),
    };
    format!(
        "slices: the most costly first; costs are in log loss over all rows, beyond what chance explains\n\
         {}, {} beyond chance{shown}\n\n{}",
        counted(n, "slice"),
        grouped(costly),
        table.trim_fmt()
    )
}

/// The value or range that a slice's rows have in common, for a cell.
pub(crate) fn value(slice: &Slice) -> String {
    shown(&slice.value.to_string())
}

/// The cells of a slice after its value.
pub(crate) fn numbers(slice: &Slice) -> [String; 10] {
    let Slice { summary, intervals, cost, .. } = slice;
    let interval = intervals.calibration.map_or_else(
        || "–".to_owned(),
        |interval| format!("{:.3} to {:.3}", interval.low, interval.high),
    );
    [
        grouped(summary.rows),
        grouped(summary.positives),
        metric(summary.mean_prediction),
        metric(summary.base_rate),
        metric(summary.calibration),
        interval,
        metric(summary.log_loss),
        metric(summary.normalized_entropy),
        metric(summary.auc),
        if *cost > 0.0 { format!("{cost:.6}") } else { "0".to_owned() },
    ]
}
