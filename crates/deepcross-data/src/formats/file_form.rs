//! The form of an output file: its format and its compression, which its name shows.

use std::path::Path;

use deepcross_features::Problem;

use crate::config::Format;
use crate::error::DataError;
use crate::output::Compression;

/// The format of a file, and how it is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileForm {
    /// The format.
    pub format: Format,
    /// The compression of the whole file; none for a format that compresses its content itself, such as Parquet.
    pub compression: Compression,
}

impl FileForm {
    /// The form of a file of this name: the given `format`, or else the one that the end of the name shows.
    ///
    /// # Errors
    /// [`DataError::UnknownFormat`] if neither gives a format; [`DataError::Config`] for Parquet with a name that ends
    /// in `.gz` or `.zst`.
    pub fn of(path: &Path, format: Option<Format>) -> Result<Self, DataError> {
        let format = format.or_else(|| Format::of_name(path));
        let format = format.ok_or_else(|| Format::unknown(path))?;
        let form = Self { format, compression: Compression::of(path) };
        form.check().map(|()| form)
    }

    pub(super) fn check(self) -> Result<(), DataError> {
        let format = self.format.module();
        if !format.compresses_itself() || self.compression == Compression::None {
            return Ok(());
        }
        let message = format!(
            "{} compresses its columns itself, expected a name without `.gz` or `.zst`",
            format.title()
        );
        Err(DataError::Config { problems: vec![Problem::new("", message)] })
    }
}
