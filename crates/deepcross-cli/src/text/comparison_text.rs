//! A comparison of models, as text.

use super::pace::Pace;
use super::tables::{counted, grouped, metric, table};
use deepcross_metrics::inference::{SeedDifference, SeedEstimate};
use deepcross_model::TrainingSummary;
use deepcross_train::compare::{ComparedModel, Comparison, TestedOn};

/// The text that `compare` prints: the metrics of the models, their sizes, and how to read the numbers.
pub(crate) fn comparison_text(comparison: &Comparison, paces: &[Pace]) -> String {
    let mut metrics = table(&header(comparison));
    let mut sizes = table(&["model", "weights", "epochs", "kept", "seconds a run", "rows/s"]);
    for (model, cost) in comparison.models.iter().zip(costs(comparison, paces)) {
        metrics.add_row(cells(model));
        sizes.add_row([vec![model.name.clone()], cost].concat());
    }
    let notes = notes(comparison).join("\n");
    format!("{}\n\n{}\n\n{}\n\n{notes}", head(comparison), metrics.trim_fmt(), sizes.trim_fmt())
}

fn head(comparison: &Comparison) -> String {
    let rows = counted(comparison.rows, "row");
    let what = match comparison.tested_on {
        TestedOn::Test => "tested on",
        TestedOn::Validation => "tested on the validation rows,",
    };
    let seeds = comparison.models.first().map_or(0, |model| model.runs.len());
    let positives = grouped(comparison.positives);
    format!("{what} {rows}, {positives} positive; means of {}", counted(seeds as u64, "seed"))
}

/// Sentences that explain how to read the numbers.
pub(crate) fn notes(comparison: &Comparison) -> Vec<String> {
    let seeds = comparison.models.first().map_or(0, |model| model.runs.len());
    let over = match seeds {
        1 => "over rows only: one seed says nothing about other seeds",
        _ => "over rows and seeds",
    };
    let mut notes = vec![format!("± is half a 95 % interval, {over}.")];
    if comparison.models.len() > 1 {
        notes.push(
            "The best model has the highest AUC; p-values are two-sided, paired on the same rows, and adjusted by Holm for all models of the table."
                .to_owned(),
        );
    }
    if comparison.tested_on == TestedOn::Validation {
        notes.push(
            "The validation rows chose the epoch that is kept, so all models look a little better than they are: give other rows by --test."
                .to_owned(),
        );
    }
    notes
}

/// The names of the columns of the table of metrics.
pub(crate) fn header(comparison: &Comparison) -> Vec<&'static str> {
    let tested = ["model", "AUC", "to the best", "p", "log loss", "to the best", "p"];
    let has_valid = comparison.models.iter().any(|model| model.valid.is_some());
    let valid = ["validation AUC", "validation log loss"].into_iter().filter(|_| has_valid);
    tested.into_iter().chain(valid).collect()
}

/// The cells of a model in the table of metrics.
pub(crate) fn cells(model: &ComparedModel) -> Vec<String> {
    let mut cells = vec![model.name.clone(), estimate(&model.auc)];
    let (auc, loss) = match &model.to_best {
        None => (["best".to_owned(), String::new()], [String::new(), String::new()]),
        Some(to_best) => (
            [difference(&to_best.auc), p_value(to_best.auc_p_adjusted)],
            [difference(&to_best.log_loss), p_value(to_best.log_loss_p_adjusted)],
        ),
    };
    cells.extend(auc);
    cells.push(estimate(&model.log_loss));
    cells.extend(loss);
    if let Some(valid) = &model.valid {
        cells.extend([metric(valid.auc), metric(Some(valid.log_loss))]);
    }
    cells
}

/// The weights, epochs, kept epoch, seconds and rows per second of each model, as means over its runs.
pub(crate) fn costs(comparison: &Comparison, paces: &[Pace]) -> Vec<Vec<String>> {
    let mut paces = paces.iter();
    let of_model = |model: &ComparedModel| {
        let n = model.runs.len();
        let own: Vec<_> = paces.by_ref().take(n).collect();
        let mean = |sum: f64| sum / n as f64;
        let seconds: f64 = own.iter().map(|pace| pace.seconds).sum();
        let rows: u64 = own.iter().map(|pace| pace.rows).sum();
        let epochs = |of: fn(&TrainingSummary) -> u32| {
            let sum: f64 = model.runs.iter().map(|run| f64::from(of(&run.training))).sum();
            format!("{:.1}", mean(sum))
        };
        vec![
            grouped(model.n_parameters),
            epochs(|training| training.epochs),
            epochs(|training| training.best_epoch),
            format!("{:.1}", mean(seconds)),
            grouped((rows as f64 / seconds.max(1e-9)) as u64),
        ]
    };
    comparison.models.iter().map(of_model).collect()
}

fn estimate(found: &SeedEstimate) -> String {
    format!("{:.4} ±{:.4}", found.value, 0.5 * (found.high - found.low))
}

fn difference(found: &SeedDifference) -> String {
    let sign = if found.difference < 0.0 { '−' } else { '+' };
    let half = 0.5 * (found.high - found.low);
    format!("{sign}{:.4} ±{half:.4}", found.difference.abs())
}

fn p_value(p: Option<f64>) -> String {
    match p {
        None => "–".to_owned(),
        Some(p) if p < 1e-4 => "<0.0001".to_owned(),
        Some(p) => format!("{p:.4}"),
    }
}
