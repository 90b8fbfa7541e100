//! A warm encoder allocates nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use crate::common::{fit, header};

/// The system's allocator, which counts the allocations of each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

#[expect(unsafe_code, reason = "an allocator cannot be counted otherwise")]
// SAFETY: every call is handed on unchanged to the system's allocator, which keeps the contract;
// counting touches a thread-local cell that is initialised at compile time, and so allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's guarantees about `layout` are those that `System` requires.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `System` with this `layout`, as `alloc` above shows.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

#[test]
fn warm_encoding_and_moving_allocate_nothing() {
    let training = [["0.25", "a|b", "x"], ["-17", "a:2|c|d|a", "y"], ["?", "", "never"]];
    let (encoder, _) = fit(&training.map(|row| row.map(str::to_owned)));
    let binding = encoder.bind(&header()).expect("all columns are there");
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    let mut moved = encoder.new_batch();
    let mut pass = || {
        batch.clear();
        moved.clear();
        for row in &training {
            encoder.encode(&binding, row, &mut batch, &mut counts).expect("a good row");
        }
        moved.append(&batch, 0..2);
        moved.push_row_from(&batch, 2);
    };
    assert!(allocations(&mut pass) > 0, "a cold pass allocates");
    assert_eq!(allocations(&mut pass), 0);
}
