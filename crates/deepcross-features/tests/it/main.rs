//! Tests of the public interface.

mod allocation;
mod cells;
mod common;
mod companion;
mod cross;
mod encode;
mod fit;
mod printed_lists;
mod spelling;
mod state;
mod times;
mod value_rules;
