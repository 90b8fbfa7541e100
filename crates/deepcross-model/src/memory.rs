//! Whether there is memory enough, asked before it is needed.

use crate::error::ModelError;

/// Asks the system for so many bytes and gives them back, since an allocation that fails later ends the process.
///
/// # Errors
/// [`ModelError::OutOfMemory`].
pub fn check_memory(weights: usize, bytes: usize, what: &'static str) -> Result<(), ModelError> {
    Vec::<u8>::new().try_reserve_exact(bytes).map_err(|_| ModelError::OutOfMemory {
        weights,
        what,
        bytes,
    })
}
