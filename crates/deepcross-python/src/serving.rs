//! A service that answers requests from threads of this process.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use deepcross_serve::{Event, ServeConfig, ServeError, ServedModel, Server, Stopper, Token};
use deepcross_train::TrainedRun;
use pyo3::prelude::*;

use crate::errors::Failure;
use crate::model::Model;

/// The most events that are kept.
const MOST_EVENTS: usize = 1000;

/// The events of a service, as sentences; the oldest are dropped.
type Events = Arc<Mutex<VecDeque<String>>>;

/// A service that runs.
#[pyclass(frozen, module = "deepcross._native")]
#[derive(Debug)]
pub(crate) struct Service {
    addr: SocketAddr,
    stopper: Stopper,
    events: Events,
    /// The process that has the threads: a copy of it, made by `fork`, has none.
    process: u32,
    /// `None` after the end.
    thread: Mutex<Option<JoinHandle<Result<(), ServeError>>>>,
}

#[pymethods]
impl Service {
    /// Serves a model, or the model of a file, on a port of the loopback address; port 0 takes a free one.
    #[staticmethod]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn start(
        py: Python<'_>,
        model: Option<&Model>,
        path: Option<PathBuf>,
        port: u16,
        token: &str,
        threads: usize,
        absent_as_missing: bool,
    ) -> PyResult<Self> {
        let load = match (model, path) {
            (_, Some(path)) => of_file(path),
            (Some(model), None) => of_model(model),
            (None, None) => return Err(Failure::Model("there is no model to serve".into()).into()),
        };
        let token = Token::new(token).ok_or_else(|| {
            Failure::Config("token: expected visible ASCII characters, without blanks".into())
        })?;
        let config = ServeConfig {
            addr: SocketAddr::from(([127, 0, 0, 1], port)),
            threads,
            absent_as_missing,
            token: Some(token),
            drain_timeout: Duration::from_secs(5),
            ..ServeConfig::default()
        };
        Ok(py.detach(|| Self::run(config, load))?)
    }

    /// The port that the service listens on.
    fn port(&self) -> u16 {
        self.addr.port()
    }

    /// Whether the service still runs, in this process.
    fn is_running(&self) -> bool {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_here() && thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// The events of the service so far, as sentences.
    fn events(&self) -> Vec<String> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.iter().cloned().collect()
    }

    /// Answers the requests in flight, and ends the service; does nothing after the end, and in a copy of the process.
    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        Ok(py.detach(|| self.end())?)
    }
}

impl Service {
    fn run(config: ServeConfig, load: deepcross_serve::ModelLoader) -> Result<Self, Failure> {
        let events = Events::default();
        let heard = Arc::clone(&events);
        let listener = move |event: Event| {
            let mut events = heard.lock().unwrap_or_else(PoisonError::into_inner);
            if events.len() == MOST_EVENTS {
                events.pop_front();
            }
            events.push_back(event.to_string());
        };
        let server = Server::bind(config, load, Box::new(listener))?;
        let (addr, stopper) = (server.addr(), server.stopper());
        let spawned = thread::Builder::new().name("deepcross-serve".into());
        let spawned = spawned.spawn(move || server.run_until_stopped());
        let thread = spawned.map_err(|error| Failure::Service(error.to_string()))?;
        let (process, thread) = (std::process::id(), Mutex::new(Some(thread)));
        Ok(Self { addr, stopper, events, process, thread })
    }

    /// Whether the threads of the service are in this process.
    fn is_here(&self) -> bool {
        self.process == std::process::id()
    }

    fn end(&self) -> Result<(), Failure> {
        if !self.is_here() {
            return Ok(());
        }
        self.stopper.stop();
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(thread) = thread.take() else { return Ok(()) };
        match thread.join() {
            Ok(ended) => Ok(ended?),
            Err(_) => Err(Failure::Service("the service has failed".into())),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if self.is_here() {
            self.stopper.stop();
        } else if let Ok(thread) = self.thread.get_mut() {
            // There is no thread to let go of.
            std::mem::forget(thread.take());
        }
    }
}

fn of_file(path: PathBuf) -> deepcross_serve::ModelLoader {
    Box::new(move || {
        let run = TrainedRun::load(&path);
        let TrainedRun { trained, config } = run.map_err(|error| Failure::from(error).message())?;
        Ok(ServedModel { trained, trim: config.data.trim })
    })
}

fn of_model(model: &Model) -> deepcross_serve::ModelLoader {
    let TrainedRun { trained, config } = model.run();
    let served = ServedModel { trained: trained.clone(), trim: config.data.trim };
    Box::new(move || Ok(served.clone()))
}
