#![doc = include_str!("../README.md")]

mod backward;
pub mod check;
mod gradients;
#[cfg(test)]
mod graph_test;
mod int8_weight;
mod mode;
mod op;
mod ops;
#[cfg(test)]
mod ops_test;
mod packed_weights;
mod params;
mod pass;
mod row_gradients;
mod shared_columns;
mod statistics;
mod table;
mod tape;

pub use deepcross_kernels::products::{InputSteps, MAX_INPUTS, ProductPrecision};
pub use deepcross_kernels::rows::RowBags;
pub use deepcross_kernels::table_rows::{SEGMENTS, Share, TableRows, place, row_at};
pub use deepcross_kernels::tree::{Summands, sum_of_parts};
pub use deepcross_kernels::{Activation, CompactRows, Elements, Real, StoredRows, all_finite};
pub use gradients::Gradients;
pub use int8_weight::Int8Weight;
pub use mode::{Mode, Stream};
pub use ops::batch_norm::Normalisation;
pub use ops::custom::{CustomInputs, Operation, OutputAndGradient};
pub use ops::gather::Lookup;
pub use ops::project::Projection;
pub use ops::stack::StackBuilder;
#[cfg(any(test, feature = "wrong-rules"))]
pub use ops::wrong_rules;
pub use params::{DenseId, Params, StatisticId, TableId};
pub use pass::Pass;
pub use row_gradients::RowGradients;
pub use shared_columns::SharedColumns;
pub use table::{LentBytes, LentValues, Table};
pub use tape::{Shape, Tape, Var};
