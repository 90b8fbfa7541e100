//! Files that nobody meant to be read: whatever their bytes, they are read or refused with a clear error, without a
//! panic, without end, and within a bounded memory.
//!
//! A test binary of its own, since it counts what is allocated.

mod mutated;
mod particular;

use deepcross_testing::CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;
