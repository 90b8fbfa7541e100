#![doc = include_str!("../README.md")]

pub mod collectives;
mod communicator;
mod counted;
mod error;
#[cfg(feature = "mpi")]
mod mpi;
mod solo;
#[cfg(test)]
mod tests;
mod threads;

pub use communicator::{Channel, Communicator};
pub use counted::{ChannelTraffic, Counted, Traffic};
pub use error::CollectiveError;
#[cfg(feature = "mpi")]
pub use mpi::{LONGEST_PIECE, Mpi, MpiRank};
pub use solo::Solo;
#[cfg(any(test, feature = "faults"))]
pub use threads::{Death, Faults};
pub use threads::{ThreadRank, Threads};
