#![doc = include_str!("../README.md")]

mod atomic_file;
mod cursor;
mod error;
mod output;
mod path;
mod temporary_names;

pub use atomic_file::{AtomicFile, sync_folder};
pub use cursor::{Cursor, MissingBytes};
pub use error::FileError;
pub use output::{Output, check_writable};
pub use path::{is_standard_output, is_stream, parent_folder, resolved, same_path};
pub use temporary_names::TemporaryNames;
