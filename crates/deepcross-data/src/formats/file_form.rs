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
    /// in `.gz` or `.zst`, and for a name that shows a compression that is [not written](Compression::NOT_WRITTEN).
    pub fn of(path: &Path, format: Option<Format>) -> Result<Self, DataError> {
        check_compression(path)?;
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

fn check_compression(path: &Path) -> Result<(), DataError> {
    let end = path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase());
    let end = end.filter(|end| Compression::NOT_WRITTEN.contains(&&**end));
    let Some(end) = end else { return Ok(()) };
    let written = Compression::EXTENSIONS.map(|end| format!(".{end}")).join(" or ");
    let message = format!(
        "{}: `.{end}` is not written, expected a name that ends in {written}, or without a compression",
        path.display()
    );
    Err(DataError::Config { problems: vec![Problem::new("", message)] })
}
