//! The epoch whose weights a run keeps: the score that chooses it, and the warnings about it.

use super::trainer::Run;
use crate::checkpoint::WorseThanConstant;
use crate::config_file::Monitor;
use crate::event::EpochReport;
use crate::warning::Warning;
use deepcross_metrics::inference::OverConstant;
use deepcross_metrics::{Evaluated, Summary};

/// The log loss of the kept epoch, relative to the lowest of all epochs, from which on the run warns.
///
/// From one epoch to the next, the log loss of a model that still gains AUC seldom rises by more than one or two in a
/// hundred.
const FAR: f64 = 1.05;

impl Monitor {
    /// The score of an epoch with these validation metrics; higher is better. `None` if no row has a weight.
    ///
    /// Rows of one class have no AUC, in any epoch, so that the log loss chooses the epoch.
    /// Rejected: an error. It would depend on the rows that happen to be held out.
    pub fn score(self, valid: &Summary) -> Option<f64> {
        let loss = valid.log_loss?;
        Some(match (self, valid.auc) {
            (Self::Auc, Some(auc)) => auc,
            (Self::AucLogLoss, Some(auc)) => auc - loss,
            (Self::LogLoss, _) | (_, None) => -loss,
        })
    }
}

/// The standard errors by which a log loss is above that of a constant for more reasons than chance.
const CHANCE: f64 = 3.0;

impl Run<'_> {
    /// The warnings about the epoch that is kept, after the last epoch; none without validation rows.
    pub(super) fn kept_warnings(&self) -> Vec<Warning> {
        let (reports, best) = (&self.state.reports, &self.state.best);
        let kept = reports.iter().find(|report| report.epoch == best.epoch);
        let Some((kept, valid)) = kept.and_then(|kept| Some((kept, kept.valid.as_ref()?))) else {
            return Vec::new();
        };
        let worse = best.worse.zip(valid.log_loss).map(|(worse, log_loss)| {
            let WorseThanConstant { rate, constant } = worse;
            let (epoch, is_last) = (kept.epoch, kept.epoch as usize == reports.len());
            Warning::WorseThanConstant { epoch, is_last, log_loss, rate, constant }
        });
        let far = far_above_best(self.config.train.monitor(), (kept.epoch, valid), reports);
        worse.into_iter().chain(far).collect()
    }
}

impl WorseThanConstant {
    /// The comparison of an epoch with predicting `rate` for every row, if the epoch is worse by more than chance.
    pub(super) fn of(evaluated: &Evaluated<f32>, rate: f64) -> Option<Self> {
        let log_loss = evaluated.summary.log_loss?;
        // Training rows of one class have a warning of their own.
        let found = (rate > 0.0 && rate < 1.0)
            .then(|| evaluated.ranked.log_loss_over_constant(rate))
            .flatten()?;
        let OverConstant { constant, difference, standard_error } = found;
        let is_worse = log_loss > constant && difference > CHANCE * standard_error;
        is_worse.then_some(Self { rate, constant })
    }
}

