//! Tests of the whole: what no crate can show alone.

mod floors;
mod paper;
