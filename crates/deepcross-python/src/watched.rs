//! Work beside the interpreter: on a thread of its own, while the calling thread passes messages on and hears signals.
//!
//! Python handles signals on its main thread alone, and only between two instructions of Python.
//! So the work runs on another thread, and the calling thread, which may be the main one, looks for signals a few times
//! a second and calls what is written in Python.
//! Other threads of Python run meanwhile.

use std::io;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;

/// The time after which the calling thread looks for signals again.
const INTERVAL: Duration = Duration::from_millis(50);

/// The work's side: the way for its messages, and whether it is to stop.
#[derive(Debug)]
pub(crate) struct Watch<'w, M> {
    messages: Sender<M>,
    is_stopped: &'w AtomicBool,
}

impl<M> Watch<'_, M> {
    /// Whether a signal or an exception asks the work to stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// The sender and the flag, for work that shares them between its threads.
    pub(crate) fn parts(&self) -> (Sender<M>, &AtomicBool) {
        (self.messages.clone(), self.is_stopped)
    }
}

/// Does `work` on a thread of its own, and calls `observe` with each of its messages on the calling thread.
///
/// # Errors
/// The exception of a signal handler, such as `KeyboardInterrupt`, or of `observe`; the work has ended then.
pub(crate) fn watched<M: Send, R: Send>(
    py: Python<'_>,
    mut observe: impl FnMut(Python<'_>, M) -> PyResult<()> + Send,
    work: impl FnOnce(&Watch<'_, M>) -> R + Send,
) -> PyResult<R> {
    py.detach(|| {
        let is_stopped = AtomicBool::new(false);
        let (messages, received) = channel();
        let watch = Watch { messages, is_stopped: &is_stopped };
        thread::scope(|scope| {
            let spawned = thread::Builder::new().spawn_scoped(scope, move || work(&watch));
            let spawned = spawned.map_err(|error: io::Error| PyErr::from(error))?;
            let heard = listen(&received, &mut observe);
            is_stopped.store(heard.is_err(), Ordering::Relaxed);
            let done = spawned.join().unwrap_or_else(|panic| resume_unwind(panic));
            heard.map(|()| done)
        })
    })
}

/// Passes messages on until the work has dropped its sender.
fn listen<M>(
    received: &Receiver<M>,
    observe: &mut impl FnMut(Python<'_>, M) -> PyResult<()>,
) -> PyResult<()> {
    loop {
        match received.recv_timeout(INTERVAL) {
            Ok(message) => Python::attach(|py| observe(py, message))?,
            Err(RecvTimeoutError::Timeout) => Python::attach(|py| py.check_signals())?,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

/// The number of threads that use all processors of this process.
#[pyfunction]
pub(crate) fn default_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
