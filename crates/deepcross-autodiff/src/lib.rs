#![doc = include_str!("../README.md")]

mod backward;
pub mod check;
mod gradients;
mod mode;
mod op;
mod ops;
#[cfg(test)]
mod ops_test;
mod params;
mod pass;
mod row_gradients;
mod tape;

pub use deepcross_kernels::{Activation, Bags, Real};
pub use gradients::Gradients;
pub use mode::{Mode, Stream};
pub use ops::custom::{CustomInputs, Operation, Own};
pub use ops::gather::Lookup;
pub use ops::stack::StackBuilder;
pub use params::{DenseId, Params, Table, TableId};
pub use pass::Pass;
pub use row_gradients::RowGradients;
pub use tape::{Shape, Tape, Var};
