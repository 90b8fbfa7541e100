//! The bytes of a file or a pipe: opened, decompressed, and cut into lines; and rows that are in memory already.
//!
//! Nothing here knows a format: the modules above decide the meaning of the bytes.

mod compression;
mod file_kind;
mod fingerprint;
mod first_text;
mod folder_columns;
mod gzip;
mod input_file;
mod line_window;
mod memory;
mod open;
mod replay;
mod row_chunk;
mod stream;
mod utf16;

pub use fingerprint::Fingerprint;
pub use first_text::first_text;
pub use input_file::{FoundFile, Input, InputFile};
pub use memory::UnreadColumn;
pub use replay::Pipes;

pub(crate) use folder_columns::FolderColumn;
pub(crate) use line_window::{BYTE_ORDER_MARK, LineWindow};
pub(crate) use memory::MemoryRows;
pub(crate) use open::{open, open_plain, unreadable};
#[cfg(feature = "parquet")]
pub(crate) use replay::not_kept;
pub(crate) use row_chunk::RowChunk;
