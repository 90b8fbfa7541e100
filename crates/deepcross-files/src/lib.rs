#![doc = include_str!("../README.md")]

mod atomic_file;
mod cursor;
mod error;
mod path;
mod temporary_names;

pub use atomic_file::{AtomicFile, check_writable, sync_folder};
pub use cursor::{Cursor, MissingBytes};
pub use error::FileError;
pub use path::{parent_folder, resolved, same_path};
pub use temporary_names::TemporaryNames;
