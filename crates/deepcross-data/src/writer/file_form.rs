//! The form of a file to be written: told by its name, as readers tell it.

use std::path::Path;

use crate::config::Format;
use crate::error::DataError;

/// The format of a file, and how it is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileForm {
    /// The format.
    pub format: Format,
    /// How the whole file is compressed; not at all for Parquet, which compresses its columns itself.
    pub compression: Compression,
}

/// How a whole file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// By gzip, at level 6.
    Gzip,
    /// By zstd, at level 3.
    Zstd,
}

impl Compression {
    /// What the end of the name tells: `.gz` or `.zst`, in capitals or not.
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
    /// The form of a file of this name: of `format`, or else of what the end of the name tells.
    ///
    /// # Errors
    /// [`DataError::UnknownFormat`] where nothing tells the format; [`DataError::Config`] where Parquet has a name that
    /// asks for more compression.
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
