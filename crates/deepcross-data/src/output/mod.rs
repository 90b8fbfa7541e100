//! The bytes of files that are written: collected in pieces, compressed, and handed to an output.
//!
//! Nothing here knows a format: the modules above decide which bytes a row becomes.

mod compressed;
mod piece_writer;
mod refused;

pub use compressed::Compression;

pub(crate) use piece_writer::PieceWriter;
pub(crate) use refused::{NotWritten, Refused};
