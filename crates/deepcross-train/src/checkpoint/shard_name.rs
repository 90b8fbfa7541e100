//! The names of the files that have the rows of ranks, and the removal of those that no checkpoint needs.
//!
//! A name has the run in it, as a part of the hash of its identity.
//! Otherwise a new run would overwrite the shards that an earlier run wrote after the same step, while the manifest of
//! the earlier run is still there; if the new run were killed then, both checkpoints would be lost.
//! A run that begins again from its start has the names of the first time, and the same content.
//! Rejected: a random number for each start, which the manifest would have to store and all ranks to agree on.

use super::identity::Identity;
use std::fs;
use std::path::{Path, PathBuf};

/// The names of the shards of one checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ShardName {
    run: u32,
    n_steps: u64,
    n_shards: usize,
}

impl ShardName {
    /// The names of the checkpoint of a run after this number of steps.
    pub(super) fn new(run: &Identity, n_steps: u64, n_shards: usize) -> Self {
        Self { run: run.hash() as u32, n_steps, n_shards }
    }

    /// The shard of a rank.
    pub(super) fn file(self, checkpoint: &Path, rank: usize) -> PathBuf {
        let mut name = checkpoint.as_os_str().to_owned();
        name.push(self.suffix(rank));
        name.into()
    }

    /// The end of the name of a shard.
    fn suffix(self, rank: usize) -> String {
        let Self { run, n_steps, n_shards } = self;
        format!(".run-{run:08x}.step-{n_steps}.{rank}-of-{n_shards}")
    }

    /// The names that the end of a name belongs to; `None` if it is not exactly that of a shard.
    fn of_suffix(end: &str) -> Option<Self> {
        let (run, rest) = end.strip_prefix(".run-")?.split_once(".step-")?;
        let (n_steps, of) = rest.split_once('.')?;
        let (rank, n_shards) = of.split_once("-of-")?;
        let run = u32::from_str_radix(run, 16).ok()?;
        let (rank, n_shards) = (rank.parse().ok()?, n_shards.parse().ok()?);
        let name = Self { run, n_steps: n_steps.parse().ok()?, n_shards };
        // Numbers can be written in other ways too: `+1`, `01`.
        (rank < n_shards && end == name.suffix(rank)).then_some(name)
    }
}

/// Removes the shards of all runs with this checkpoint, except those of one checkpoint.
///
/// A shard that cannot be removed stays: it only takes space.
pub(super) fn remove_shards(file: &Path, except: Option<ShardName>) {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else { return };
    let folder = if folder == Path::new("") { Path::new(".") } else { folder };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let found = entry.file_name();
        // The name of the checkpoint need not be UTF-8.
        let end = found.as_encoded_bytes().strip_prefix(name.as_encoded_bytes());
        let shard = end.and_then(|end| ShardName::of_suffix(str::from_utf8(end).ok()?));
        if shard.is_some_and(|shard| except != Some(shard)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::FilePrints;

    fn run(config: &str) -> Identity {
        Identity { config: config.to_owned(), files: FilePrints::default(), init: None }
    }

    #[test]
    fn only_shards_of_the_checkpoint_are_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("model.checkpoint");
        let others = [
            "model.checkpoint",
            "model.checkpoint.run-00000001.step-1.dcx",
            "model.checkpoint.run-00000001.step-+1.0-of-2",
            "model.checkpoint.run-00000001.step-01.0-of-2",
            "model.checkpoint.run-00000001.step-1.2-of-2",
            "model.checkpoint.run-00000001.step-1.0-of-2.bak",
            "model.checkpoint.run-1.step-1.0-of-2",
            "model.checkpoint.step-1.0-of-2",
            "my-model.checkpoint.run-00000001.step-1.0-of-2",
            "model.run-00000001.step-1.0-of-2",
        ];
        let kept = ShardName::new(&run("kept"), 7, 2);
        let shards = [
            ShardName::new(&run("kept"), 1, 2).file(&file, 0),
            ShardName::new(&run("another"), 7, 2).file(&file, 0),
            kept.file(&file, 1),
        ];
        let others = others.map(|name| folder.path().join(name));
        shards.iter().chain(&others).for_each(|path| fs::write(path, "x").expect("room"));
        remove_shards(&file, Some(kept));
        assert_eq!(shards.each_ref().map(|path| path.exists()), [false, false, true]);
        remove_shards(&file, None);
        assert!(!shards[2].exists() && others.iter().all(|path| path.exists()));
    }

    /// A resumed run, also by a later program, must find the shards.
    #[test]
    fn the_name_of_a_shard_does_not_change() {
        let file = ShardName::new(&run("[train]"), 1200, 4).file(Path::new("a.checkpoint"), 3);
        assert_eq!(file, Path::new("a.checkpoint.run-bed61b6d.step-1200.3-of-4"));
    }

    #[test]
    #[cfg(unix)]
    fn shards_without_a_name_in_utf8_are_removed() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.checkpoint"));
        let shard = ShardName::new(&run(""), 3, 2).file(&file, 0);
        fs::write(&shard, "x").expect("room");
        remove_shards(&file, None);
        assert!(!shard.exists());
    }
}
