//! Hostile files: whatever their bytes are, they are read, or refused with a clear error.
//!
//! Reading them never panics, always ends, and takes a bounded memory.
//! These tests have a separate binary, since it counts allocations.

mod mutated;
mod particular;

use deepcross_testing::CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;
