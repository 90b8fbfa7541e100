//! What all routes share.

use crate::metrics::{Gauges, Metrics};
use crate::request_rows::Limits;
use crate::scoring_threads::ScoringThreads;
use crate::served_model::{CurrentModel, LoadedModel};
use crate::{Event, ServeConfig};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// What the service tells its events to.
pub type EventListener = Box<dyn Fn(Event) + Send + Sync>;

/// The state of a service, shared by all requests.
pub(crate) struct Service {
    pub(crate) config: ServeConfig,
    pub(crate) current_model: CurrentModel,
    pub(crate) scoring: ScoringThreads,
    pub(crate) metrics: Arc<Metrics>,
    /// A permit for each byte of a body that may be in memory.
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

    /// Loads the model anew, counts that and tells of it.
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

    /// Tells of connections that will not be waited for.
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
