//! The schedule of learning rates: their factor at each step of a run.
//!
//! A schedule is one factor for all learning rates, so that those of tables and of other weights keep their ratio.

use crate::config_file::{Schedule, TrainConfig};
use std::f64::consts::PI;

/// The factor of the learning rates in the course of a run.
#[derive(Clone, Debug)]
pub(crate) struct RateSchedule {
    schedule: Schedule,
    warm_up: u64,
    /// The steps that the run is expected to make, at least 1.
    n_steps: u64,
    decay: f64,
    every: u32,
    patience: u32,
    minimum: f64,
    /// With `step` and `plateau`: the level after the decays so far.
    level: f64,
    /// The epochs in a row without a better one, since the last decay.
    waited: u32,
}

impl RateSchedule {
    /// The schedule of a run that is expected to make `n_steps` steps.
    pub(crate) fn new(config: &TrainConfig, n_steps: u64) -> Self {
        Self {
            schedule: config.schedule,
            warm_up: config.warm_up,
            n_steps: n_steps.max(1),
            decay: config.decay_factor.unwrap_or(0.1),
            every: config.decay_every.unwrap_or(1),
            patience: config.decay_patience.unwrap_or(1),
            minimum: config.decay_minimum.unwrap_or(0.0),
            level: 1.0,
            waited: 0,
        }
    }

    /// The schedule at an earlier [`progress`](Self::progress).
    pub(crate) fn at(self, level: f64, waited: u32) -> Self {
        Self { level, waited, ..self }
    }

    /// The level after the decays so far, and the epochs waited since the last one.
    pub(crate) fn progress(&self) -> (f64, u32) {
        (self.level, self.waited)
    }

    /// The factor of the step that follows `step` others; above 0.
    pub(crate) fn factor(&self, step: u64) -> f64 {
        if step < self.warm_up {
            return (step + 1) as f64 / self.warm_up as f64;
        }
        match self.schedule {
            Schedule::Constant => 1.0,
            Schedule::Cosine => self.cosine(step),
            Schedule::Step | Schedule::Plateau => self.level,
        }
    }

    /// The factor of `cosine`, from 1 at the end of the warm-up; it would reach the minimum one step after the last,
    /// and the steps after the last keep the factor of the last.
    fn cosine(&self, step: u64) -> f64 {
        let n_steps = self.n_steps.saturating_sub(self.warm_up).max(1);
        let step = (step - self.warm_up).min(n_steps - 1);
        let wave = 0.5 * (1.0 + libm::cos(PI * step as f64 / n_steps as f64));
        self.minimum + (1.0 - self.minimum) * wave
    }

    /// Records the end of an epoch, counted from 1, and whether it was the best so far; returns whether the rates fall.
    pub(crate) fn end_epoch(&mut self, epoch: u32, best: bool) -> bool {
        self.waited = if best { 0 } else { self.waited.saturating_add(1) };
        let falls = match self.schedule {
            Schedule::Constant | Schedule::Cosine => false,
            Schedule::Step => epoch.is_multiple_of(self.every),
            Schedule::Plateau => self.waited >= self.patience,
        };
        let before = self.level;
        if falls {
            self.waited = 0;
            self.level = (self.level * self.decay).max(self.minimum).max(f64::MIN_POSITIVE);
        }
        self.level < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(text: &str, n_steps: u64) -> RateSchedule {
        RateSchedule::new(&toml::from_str(text).expect("a well-formed section"), n_steps)
    }

    #[track_caller]
    fn check(rates: &RateSchedule, steps: &[u64], factors: &[f64]) {
        for (&step, factor) in steps.iter().zip(factors) {
            let found = rates.factor(step);
            assert!((found - factor).abs() < 1e-12, "step {step}: {found}, not {factor}");
        }
    }

    #[test]
    fn rates_grow_linearly_in_the_warm_up() {
        let rates = rates("warm_up = 4", 100);
        check(&rates, &[0, 1, 3, 4, 99, 1000], &[0.25, 0.5, 1.0, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn rates_fall_along_half_a_cosine_wave() {
        let rates = rates("schedule = 'cosine'\nwarm_up = 2\ndecay_minimum = 0.2", 10);
        // Half of the way is at 2 + 8 / 2; a quarter of the way, the factor is (1 + cos(π/4)) / 2.
        check(&rates, &[1, 2, 4, 6], &[1.0, 1.0, 0.2 + 0.8 * 0.853_553_390_593_273_8, 0.6]);
        assert_eq!(rates.factor(9), rates.factor(1000));
        assert!(rates.factor(9) > 0.2);
    }

    #[test]
    fn rates_fall_after_a_number_of_epochs() {
        let mut rates =
            rates("schedule = 'step'\ndecay_every = 2\ndecay_factor = 0.5\ndecay_minimum = 0.3", 1);
        let falls =
            [1, 2, 3, 4, 5, 6].map(|epoch| (rates.end_epoch(epoch, false), rates.factor(7)));
        let expected =
            [(false, 1.0), (true, 0.5), (false, 0.5), (true, 0.3), (false, 0.3), (false, 0.3)];
        assert_eq!(falls, expected);
    }

    #[test]
    fn rates_fall_on_a_plateau() {
        let mut rates = rates("schedule = 'plateau'\ndecay_patience = 2", 1);
        let best = [true, false, true, false, false, false, false];
        let falls: Vec<_> =
            (1..).zip(best).map(|(epoch, best)| rates.end_epoch(epoch, best)).collect();
        assert_eq!(falls, [false, false, false, false, true, false, true]);
        check(&rates, &[9], &[0.01]);
    }
}
