//! The channels on which the ranks of a job exchange rows and what is learned from them.

use deepcross_collective::Channel;

/// What ranks exchange while they fit an encoder.
pub const FIT: Channel = Channel(24);

/// Encoded rows on their way to rank 0.
pub const ROWS: Channel = Channel(25);

/// What rank 0 says about them.
pub const REPLIES: Channel = Channel(26);
