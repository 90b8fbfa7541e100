//! A check that the system has enough memory, before the memory is used.

use crate::error::ModelError;

/// Asks the system for this many bytes and gives them back, since an allocation that fails later ends the process.
///
/// `what` is a plural noun for the message of the error, such as `gradients`, and `weights` is the number of weights.
///
/// # Errors
/// [`ModelError::OutOfMemory`] if the system refuses.
pub fn check_memory(weights: usize, bytes: usize, what: &'static str) -> Result<(), ModelError> {
    Vec::<u8>::new().try_reserve_exact(bytes).map_err(|_| ModelError::OutOfMemory {
        weights,
        what,
        bytes,
    })
}
