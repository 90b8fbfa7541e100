//! Why a service could not be started or went down.

use std::net::SocketAddr;

/// Why a service could not be started, or ended other than by being told to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The configuration cannot be served with.
    #[error("{}", .0.join("; "))]
    Config(Vec<String>),
    /// The model could not be loaded, or has columns that no request could name.
    #[error("{0}")]
    Model(String),
    /// The address could not be listened on.
    #[error("{addr}: cannot be listened on: {source}")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// Threads, timers or signals could not be had.
    #[error("{what}: {source}")]
    System {
        /// What was wanted.
        what: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
}
