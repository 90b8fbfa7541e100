//! The most memory that some work holds at once, counted in tests.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, which counts the bytes that each thread holds.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

fn hold(bytes: isize) {
    // Where a thread ends, its counts are gone before its last allocations.
    let _ = HELD.try_with(|held| {
        held.set(held.get().saturating_add(bytes));
        MOST.try_with(|most| most.set(most.get().max(held.get())))
    });
}

#[expect(unsafe_code, reason = "an allocator cannot be counted otherwise")]
// SAFETY: every call is handed on unchanged to the system's allocator, which keeps the contract; counting touches
// thread-local cells that are initialised at compile time, and so allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
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

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `work` gives, and the most bytes that this thread held meanwhile above those that it held before.
pub(crate) fn peak<R>(work: impl FnOnce() -> R) -> (R, usize) {
    let before = HELD.get();
    MOST.set(before);
    let result = work();
    (result, (MOST.get() - before).unsigned_abs())
}

#[test]
fn the_peak_is_counted() {
    let (length, bytes) = peak(|| {
        drop(vec![0_u8; 5000]);
        vec![0_u8; 3000].len()
    });
    assert_eq!((length, bytes), (3000, 5000));
}
