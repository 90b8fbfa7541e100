//! The result of a search, as text.

use super::tables::{metric, table};
use comfy_table::CellAlignment;
use deepcross_tune::sentences::{settings, verdict};
use deepcross_tune::{Importance, Tuned};

/// The most trials and keys that are shown.
const SHOWN: usize = 8;

/// The text that `tune` prints: the best trials, what mattered, and what was won.
pub(crate) fn tuned_text(tuned: &Tuned) -> String {
    let mut trials = table(&["trial", "epochs", "kept", "log loss", "AUC", "settings"]);
    for &trial in tuned.ranking().iter().take(SHOWN) {
        let Some(own) = tuned.records.trained(trial) else { continue };
        trials.add_row([
            trial.to_string(),
            own.epochs.to_string(),
            own.kept_epoch.to_string(),
            metric(own.log_loss),
            metric(own.auc),
            settings(tuned, trial),
        ]);
    }
    if let Some(settings) = trials.column_mut(5) {
        settings.set_cell_alignment(CellAlignment::Left);
    }
    let mattered = mattered(&tuned.importance);
    format!("the best trials, by validation\n{}\n{mattered}\n{}", trials.trim_fmt(), verdict(tuned))
}

/// The keys whose values went with the most of the differences between trials.
fn mattered(all: &[Importance]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut keys = table(&["what mattered", "share", "by chance", "p"]);
    for Importance { key, share, by_chance, p_value } in all.iter().take(SHOWN) {
        keys.add_row([
            key.clone(),
            format!("{share:.2}"),
            format!("{by_chance:.2}"),
            format!("{p_value:.4}"),
        ]);
    }
    format!("\n{}\n", keys.trim_fmt())
}
