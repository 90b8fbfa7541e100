#![doc = include_str!("../README.md")]

mod allocation;
mod mutation;
mod property;

pub use allocation::{CountingAllocator, allocations, allocations_of_process, peak};
pub use mutation::{
    Mutation, binary_mutations, check_mutations, mutate, mutate_at_random, number_of_mutations,
    text_mutations,
};
pub use property::{Counterexample, Holds, Search, holds};
