#![doc = include_str!("../README.md")]

mod chart;
mod figure;
mod markup;
mod plots;
mod report;
mod scale;
mod section;
mod table;

pub use figure::Figure;
pub use plots::{IntervalRow, Plot, Reference, Series, YScale};
pub use report::Report;
pub use section::Section;
pub use table::Table;
