//! The files that the sets of a split are written to.
//!
//! Rows are written unchanged, byte for byte.
//! All files take their names at the end, or none does: a half-written file would look like a complete set.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use deepcross_files::{AtomicFile, FileError, TemporaryNames, resolved};

use super::{SplitBy, SplitSet, Splitter};
use crate::encode::Stop;
use crate::error::DataError;
use crate::source::Source;

/// The folder of a split. If it is new, it is removed again when it is dropped, unless [`SplitFiles::finish`] keeps it.
#[derive(Debug)]
pub struct SplitFolder {
    path: PathBuf,
    is_new: bool,
}

/// One file of a split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitFile {
    /// The set that its rows belong to.
    pub set: SplitSet,
    /// The path, which ends as the first data file does.
    pub path: PathBuf,
    /// The number of rows written so far.
    pub rows: u64,
}

/// The unfinished files of a split, each with the header of the source, if there is one.
#[derive(Debug)]
pub struct SplitFiles {
    // Fields are dropped in their order: a folder can only be removed after its files.
    parts: Vec<(SplitFile, AtomicFile)>,
    folder: SplitFolder,
}

impl SplitFolder {
    /// Creates the folder, with those above it, unless it exists.
    ///
    /// # Errors
    /// [`DataError::NoFolder`].
    pub fn create(path: &Path) -> Result<Self, DataError> {
        let is_new = !path.exists();
        fs::create_dir_all(path)
            .map_err(|source| DataError::NoFolder { folder: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), is_new })
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SplitFolder {
    fn drop(&mut self) {
        if self.is_new {
            // This fails if the folder is not empty; its files then stay.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

impl SplitFiles {
    /// Begins the files `train`, `test` and, if rows are validated with, `valid`, each with the end of the source's name
    /// as its own.
    ///
    /// # Errors
    /// As [`Source::raw_header`] and [`AtomicFile::create`].
    pub fn create(folder: SplitFolder, source: &Source, by: &SplitBy) -> Result<Self, DataError> {
        let (header, end) = (source.raw_header()?, source.extension());
        let names = TemporaryNames::new(".deepcross-", "");
        let open = |(set, name)| {
            let path = folder.path.join(format!("{name}.{end}"));
            let mut file = AtomicFile::create(&resolved(&path), &names)?;
            write_line(&mut file, header.as_deref().unwrap_or_default())?;
            Ok((SplitFile { set, path, rows: 0 }, file))
        };
        let sets =
            [(SplitSet::Train, "train"), (SplitSet::Valid, "valid"), (SplitSet::Test, "test")];
        let sets = sets.into_iter().filter(|(set, _)| by.has_valid() || *set != SplitSet::Valid);
        let parts = sets.map(open).collect::<Result<_, DataError>>()?;
        Ok(Self { parts, folder })
    }

    /// The files that will be there.
    pub fn files(&self) -> impl Iterator<Item = &SplitFile> {
        self.parts.iter().map(|(part, _)| part)
    }

    /// Writes all remaining rows, each to the file of its set.
    ///
    /// # Errors
    /// As [`Splitter::next_row`], and [`DataError::File`].
    pub fn write_all(&mut self, splitter: &mut Splitter) -> Result<(), DataError> {
        self.write_until(splitter, &|| false)
    }

    /// As [`write_all`](Self::write_all); `stop` is asked before each row.
    ///
    /// # Errors
    /// As [`write_all`](Self::write_all), and [`DataError::Stopped`].
    pub fn write_until(
        &mut self,
        splitter: &mut Splitter,
        stop: Stop<'_>,
    ) -> Result<(), DataError> {
        while let Some((set, row)) = splitter.next_row()? {
            if stop() {
                return Err(DataError::Stopped);
            }
            for (part, file) in self.parts.iter_mut().filter(|(part, _)| part.set == set) {
                write_line(file, row)?;
                part.rows += 1;
            }
        }
        Ok(())
    }

    /// Gives the files their names, and returns them.
    ///
    /// # Errors
    /// [`DataError::EmptySet`] if a file has no rows, and as [`AtomicFile::finish_all`].
    pub fn finish(self) -> Result<Vec<SplitFile>, DataError> {
        if let Some(empty) = self.files().find(|file| file.rows == 0) {
            return Err(DataError::EmptySet { file: empty.path.clone() });
        }
        let Self { parts, mut folder } = self;
        let (written, files): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        AtomicFile::finish_all(files)?;
        folder.is_new = false;
        Ok(written)
    }
}

/// Writes a row unchanged, with a line end if it has none: only the last row of a file may lack it.
fn write_line(file: &mut AtomicFile, row: &[u8]) -> Result<(), DataError> {
    let end: &[u8] = if row.last().is_some_and(|last| *last != b'\n') { b"\n" } else { b"" };
    let written = file.writer().write_all(row).and_then(|()| file.writer().write_all(end));
    let path = file.path().to_owned();
    Ok(written.map_err(|source| FileError::Unwritable { path, source })?)
}
