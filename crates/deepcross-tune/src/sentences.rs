//! What a search has found, in words.

use crate::final_comparison::{FinalComparison, Verdict};
use crate::record::TrialRecord;
use crate::tuned::Tuned;
use deepcross_profile::number_text::counted;
use deepcross_train::config::Monitor;

/// The name of a metric.
pub fn by_name(by: Monitor) -> &'static str {
    match by {
        Monitor::LogLoss => "log loss",
        Monitor::Auc => "AUC",
        Monitor::AucLogLoss => "AUC − log loss",
    }
}

/// The settings of a trial in one line.
pub fn settings(tuned: &Tuned, trial: usize) -> String {
    tuned.records.latest(trial).map_or_else(String::new, settings_text)
}

/// The settings of a record in one line.
pub fn settings_text(record: &TrialRecord) -> String {
    if record.trial == 0 {
        return "the configuration as it is".to_owned();
    }
    let pairs = record.settings.iter().map(|(key, value)| format!("{key} = {value}"));
    pairs.collect::<Vec<_>>().join(", ")
}

/// What the search has found, in one or two sentences.
pub fn verdict(tuned: &Tuned) -> String {
    let number = tuned.winner.number;
    let by = by_name(tuned.by);
    let trials =
        counted(tuned.records.iter().filter(|record| record.rung == 0).count() as u64, "trial");
    let what = match (&tuned.verdict, &tuned.comparison) {
        (Verdict::DefaultIsBest, _) => {
            format!(
                "nothing was won: the configuration as it is has the best validation {by} of {trials}"
            )
        }
        (Verdict::Unknown(reason), _) => {
            format!(
                "whether trial {number} is better than the configuration as it is, is not known: {reason}"
            )
        }
        (_, None) => String::new(),
        (Verdict::Better, Some(comparison)) => {
            format!(
                "trial {number} is better than the configuration as it is: {}",
                gain(by, comparison)
            )
        }
        (Verdict::NotBetter, Some(comparison)) => format!(
            "nothing was won: trial {number} is the best in validation, but on the test rows it is not better than chance \
             explains: {}",
            gain(by, comparison)
        ),
        (Verdict::Worse, Some(comparison)) => format!(
            "nothing was won: trial {number} is the best in validation, but worse on the test rows: {}",
            gain(by, comparison)
        ),
    };
    let cut = match tuned.is_cut_short {
        true => "; the time ended before the last rung was complete",
        false => "",
    };
    what + cut
}

/// The gain with its interval.
fn gain(by: &str, comparison: &FinalComparison) -> String {
    let FinalComparison { seeds, rows, gain, .. } = comparison;
    let (seeds, rows) = (counted(seeds.len() as u64, "seed"), counted(*rows, "test row"));
    let (value, low, high) = (gain.value, gain.low, gain.high);
    format!(
        "a gain in {by} of {value:.4} ({low:.4} to {high:.4} at 95 %), over {rows} and {seeds} each"
    )
}
