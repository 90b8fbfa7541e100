//! Watches whether the values of requests are unlike those of training.
//!
//! Values are judged by their counts in a window of at least a minute, and each window warns at most once: a caller who
//! spells a field in another way does so in every request.

use crate::metrics::Metrics;
use crate::served_model::LoadedModel;
use deepcross_features::{Counts, FieldCounts};
use deepcross_model::ValueChange;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The least time of a window.
const WINDOW: Duration = Duration::from_secs(60);
/// The least values of a field in a window: a service with few requests takes longer.
const LEAST_VALUES: u64 = 100;

/// A window, from its begin until now.
#[derive(Debug)]
pub(crate) struct ValueWatch {
    model: Arc<LoadedModel>,
    begun: Instant,
    /// The counts of all values before the window.
    before: Counts,
    has_warned: bool,
}

impl ValueWatch {
    /// A window that begins with the first request.
    pub(crate) fn new(model: Arc<LoadedModel>, now: Instant) -> Self {
        let before = model.scorer.encoder().new_counts();
        Self { model, begun: now, before, has_warned: false }
    }

    /// The fields whose values in this window are unlike those of training, if the window has not warned yet.
    pub(crate) fn changes(
        &mut self,
        model: &Arc<LoadedModel>,
        metrics: &Metrics,
        now: Instant,
    ) -> Vec<ValueChange> {
        let counts = metrics.counts(model.scorer.encoder().shapes());
        if !Arc::ptr_eq(&self.model, model) {
            *self = Self { before: counts, ..Self::new(Arc::clone(model), now) };
            return Vec::new();
        }
        let window = difference(&counts, &self.before, self.model.scorer.encoder().new_counts());
        let changes = match self.has_warned {
            true => Vec::new(),
            false => model.scorer.trained().value_changes(&window),
        };
        self.has_warned |= !changes.is_empty();
        let has_values = window.iter().any(|(_, counts)| counts.values >= LEAST_VALUES);
        if now.duration_since(self.begun) >= WINDOW && has_values {
            (self.begun, self.before, self.has_warned) = (now, counts, false);
        }
        changes
    }
}

/// The counts that were added since `before`; `none` has the same fields and no counts.
fn difference(now: &Counts, before: &Counts, mut none: Counts) -> Counts {
    let pairs = now.iter().zip(before.iter());
    none.add_in_order(pairs.map(|((_, now), (_, before))| {
        let mut added: FieldCounts = *now;
        added -= *before;
        added
    }));
    none
}
