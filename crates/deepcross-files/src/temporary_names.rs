//! Names of temporary files, by which leftovers of killed processes are found.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::path::parent_folder;

/// The naming of temporary files: a prefix, random letters, a suffix.
///
/// The owner chooses a prefix and a suffix that belong to one path alone if leftovers are to be removed; the names of
/// temporary files for other paths must not begin and end with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporaryNames {
    prefix: String,
    suffix: &'static str,
}

impl TemporaryNames {
    /// Names that begin with `prefix` and end with `suffix`.
    pub fn new(prefix: impl Into<String>, suffix: &'static str) -> Self {
        Self { prefix: prefix.into(), suffix }
    }

    /// Removes temporary files of these names in the folder of `path`, except those that a running process writes.
    ///
    /// A leftover that cannot be removed stays: it is not a reason not to write.
    pub fn remove_leftovers(&self, path: &Path) {
        let entries = fs::read_dir(parent_folder(path)).into_iter().flatten().flatten();
        let has_name = |name: &str| name.starts_with(&self.prefix) && name.ends_with(self.suffix);
        for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(has_name)) {
            let is_free = File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
            if is_free {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Creates an empty file in `folder`, which is removed when it is dropped.
    pub(crate) fn create_in(&self, folder: &Path) -> io::Result<NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(&self.prefix).suffix(self.suffix);
        // Temporary files are for their owner only by default; a file that takes a name gets the usual permissions.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder)?;
        // The lock shows other processes that this file is not a leftover. It ends with the process, however that ends.
        let _ = file.as_file().try_lock();
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_removed_by_their_names_unless_they_are_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        for name in [".x-1.tmp", ".x-2.tmp", ".x-3", ".y-1.tmp", "x"] {
            fs::write(place(name), "half of a file").unwrap();
        }
        let held = File::open(place(".x-2.tmp")).unwrap();
        held.lock().unwrap();
        let names = TemporaryNames::new(".x-", ".tmp");
        let own = names.create_in(folder.path()).unwrap();
        names.remove_leftovers(&place("x"));
        assert!(own.path().exists());
        drop(own);
        let entries = fs::read_dir(folder.path()).unwrap();
        let mut left: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, [".x-2.tmp", ".x-3", ".y-1.tmp", "x"]);
    }
}
