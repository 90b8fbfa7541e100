//! The errors of a service.

use std::net::SocketAddr;

/// The reason why a service could not start, or ended without a signal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The configuration has problems, a sentence each.
    #[error("{}", .0.join("; "))]
    Config(Vec<String>),
    /// The model could not be loaded, or has columns that no request can name.
    #[error("{0}")]
    Model(String),
    /// The server cannot listen on the address.
    #[error("cannot listen on {addr}: {source}")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// The error of the system.
        source: std::io::Error,
    },
    /// Threads, the socket or signals are not available.
    #[error("{what}: {source}")]
    System {
        /// The failure, as the start of a sentence.
        what: &'static str,
        /// The error of the system.
        source: std::io::Error,
    },
}
