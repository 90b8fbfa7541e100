//! Fetches memory into the cache before it is read.
//!
//! Each row of a table that is larger than the caches must wait for memory; after prefetching, several of them wait at once.

#![allow(unsafe_code, reason = "a hint to the processor is an intrinsic")]

/// The number of bytes that are fetched at once.
const LINE: usize = 64;

/// Fetches the elements `start .. start + len` into the cache, except those past the end.
///
/// This is a hint, which affects time alone, and has no effect on processors without it.
#[inline(always)]
pub fn prefetch<T>(values: &[T], start: usize, len: usize) {
    let Some(rest) = values.get(start..) else { return };
    let bytes = rest.len().min(len) * size_of::<T>();
    for offset in (0..bytes).step_by(LINE) {
        fetch(rest.as_ptr().cast::<u8>().wrapping_add(offset));
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn fetch(address: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: the instruction is part of SSE, which every x86-64 processor has, and never faults, whatever the address.
    unsafe { _mm_prefetch(address.cast::<i8>(), _MM_HINT_T0) }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn fetch(_: *const u8) {}

#[cfg(test)]
mod tests {
    use super::prefetch;

    #[test]
    fn ranges_past_the_end_are_allowed() {
        let values = [1.0_f32; 40];
        for (start, len) in [(0, 0), (0, 40), (39, 2), (40, 1), (41, 1), (usize::MAX, usize::MAX)] {
            prefetch(&values, start, len);
        }
        prefetch::<f64>(&[], 0, 8);
    }
}
