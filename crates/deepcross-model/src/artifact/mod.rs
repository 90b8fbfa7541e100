//! The artifact: one file that holds a trained model.
//!
//! [`write()`] writes a header and weights into a file, and [`read`] returns them, equal to the bit.
//! [`Encoding`] and [`decode`] do the same without a file.
//! A type that implements [`FileHeader`] is the header of a [`FileKind`]: the trained model, the checkpoint of a training
//! run and the description of a cache all use this frame, each with its own magic, sections and sets of weights.
//! The module does not know what sections mean, except for those of an encoder, which these files share.
//!
//! ```
//! use deepcross_autodiff::Params;
//! use deepcross_model::artifact::{
//!     self, FileHeader, FileKind, FormatError, SectionReader, SectionWriter, Values,
//! };
//! use ndarray::array;
//!
//! #[derive(Debug, PartialEq)]
//! struct Note(String);
//!
//! impl FileHeader for Note {
//!     const KIND: FileKind = FileKind {
//!         name: "note",
//!         magic: "NOTE0001",
//!         version: 1,
//!         sections: &[("text", 1)],
//!         members: &[Values::Finite],
//!     };
//!
//!     fn write(&self, sections: &mut SectionWriter) -> Result<(), FormatError> {
//!         sections.add("text", &self.0)
//!     }
//!
//!     fn read(sections: &mut SectionReader<'_>) -> Result<Self, FormatError> {
//!         sections.take("text").map(Self)
//!     }
//! }
//!
//! let mut params = Params::new();
//! let weight = params.add_dense("weight", array![[0.5, -0.25]]);
//!
//! let folder = tempfile::tempdir()?;
//! let file = folder.path().join("note");
//! artifact::write(&file, &Note("a text".to_owned()), &[&params])?;
//!
//! let (header, members) = artifact::read::<Note>(&file)?;
//! assert_eq!(header, Note("a text".to_owned()));
//! assert_eq!(members[0].dense(weight), params.dense(weight));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `docs/artifact.md` describes the bytes.
//!
//! # Decisions
//!
//! * **A frame around bincode.** bincode alone accepts most flipped bits as other values, ignores trailing bytes and
//!   trusts forged lengths. Two checksums detect damage, and the reader of a section checks each length before it
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
//! * **Named sections, each with a version.** A program refuses what it does not know by its name, and says which program
//!   wrote it. An addition is a new section and not a new form.
//!
//! # Rules for the content of a section
//!
//! Content is encoded by bincode, which stores no names. So its type must not use `skip_serializing_if`, `flatten`,
//! `untagged` or internally tagged enums. It must not have sequences of types without content, such as `Vec<()>`, since
//! their elements take no bytes. It may be nested at most 64 levels deep. A change of the type is a new version of the
//! section.

mod bounded_deserializer;
mod encoder;
mod error;
mod file;
mod file_kind;
mod filling;
mod format;
mod header_bytes;
mod map;
#[cfg(test)]
pub(crate) mod mutations;
#[cfg(test)]
mod sample;
mod sections;
mod tensors;

pub use encoder::{ENCODER, FIELD, VALUES, read_encoder, write_encoder};
#[cfg(feature = "interchange")]
pub(crate) use error::shown;
pub use error::{ArtifactError, FormatError};
pub use file::{check_writable, map, read, remove, write, write_share, write_with};
#[cfg(feature = "interchange")]
pub(crate) use file::{read_all, replace};
pub use file_kind::{FileKind, Values};
pub use format::{Encoding, decode};
pub use header_bytes::MAX_HEADER_LENGTH;
pub use sections::{FileHeader, SectionReader, SectionWriter};
pub use tensors::{MAX_TENSORS, TableRowsOf, TakeRows};
