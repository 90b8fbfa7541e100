//! The events that a service reports; they never contain anything from a request.

use std::fmt;
use std::net::SocketAddr;

/// An event in the life of the service; displays as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The service accepts requests at this address.
    Listening(SocketAddr),
    /// The service now serves a new model, which has this fingerprint.
    Reloaded(u64),
    /// A new model was refused for this reason; the old one is still served.
    ReloadRefused(String),
    /// The values of a field in requests are unlike those of training; the sentence names the field and shares, and no
    /// value.
    UnlikeTraining(String),
    /// The service received a signal to end.
    Draining,
    /// All requests are answered.
    Drained,
    /// The service ends although this many connections are still open.
    Cut(usize),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening(addr) => write!(f, "listening on http://{addr}"),
            Self::Reloaded(fingerprint) => write!(f, "reloaded: now serving {fingerprint:016x}"),
            Self::ReloadRefused(reason) => {
                write!(f, "reload refused, still serving the old model: {reason}")
            }
            Self::UnlikeTraining(change) => write!(f, "warning: {change}"),
            Self::Draining => f.write_str("draining: answering the requests in flight"),
            Self::Drained => f.write_str("drained: all requests are answered"),
            Self::Cut(1) => f.write_str("ended: 1 connection was cut"),
            Self::Cut(n) => write!(f, "ended: {n} connections were cut"),
        }
    }
}
