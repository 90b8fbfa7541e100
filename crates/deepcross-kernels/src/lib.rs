#![doc = include_str!("../README.md")]

mod activated;
mod activation;
mod aligned;
mod bf16;
mod columns;
mod compact_rows;
mod each;
mod elementwise;
pub mod functions;
pub mod instructions;
mod int8_factor;
mod int8_product;
mod large_pages;
pub mod normalise;
mod number;
mod packed_factors;
mod packed_product;
mod prefetch;
mod product;
mod real;
mod reduce;
pub mod rows;
pub mod table_rows;
mod tile;
pub mod tree;

pub use activated::{activate_into, add_activate_into, slope_into};
pub use activation::Activation;
pub use columns::{Columns, ColumnsMut};
pub use compact_rows::{CompactRows, Elements, StoredRows};
pub use each::each_number;
pub use elementwise::{Write, map_into, vectorised, zip_into, zip3_into};
pub use number::Number;
pub use prefetch::prefetch;
pub use real::Real;
pub use reduce::{add_column_sums, all_finite, sum};

pub mod products {
    //! Matrix products.

    pub use crate::bf16::{ProductPrecision, round_into};
    pub use crate::int8_factor::{InputSteps, Int8Factor, MAX_INPUTS, quantise_into};
    pub use crate::int8_product::int8_product_into;
    pub use crate::packed_factors::{LeftFactor, RightFactor};
    pub use crate::packed_product::{Finish, packed_product_into, rows_product_into};
    pub use crate::product::matmul_into;
}
