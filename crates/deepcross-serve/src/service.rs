//! The state that all requests share.

use crate::metrics::{Gauges, Metrics};
use crate::request_rows::Limits;
use crate::scoring_threads::ScoringThreads;
use crate::served_model::{CurrentModel, LoadedModel};
use crate::value_watch::ValueWatch;
use crate::{Event, ServeConfig};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::Semaphore;

/// Receives the events of the service.
pub type EventListener = Box<dyn Fn(Event) + Send + Sync>;

/// The state of a service, shared by all requests.
pub(crate) struct Service {
    pub(crate) config: ServeConfig,
    pub(crate) current_model: CurrentModel,
    pub(crate) scoring: ScoringThreads,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) value_watch: Mutex<ValueWatch>,
    /// One permit for each byte of request bodies that may be in memory.
    pub(crate) body_memory: Arc<Semaphore>,
    pub(crate) is_draining: AtomicBool,
    pub(crate) connections: AtomicUsize,
    pub(crate) listener: EventListener,
}

impl Service {
    pub(crate) fn limits(&self) -> Limits {
        let ServeConfig { max_rows, max_value, absent_as_missing, .. } = self.config;
        Limits { max_rows, max_value, absent_as_missing }
    }

    /// Reloads the model, counts the reload and reports it.
    pub(crate) fn reload(&self) -> Result<Arc<LoadedModel>, String> {
        let result = self.current_model.reload();
        let (counter, event) = match &result {
            Ok(model) => (&self.metrics.reloads, Event::Reloaded(model.fingerprint)),
            Err(reason) => (&self.metrics.reloads_refused, Event::ReloadRefused(reason.clone())),
        };
        counter.fetch_add(1, Ordering::Relaxed);
        (self.listener)(event);
        result
    }

    /// Reports and counts values that are unlike those of training.
    pub(crate) fn watch_values(&self) {
        let mut watch = self.value_watch.lock().unwrap_or_else(PoisonError::into_inner);
        let model = self.current_model.get();
        for change in watch.changes(&model, &self.metrics, Instant::now()) {
            self.metrics.count_warning(&change);
            (self.listener)(Event::UnlikeTraining(change.to_string()));
        }
    }

    /// Reports the open connections that the service does not wait for.
    pub(crate) fn report_cut(&self) {
        (self.listener)(Event::Cut(self.connections.load(Ordering::Relaxed)));
    }

    pub(crate) fn gauges(&self) -> Gauges {
        Gauges {
            queue_rows: self.scoring.queue.n_rows(),
            connections: self.connections.load(Ordering::Relaxed),
            fingerprint: self.current_model.get().fingerprint,
        }
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("config", &self.config).finish_non_exhaustive()
    }
}
