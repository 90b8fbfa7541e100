//! The artifact: one file that holds a trained model.
//!
//! [`write()`] puts a header, of whatever type, and all weights into a file, and [`read`] gives them back to the bit.
//! [`Encoding`] and [`decode`] do the same without a file.
//! Another [`FileKind`] may stand in the same frame, with a magic of its own and several sets of weights: [`write_parts`]
//! and [`read_parts`] are for such a file, as the checkpoint of a training run is.
//! The module does not know what the header says: the model's configuration and encoder are one type to it.
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
//! | 28 + `n` | 0 to 63 | zeros, up to a multiple of 64 |
//! | | | for each tensor, the dense matrices first, then the tables, as in the directory: |
//! | a multiple of 64 | 4 · rows · columns | its elements, f32, row after row |
//! | | 0 to 63 | zeros, up to a multiple of 64 |
//! | length − 8 | 8 | XXH3-64 of all bytes before, seed 0, u64 |
//!
//! The directory is two sequences, of the dense matrices and of the tables, each in order of addition.
//! An entry is a name (string), the rows (u64) and the columns (u64).
//! It has no positions: they follow from the shapes, so that tensors can neither overlap nor leave gaps.
//!
//! # Decisions
//!
//! * **Framing around bincode.** bincode by itself accepts most flipped bits as other values, ignores trailing bytes
//!   and believes forged lengths. Two checksums find the damage, and the header's reader checks each length before
//!   anything is allocated for it. The header has a checksum of its own, so that it can be trusted, and a shortened
//!   file be told from a damaged one, before the tensors are looked at. The alternative, a text header, would take
//!   many times the space for vocabularies of millions of values.
//! * **Raw, aligned tensors outside of the header.** They could be mapped into memory as they are. The alternative,
//!   tensors as sequences within the header, would cost a copy and a call for each number.
//! * **Decoding trusts nothing.** A hostile file with correct checksums gets a [`FormatError`]: never a panic, never
//!   an abort, and no allocation out of proportion to the file. What a decoded header *means* is for its owner to check.
//! * **Nothing about the circumstances.** No clock, host, path or number of threads is written: the same header and
//!   weights give the same bytes.
//!
//! # What a header type must keep to
//!
//! A header goes through bincode, which knows no names: no `skip_serializing_if`, `flatten`, `untagged` or internally
//! tagged enums. It must not have sequences of types without content, such as `Vec<()>`, since their elements take no
//! bytes, and is nested at most 64 deep. To be able to change later, it is best an enum of versions.

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
