//! Asks the system for large pages of memory.
//!
//! A processor finds the place of a page in memory by a walk through tables, and remembers some thousands of places.
//! Rows at random places of a large table need a walk each if pages have 4 KiB, and none if they have 2 MiB: with tables
//! of a million rows, the steps of a small model are a seventh faster, and those of a large one a twentieth.

#![cfg_attr(
    target_os = "linux",
    allow(unsafe_code, reason = "a hint to the system is a call of it")
)]

use std::mem::MaybeUninit;

/// The size of a large page, and a multiple of every size of a small one.
#[cfg(target_os = "linux")]
const PAGE: usize = 2 << 20;

/// Asks for large pages in memory that has not been written yet.
///
/// This is a hint, which affects time alone; without effect on memory of less than a large page, and on other systems.
#[cfg(target_os = "linux")]
pub(crate) fn welcome_large_pages<T>(memory: &mut [MaybeUninit<T>]) {
    let bytes = memory.as_mut_ptr_range();
    let start = bytes.start.addr().next_multiple_of(PAGE);
    let end = bytes.end.addr() / PAGE * PAGE;
    if let Some(length) = end.checked_sub(start).filter(|length| *length > 0) {
        let address = bytes.start.with_addr(start).cast();
        // SAFETY: the range lies within memory that the caller borrows, and `MADV_HUGEPAGE` changes no contents.
        // If the call fails, the pages are small, as they would be without it.
        unsafe { libc::madvise(address, length, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn welcome_large_pages<T>(_: &mut [MaybeUninit<T>]) {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The memory of each of these sizes can be written and read as before.
    #[test]
    fn memory_stays_as_it_is() {
        for n in [0, 1, 1000, 1 << 19, 3 << 19, (4 << 19) + 17] {
            let mut values = Vec::<f32>::with_capacity(n);
            welcome_large_pages(values.spare_capacity_mut());
            values.resize(n, 1.0);
            assert_eq!(values.iter().map(|&x| f64::from(x)).sum::<f64>(), n as f64);
        }
    }
}
