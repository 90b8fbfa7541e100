//! Turns hashes and random bits into uniform numbers in a range.

use rand::RngCore;
use rand_chacha::ChaCha8Rng;

/// The hash as a number in [0, 1).
#[inline]
pub(crate) fn unit_interval(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

/// A number in `0..n`, uniform up to n/2⁶⁴.
///
/// Rejected: the function of `rand`, because an order of rows must not change with the version of a library.
#[inline]
pub(crate) fn below(random: &mut ChaCha8Rng, n: usize) -> usize {
    let wide = u128::from(random.next_u64()) * n as u128;
    (wide >> 64) as usize
}
