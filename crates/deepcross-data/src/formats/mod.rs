//! The file formats: each has a reader that turns bytes into raw rows.
//!
//! A reader knows one file, and nothing about a source, labels, or encoding.

mod data_file;
mod file_reader;

mod delimited;
mod dialect;

mod libffm;
mod libsvm;
mod svm_lines;
mod svm_tokens;

mod parquet;

pub use dialect::COMMENT_MARKERS;

pub(crate) use data_file::{DataFile, Form, has_lone_return};
pub(crate) use delimited::DelimitedReader;
pub(crate) use file_reader::FileReader;
pub(crate) use libsvm::{BEFORE_QID, FEATURES, QID};
pub(crate) use svm_tokens::{BETWEEN, is_feature_with_value, is_label, is_word, words};
