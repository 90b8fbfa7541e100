//! The ends of a service: signals of the system, or a call from another thread.

use crate::service::Service;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Ends a service from any thread.
#[derive(Clone, Debug)]
pub struct Stopper {
    n_calls: Arc<watch::Sender<u64>>,
}

impl Stopper {
    pub(crate) fn new() -> Self {
        Self { n_calls: Arc::new(watch::Sender::new(0)) }
    }

    /// Lets the service answer the requests in flight and end; a second call cuts them. Does not wait for the end.
    pub fn stop(&self) {
        self.n_calls.send_modify(|n| *n += 1);
    }
}

/// Says when a service is to end.
pub(crate) enum End {
    /// SIGTERM and SIGINT end the service, and SIGHUP reloads its model.
    Signals { terminate: Signal, interrupt: Signal, hang_up: Signal },
    /// A [`Stopper`] ends it.
    Stopped(watch::Receiver<u64>),
}

impl End {
    /// The end by signals, which are received from now on.
    pub(crate) fn by_signals() -> std::io::Result<Self> {
        Ok(Self::Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The end by a call.
    pub(crate) fn by(stopper: &Stopper) -> Self {
        let mut calls = stopper.n_calls.subscribe();
        // A call before the service runs counts.
        if *calls.borrow() > 0 {
            calls.mark_changed();
        }
        Self::Stopped(calls)
    }

    /// Returns when the service is to end, and at the next call when it is to cut its requests.
    pub(crate) async fn wait(&mut self, service: &Arc<Service>) {
        match self {
            Self::Signals { terminate, interrupt, hang_up } => loop {
                tokio::select! {
                    _ = terminate.recv() => return,
                    _ = interrupt.recv() => return,
                    _ = hang_up.recv() => {
                        let service = Arc::clone(service);
                        // The listener has received the result.
                        drop(tokio::task::spawn_blocking(move || service.reload()));
                    }
                }
            },
            Self::Stopped(calls) => next_call(calls).await,
        }
    }
}

/// Returns at the next call, or never if nobody is left who could call.
async fn next_call(calls: &mut watch::Receiver<u64>) {
    if calls.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[test]
    fn each_call_is_heard_once_and_also_one_before_the_service_runs() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let stopper = Stopper::new();
        stopper.stop();
        let End::Stopped(mut calls) = End::by(&stopper) else { panic!("it ends by calls") };
        runtime.block_on(async {
            let mut is_heard =
                async || timeout(Duration::from_millis(50), next_call(&mut calls)).await.is_ok();
            assert!(is_heard().await);
            assert!(!is_heard().await);
            stopper.clone().stop();
            assert!(is_heard().await);
            drop(stopper);
            assert!(!is_heard().await);
        });
    }
}
