//! The result of a search.

use crate::final_comparison::{FinalComparison, Verdict};
use crate::importance::Importance;
use crate::record::Records;
use crate::rungs::Rung;
use crate::space::Space;
use crate::trial::Trial;
use deepcross_train::RunConfig;
use deepcross_train::config::Monitor;

/// The result of a search.
#[derive(Clone, Debug)]
pub struct Tuned {
    /// The keys that trials changed.
    pub space: Space,
    /// The rungs.
    pub rungs: Vec<Rung>,
    /// The records of all trials.
    pub records: Records,
    /// The trials that were not trained, each with the reason.
    pub left_out: Vec<(usize, String)>,
    /// The metric that trials were chosen by.
    pub by: Monitor,
    /// Whether the time ended before the last rung was complete.
    pub is_cut_short: bool,
    /// The configuration as it is.
    pub default: RunConfig,
    /// The best trial.
    pub winner: Trial,
    /// The difference to the configuration as it is, on rows that the search has not seen; `None` if that is the winner,
    /// or if the runs cannot be compared.
    pub comparison: Option<FinalComparison>,
    /// What the search has found.
    pub verdict: Verdict,
    /// How much each key mattered.
    pub importance: Vec<Importance>,
}

impl Tuned {
    /// Takes the last comparison, or the verdict without one.
    pub(crate) fn compared(&mut self, compared: Result<FinalComparison, Verdict>) {
        (self.comparison, self.verdict) = match compared {
            Ok(comparison) => {
                let verdict = comparison.gain.verdict();
                (Some(comparison), verdict)
            }
            Err(verdict) => (None, verdict),
        };
    }

    /// The numbers of all trials that were trained, in order.
    pub fn trials(&self) -> Vec<usize> {
        self.records.iter().filter(|record| record.rung == 0).map(|record| record.trial).collect()
    }

    /// The trials that can be compared: those that have come further first, and of these the better first.
    pub fn ranking(&self) -> Vec<usize> {
        let of = |trial: usize| {
            let latest = self.records.latest(trial)?;
            let own = self.records.trained(trial)?;
            // A run that has ended has nothing left to train on higher rungs.
            let rung = if own.has_ended { self.rungs.len() } else { latest.rung };
            Some((rung, own.score, trial))
        };
        let mut all: Vec<_> = self.trials().into_iter().filter_map(of).collect();
        all.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
        all.into_iter().map(|(_, _, trial)| trial).collect()
    }

    /// The trials that cannot win, each with the reason.
    pub fn out(&self) -> Vec<(usize, String)> {
        let failed = self.trials().into_iter();
        let failed = failed.filter_map(|trial| Some((trial, self.records.reason_out(trial)?)));
        let mut all: Vec<_> = self.left_out.iter().cloned().chain(failed).collect();
        all.sort();
        all
    }
}
