//! Parquet: columns of typed values, which are read as the text that these values have in other formats.
//!
//! Without the cargo feature `parquet`, a reader that refuses every file takes the place of this one.

#[cfg(not(feature = "parquet"))]
mod absent;
#[cfg(feature = "parquet")]
mod cell_text;
#[cfg(feature = "parquet")]
mod reader;
#[cfg(feature = "parquet")]
mod size_checks;
#[cfg(feature = "parquet")]
mod thrift;

#[cfg(not(feature = "parquet"))]
pub(crate) use absent::ParquetReader;
#[cfg(feature = "parquet")]
pub(crate) use reader::ParquetReader;
