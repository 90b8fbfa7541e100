//! The file formats: each is one module that reads, writes and recognises its files.
//!
//! A format implements the trait of [`file_format`], and [`registry`] lists it; nothing else names a single format.
//! A reader knows one file, and nothing about a source, labels, or encoding.

#[cfg(feature = "parquet")]
mod arrow;
mod by_name;
mod cells;
mod column_type;
mod columns;
mod file_format;
mod lines;
mod text_kind;

mod delimited;
mod jsonl;
mod libffm;
mod libsvm;
mod memory;
mod pairs;
mod parquet;

mod registry;

mod data_file;
mod file_form;
mod row_writer;
mod settings;

pub use column_type::{ColumnType, ColumnTypes};
pub use delimited::{COMMENT_MARKERS, SplitRow, split_text};
pub use file_form::FileForm;
pub use pairs::EncodedWriter;
pub use row_writer::RowWriter;

pub(crate) use data_file::DataFile;
pub(crate) use file_format::FileReader;
