//! The pages of `--report`.
//!
//! Nothing here reads, writes or prints: a page is a value that `deepcross-report` formats as HTML.
//! The page of a training, and the parts that all pages have, are in `deepcross_train::pages`.

pub(crate) mod calibration;
pub(crate) mod comparison;
pub(crate) mod evaluation;
mod importance;
mod slices;
