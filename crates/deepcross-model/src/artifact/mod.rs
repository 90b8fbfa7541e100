//! The artifact: one file that holds a trained model.
//!
//! [`write()`] writes a header of any type and all weights into a file, and [`read`] returns them, equal to the bit.
//! [`Encoding`] and [`decode`] do the same without a file.
//! Files of another [`FileKind`] can use the same frame, with another magic and with several sets of weights, as the
//! checkpoint of a training run does; [`write_parts`] and [`read_parts`] are for them.
//! The module does not know the meaning of the header: configuration and encoder are one type to it.
//!
//! ```
//! use deepcross_autodiff::Params;
//! use deepcross_model::artifact;
//! use ndarray::array;
//!
//! let mut params = Params::new();
//! let weight = params.add_dense("weight", array![[0.5, -0.25]]);
//!
//! let folder = tempfile::tempdir()?;
//! let file = folder.path().join("model.dcx");
//! artifact::write(&file, &("a header of any type", 7u32), &params)?;
//!
//! let (header, reloaded) = artifact::read::<(String, u32)>(&file)?;
//! assert_eq!(header, ("a header of any type".to_owned(), 7));
//! assert_eq!(reloaded.dense(weight), params.dense(weight));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The format, byte by byte
//!
//! All integers are little-endian.
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 8 | magic: `DEEPCROS` in ASCII |
//! | 8 | 4 | format version, u32: [`FORMAT_VERSION`] |
//! | 12 | 8 | `n`, the length of the header in bytes, u64: at most [`MAX_HEADER_LENGTH`] |
//! | 20 | 8 | XXH3-64 of the header, seed 0, u64 |
//! | 28 | `n` | header: bincode 2, standard configuration, of (directory, caller's header) |
//! | 28 + `n` | 0 to 63 | zeros up to a multiple of 64 |
//! | | | for each tensor, the dense matrices first, then the tables, as in the directory: |
//! | a multiple of 64 | 4 · rows · columns | its elements, f32, row after row |
//! | | 0 to 63 | zeros up to a multiple of 64 |
//! | length − 8 | 8 | XXH3-64 of all bytes before, seed 0, u64 |
//!
//! The directory is two sequences, of the dense matrices and of the tables, each in order of addition.
//! An entry is a name (string), the number of rows (u64) and the number of columns (u64).
//! It has no position. Positions follow from the shapes, so that tensors can neither overlap nor leave gaps.
//!
//! # Decisions
//!
//! * **A frame around bincode.** bincode alone accepts most flipped bits as other values, ignores trailing bytes and
//!   trusts forged lengths. Two checksums detect damage, and the reader of the header checks each length before it
//!   allocates. The header has a checksum of its own, so that it can be trusted before the tensors are read, and so
//!   that a shortened file can be distinguished from a damaged one. Rejected: a text header, which would take many
//!   times the space for vocabularies of millions of values.
//! * **Raw, aligned tensors outside of the header.** They can be mapped into memory as they are. Rejected: tensors as
//!   sequences within the header, which would cost a copy and a call for each number.
//! * **Decoding trusts nothing.** A hostile file with correct checksums gets a [`FormatError`]: never a panic, never
//!   an abort, and no allocation out of proportion to the file. The owner of the header type checks its meaning.
//! * **Nothing about the circumstances.** No clock, host, path or number of threads is written: the same header and
//!   weights give the same bytes.
//!
//! # Rules for a header type
//!
//! A header is encoded by bincode, which stores no names. So its type must not use `skip_serializing_if`, `flatten`,
//! `untagged` or internally tagged enums. It must not have sequences of types without content, such as `Vec<()>`, since
//! their elements take no bytes. It may be nested at most 64 levels deep. An enum of versions is best, since it can
//! change later.

mod bounded_deserializer;
mod error;
mod file;
mod filling;
mod format;
mod header_bytes;
mod map;
#[cfg(test)]
pub(crate) mod mutations;
#[cfg(test)]
mod sample;
mod tensors;

#[cfg(feature = "interchange")]
pub(crate) use error::shown;
pub use error::{ArtifactError, FormatError};
pub use file::{check_writable, map, read, read_parts, remove, write, write_parts};
#[cfg(feature = "interchange")]
pub(crate) use file::{read_all, replace};
pub use format::{Encoding, FORMAT_VERSION, FileKind, Values, decode, decode_parts};
pub use header_bytes::MAX_HEADER_LENGTH;
pub use tensors::MAX_TENSORS;
