//! The server: listens on an address, serves connections, and shuts down in order.
//!
//! Hyper serves the connections directly: axum's own server has no time limit for heads and no bound on connections.

use crate::job_queue::JobQueue;
use crate::metrics::Metrics;
use crate::router::router;
use crate::scoring_threads::ScoringThreads;
use crate::served_model::CurrentModel;
use crate::service::{EventListener, Service};
use crate::stopper::{End, Stopper};
use crate::timed_write::TimedWrite;
use crate::value_watch::ValueWatch;
use crate::{Event, ModelLoader, ServeConfig, ServeError};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{interval, sleep, timeout};

/// A service that has an address and a model, and does not run yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    addr: SocketAddr,
    service: Arc<Service>,
    stopper: Stopper,
}

impl Server {
    /// Checks the configuration, loads the model, and listens; `listener` receives all events.
    ///
    /// # Errors
    /// [`ServeError`]; then nothing runs.
    pub fn bind(
        config: ServeConfig,
        load: ModelLoader,
        listener: EventListener,
    ) -> Result<Self, ServeError> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(ServeError::Config(problems));
        }
        let current_model =
            CurrentModel::new(load, !config.absent_as_missing).map_err(ServeError::Model)?;
        let bind = |source| ServeError::Bind { addr: config.addr, source };
        let socket = TcpListener::bind(config.addr).map_err(bind)?;
        let addr = socket.local_addr().map_err(bind)?;
        socket.set_nonblocking(true).map_err(bind)?;
        let metrics = Arc::new(Metrics::new());
        let ServeConfig { threads, queue_rows, batch_rows, batch_delay, score_timeout, .. } =
            config;
        let queue = JobQueue::new(queue_rows, batch_rows, batch_delay);
        let scoring = ScoringThreads::start(queue, threads, batch_rows, score_timeout, &metrics)
            .map_err(|source| ServeError::System {
                what: "the scoring threads cannot be started",
                source,
            })?;
        // No body is longer than one acquisition may be, and no machine has more bytes than a semaphore can have
        // permits.
        let body_memory = config.body_memory.min(Semaphore::MAX_PERMITS);
        let value_watch = ValueWatch::new(current_model.get(), Instant::now());
        let service = Service {
            body_memory: Arc::new(Semaphore::new(body_memory)),
            config,
            current_model,
            scoring,
            metrics,
            value_watch: Mutex::new(value_watch),
            is_draining: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            listener,
        };
        Ok(Self { listener: socket, addr, service: Arc::new(service), stopper: Stopper::new() })
    }

    /// The address that the server listens on, with the port that it got.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Ends the service when it runs by [`run_until_stopped`](Self::run_until_stopped).
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Serves until SIGTERM or SIGINT, and then until all requests in flight are answered; starts its own threads.
    ///
    /// SIGHUP reloads the model; a second SIGTERM or SIGINT cuts the requests in flight.
    ///
    /// # Errors
    /// [`ServeError::System`] if threads, the socket or signals are not available.
    pub fn run(self) -> Result<(), ServeError> {
        self.run_to(|_| End::by_signals())
    }

    /// Serves until its [`stopper`](Self::stopper) is called, and then until all requests in flight are answered; starts
    /// its own threads.
    ///
    /// Signals are left to the program. A second call of the stopper cuts the requests in flight.
    ///
    /// # Errors
    /// [`ServeError::System`] if threads or the socket are not available.
    pub fn run_until_stopped(self) -> Result<(), ServeError> {
        self.run_to(|stopper| Ok(End::by(stopper)))
    }

    fn run_to(self, end: impl FnOnce(&Stopper) -> std::io::Result<End>) -> Result<(), ServeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(std::thread::available_parallelism().map_or(2, usize::from).min(4))
            .max_blocking_threads(4)
            .thread_name("http")
            .enable_all()
            .build()
            .map_err(|source| ServeError::System {
                what: "the service's threads cannot be started",
                source,
            })?;
        let done = runtime.block_on(self.serve(end));
        // Connections that were cut must not keep the program alive.
        runtime.shutdown_timeout(Duration::from_millis(100));
        done
    }

    async fn serve(
        self,
        end: impl FnOnce(&Stopper) -> std::io::Result<End>,
    ) -> Result<(), ServeError> {
        let Self { listener, addr, service, stopper } = self;
        let mut ends = end(&stopper)
            .map_err(|source| ServeError::System { what: "signals cannot be received", source })?;
        let listener = tokio::net::TcpListener::from_std(listener)
            .map_err(|source| ServeError::Bind { addr, source })?;
        let connections = Connections::new(Arc::clone(&service));
        (service.listener)(Event::Listening(addr));
        let watching = tokio::spawn(watch_values(Arc::clone(&service)));
        tokio::select! {
            () = connections.accept(&listener) => {}
            () = ends.wait(&service) => {}
        }
        service.is_draining.store(true, Ordering::Relaxed);
        (service.listener)(Event::Draining);
        let delay = service.config.drain_delay;
        let end = async move {
            // Load balancers ask for readiness a few times before they stop sending requests.
            let _ = timeout(delay, connections.accept(&listener)).await;
            drop(listener);
            connections.drain().await;
        };
        tokio::select! {
            () = end => {}
            () = ends.wait(&service) => service.report_cut(),
        }
        watching.abort();
        service.watch_values();
        Ok(())
    }
}