/// The warning of an epoch that the AUC has chosen, if its log loss is far above the lowest one.
fn far_above_best(
    monitor: Monitor,
    (epoch, valid): (u32, &Summary),
    reports: &[EpochReport],
) -> Option<Warning> {
    // Without an AUC, the log loss itself has chosen the epoch.
    let log_loss = valid.auc.and(valid.log_loss).filter(|_| monitor != Monitor::LogLoss)?;
    let of_report = |report: &EpochReport| Some((report.epoch, report.valid.as_ref()?.log_loss?));
    let losses = reports.iter().filter_map(of_report);
    let (best, best_log_loss) = losses.min_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let with_log_loss = monitor == Monitor::AucLogLoss;
    (log_loss > FAR * best_log_loss).then_some(Warning::FarAboveBest {
        epoch,
        log_loss,
        best,
        best_log_loss,
        with_log_loss,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use deepcross_metrics::Evaluation;

    /// The metrics of four rows, two of them positive, whose probabilities are these.
    fn metrics(probabilities: [f32; 4], labels: [f32; 4]) -> Summary {
        let mut evaluation = Evaluation::default();
        evaluation.push_all(&probabilities, &labels, &[1.0_f32; 4]).expect("the rows are good");
        evaluation.finish().summary
    }

    const BOTH: [f32; 4] = [0.0, 1.0, 0.0, 1.0];

    #[test]
    fn scores_are_of_the_monitored_metric() {
        let valid = metrics([0.2, 0.6, 0.7, 0.9], BOTH);
        let (auc, loss) = (valid.auc.unwrap(), valid.log_loss.unwrap());
        assert_eq!(auc, 0.75);
        assert_eq!(Monitor::LogLoss.score(&valid), Some(-loss));
        assert_eq!(Monitor::Auc.score(&valid), Some(0.75));
        assert_eq!(Monitor::AucLogLoss.score(&valid), Some(0.75 - loss));
        let one_class = metrics([0.2, 0.6, 0.7, 0.9], [1.0; 4]);
        for monitor in [Monitor::LogLoss, Monitor::Auc, Monitor::AucLogLoss] {
            assert_eq!(monitor.score(&one_class), one_class.log_loss.map(|loss| -loss));
        }
    }

    #[test]
    fn an_epoch_is_compared_with_the_rate_of_the_training_rows() {
        // Half of the rows are positive; the predictions are the same for all, but for one row in ten.
        let evaluated = |n: usize, probability: f32| {
            let probabilities: Vec<_> =
                (0..n).map(|i| if i % 10 == 0 { 0.5 } else { probability }).collect();
            let labels: Vec<_> = (0..n).map(|i| (i / 10 % 2) as f32).collect();
            let mut evaluation = Evaluation::default();
            evaluation.push_all(&probabilities, &labels, &vec![1.0_f32; n]).expect("good rows");
            evaluation.finish()
        };
        let bad = evaluated(4000, 0.4);
        let found = WorseThanConstant::of(&bad, 0.5).expect("the rows are worse");
        assert!((found.constant - std::f64::consts::LN_2).abs() < 1e-12 && found.rate == 0.5);
        // Of few rows, it may be chance.
        assert_eq!(WorseThanConstant::of(&evaluated(40, 0.4), 0.5), None);
        // A rate that is not that of the validation rows is worse than these.
        assert_eq!(WorseThanConstant::of(&bad, 0.1), None);
        assert_eq!(WorseThanConstant::of(&evaluated(4000, 0.5), 0.5), None);
        assert_eq!(WorseThanConstant::of(&bad, 0.0), None);
    }

    #[test]
    fn only_an_epoch_that_the_auc_chose_can_be_far_above_the_best() {
        let report = |epoch, valid| EpochReport {
            epoch,
            train_loss: 0.1,
            learning_rate: 0.1,
            valid: Some(valid),
            best: true,
        };
        let (calm, sure) =
            (metrics([0.4, 0.6, 0.6, 0.6], BOTH), metrics([0.0, 0.6, 0.5, 1.0], BOTH));
        let unsure = metrics([0.4, 0.6, 0.6, 0.61], BOTH);
        let reports = [report(1, sure), report(2, calm), report(3, unsure)];
        let warned = |monitor, (epoch, valid)| far_above_best(monitor, (epoch, &valid), &reports);
        assert!(calm.log_loss > Some(1.05 * sure.log_loss.unwrap()));
        let Some(Warning::FarAboveBest { epoch: 2, best: 1, log_loss, best_log_loss, .. }) =
            warned(Monitor::Auc, (2, calm))
        else {
            panic!("no warning")
        };
        assert_eq!((Some(log_loss), Some(best_log_loss)), (calm.log_loss, sure.log_loss));
        assert!(warned(Monitor::AucLogLoss, (2, calm)).is_some());
        assert_eq!(warned(Monitor::LogLoss, (2, calm)), None);
        assert_eq!(warned(Monitor::Auc, (1, sure)), None);
        // Less than 5 % above the best.
        let reports = [report(2, calm), report(3, unsure)];
        assert!(calm.log_loss > unsure.log_loss);
        assert_eq!(far_above_best(Monitor::Auc, (2, &calm), &reports), None);
    }
}
