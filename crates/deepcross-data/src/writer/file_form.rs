//! The form of an output file, which its name shows, as for readers.

use std::path::Path;

use crate::config::Format;
use crate::error::DataError;

/// The format of a file, and how it is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileForm {
    /// The format.
    pub format: Format,
    /// The compression of the whole file; none for Parquet, which compresses its columns itself.
    pub compression: Compression,
}

/// The compression of a whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// No compression.
    None,
    /// Gzip, at level 6.
    Gzip,
    /// Zstd, at level 3.
    Zstd,
}

impl Compression {
    /// The compression that the end of the name shows: `.gz` or `.zst`, in upper or lower case.
    pub fn of(path: &Path) -> Self {
        let extension = path.extension().unwrap_or_default();
        match () {
            () if extension.eq_ignore_ascii_case("gz") => Self::Gzip,
            () if extension.eq_ignore_ascii_case("zst") => Self::Zstd,
            () => Self::None,
        }
    }
}

impl FileForm {
    /// The form of a file of this name: the given `format`, or else the one that the end of the name shows.
    ///
    /// # Errors
    /// [`DataError::UnknownFormat`] if neither gives a format; [`DataError::Config`] for Parquet with a name that ends
    /// in `.gz` or `.zst`.
    pub fn of(path: &Path, format: Option<Format>) -> Result<Self, DataError> {
        let unknown = || DataError::UnknownFormat { file: path.into() };
        let format = format.or_else(|| Format::of(path)).ok_or_else(unknown)?;
        let form = Self { format, compression: Compression::of(path) };
        form.check().map(|()| form)
    }

    pub(super) fn check(self) -> Result<(), DataError> {
        if self.format != Format::Parquet || self.compression == Compression::None {
            return Ok(());
        }
        let problem =
            "Parquet compresses its columns itself, expected a name without `.gz` or `.zst`";
        Err(DataError::Config { problems: vec![problem.to_owned()] })
    }
}
