//! An allocator that counts: how often, and how many bytes are held at once.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

/// The system's allocator, which counts allocations and the bytes that each thread holds.
///
/// A test binary declares it with `#[global_allocator]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountingAllocator;

static OF_PROCESS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

// When a thread ends, its counts are gone before its last allocations: hence `try_with`.

fn count() {
    OF_PROCESS.fetch_add(1, Ordering::Relaxed);
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

fn hold(bytes: isize) {
    let _ = HELD.try_with(|held| {
        held.set(held.get().saturating_add(bytes));
        MOST.try_with(|most| most.set(most.get().max(held.get())))
    });
}

#[expect(unsafe_code, reason = "an allocator cannot be counted otherwise")]
// SAFETY: every call is handed on unchanged to the system's allocator, which keeps the contract; counting touches an
// atomic number and thread-local cells that are initialised at compile time, and so allocates nothing. `realloc` and
// `alloc_zeroed` are the default ones, which call `alloc`, and so are counted, too.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        hold(layout.size().cast_signed());
        // SAFETY: the caller's promises about `layout` are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        hold(-layout.size().cast_signed());
        // SAFETY: `pointer` came from `System` with this `layout`, as `alloc` above shows.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Counts that stay 0 would let every test pass.
fn check_declared() {
    let before = ALLOCATIONS.get();
    drop(black_box(Box::new(0)));
    assert!(ALLOCATIONS.get() > before, "the binary must declare the counting allocator");
}

/// The number of allocations that this thread made during `work`.
///
/// # Panics
/// If the binary does not declare the allocator.
pub fn allocations(work: impl FnOnce()) -> u64 {
    check_declared();
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// The number of allocations that all threads of the process have made so far.
///
/// # Panics
/// If the binary does not declare the allocator.
pub fn allocations_of_process() -> u64 {
    let count = OF_PROCESS.load(Ordering::Relaxed);
    assert!(count > 0, "the binary must declare the counting allocator");
    count
}

/// The result of `work`, and the most bytes that this thread held meanwhile above those that it held before.
///
/// # Panics
/// If the binary does not declare the allocator.
pub fn peak<R>(work: impl FnOnce() -> R) -> (R, usize) {
    check_declared();
    let before = HELD.get();
    MOST.set(before);
    let result = work();
    (result, (MOST.get() - before).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[global_allocator]
    static ALLOCATOR: CountingAllocator = CountingAllocator;

    #[test]
    fn the_peak_is_counted() {
        let (length, bytes) = peak(|| {
            drop(vec![0_u8; 5000]);
            vec![0_u8; 3000].len()
        });
        assert_eq!((length, bytes), (3000, 5000));
    }

    #[test]
    fn allocations_are_counted_for_the_thread_and_for_the_process() {
        let mut numbers = vec![1];
        let before = allocations_of_process();
        let of_thread = allocations(|| {
            numbers.reserve_exact(10);
            std::thread::scope(|scope| scope.spawn(|| drop(Box::new(1))).join().unwrap());
        });
        assert!(of_thread >= 1, "{of_thread}");
        assert!(allocations_of_process() > before + of_thread);
        assert_eq!(allocations(|| numbers.push(2)), 0);
    }
}
