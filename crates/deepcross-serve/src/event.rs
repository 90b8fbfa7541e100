//! What a service tells of itself; nothing that a request holds is ever among it.

use std::fmt;
use std::net::SocketAddr;

/// Something that happened to the service; displays as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Requests are accepted at this address.
    Listening(SocketAddr),
    /// A new model is served, of this fingerprint.
    Reloaded(u64),
    /// A new model was refused for this reason; the old one is served on.
    ReloadRefused(String),
    /// The service was told to end.
    Draining,
    /// All requests are answered.
    Drained,
    /// So many connections are still open, and the service ends all the same.
    Cut(usize),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening(addr) => write!(f, "listening on http://{addr}"),
            Self::Reloaded(fingerprint) => write!(f, "reloaded: now serving {fingerprint:016x}"),
            Self::ReloadRefused(reason) => {
                write!(f, "reload refused, the old model is served on: {reason}")
            }
            Self::Draining => f.write_str("draining: requests in flight are answered"),
            Self::Drained => f.write_str("drained: all requests are answered"),
            Self::Cut(1) => f.write_str("ended: 1 connection was cut"),
            Self::Cut(n) => write!(f, "ended: {n} connections were cut"),
        }
    }
}