/// Looks at the values of requests each second, for ever.
async fn watch_values(service: Arc<Service>) {
    let mut ticks = interval(Duration::from_secs(1));
    loop {
        ticks.tick().await;
        service.watch_values();
    }
}

/// All connections of a service.
struct Connections {
    service: Arc<Service>,
    router: Router,
    slots: Arc<Semaphore>,
    graceful: GracefulShutdown,
}

/// A place among the connections; dropping it frees the place.
struct Slot {
    service: Arc<Service>,
    _permit: OwnedSemaphorePermit,
}

impl Connections {
    fn new(service: Arc<Service>) -> Self {
        let slots = Arc::new(Semaphore::new(service.config.max_connections));
        let router = router(Arc::clone(&service));
        Self { service, router, slots, graceful: GracefulShutdown::new() }
    }

    /// Accepts connections for ever, up to the largest number at a time.
    async fn accept(&self, listener: &tokio::net::TcpListener) {
        loop {
            let Ok(permit) = Arc::clone(&self.slots).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => self.spawn(stream, Slot::new(&self.service, permit)),
                // The process has too few file handles, or the caller has gone: no reason to end.
                Err(_) => sleep(Duration::from_millis(10)).await,
            }
        }
    }

    fn spawn(&self, stream: TcpStream, slot: Slot) {
        // Small responses must be sent at once, without waiting for more data.
        let _ = stream.set_nodelay(true);
        let config = &self.service.config;
        let stream = TokioIo::new(TimedWrite::new(stream, config.write_timeout));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(config.read_timeout)
            // A caller that has closed its sending side may still wait for the answer.
            .half_close(true)
            .max_buf_size(64 << 10)
            .serve_connection(stream, TowerToHyperService::new(self.router.clone()));
        let connection = self.graceful.watch(connection);
        tokio::spawn(async move {
            // An error here is the caller's: it left, was too slow, or did not send HTTP.
            let _ = connection.await;
            drop(slot);
        });
    }

    /// Waits until all requests are answered, or the drain time is over.
    async fn drain(self) {
        let Self { service, graceful, .. } = self;
        let done = timeout(service.config.drain_timeout, graceful.shutdown()).await;
        match done {
            Ok(()) => (service.listener)(Event::Drained),
            Err(_) => service.report_cut(),
        }
    }
}

impl Slot {
    fn new(service: &Arc<Service>, permit: OwnedSemaphorePermit) -> Self {
        service.connections.fetch_add(1, Ordering::Relaxed);
        Self { service: Arc::clone(service), _permit: permit }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.service.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
