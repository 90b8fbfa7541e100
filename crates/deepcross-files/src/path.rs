//! Questions about paths of files that need not exist yet, and of streams.

use std::path::{Path, PathBuf};

/// The names of the standard output beside `-`.
const STANDARD_OUTPUT: [&str; 3] = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// The folders whose files are names of the open files of the process.
const OPEN_FILES: [&str; 2] = ["/dev/fd", "/proc/self/fd"];

/// Whether a path names the standard output, as an output: `-`, `/dev/stdout` and the like.
pub fn is_standard_output(path: &Path) -> bool {
    path == Path::new("-") || STANDARD_OUTPUT.iter().any(|name| path == Path::new(name))
}

/// Whether an output of this path is a stream: the standard output, another open file of the process, a pipe, a device
/// or a socket.
pub fn is_stream(path: &Path) -> bool {
    let is_special = |about: std::fs::Metadata| !about.is_file() && !about.is_dir();
    is_standard_output(path) || names_open_file(path) || path.metadata().is_ok_and(is_special)
}

/// Whether a path is another name of an open file of the process, as `>(gzip)` of a shell gives it.
pub(crate) fn names_open_file(path: &Path) -> bool {
    let is_within = |folder: &&str| path.parent() == Some(Path::new(folder));
    path == Path::new("/dev/stderr") || OPEN_FILES.iter().any(is_within)
}

/// The path that a symbolic link leads to, so that a file written there leaves the link in its place.
///
/// Returns any other path, a link to nothing, and the name of an open file of the process as it is.
pub fn resolved(path: &Path) -> PathBuf {
    if is_stream(path) {
        return path.to_owned();
    }
    let is_link = path.symlink_metadata().is_ok_and(|data| data.is_symlink());
    let target = is_link.then(|| path.canonicalize().ok()).flatten();
    target.unwrap_or_else(|| path.to_owned())
}

/// Whether two paths name one file, whatever links and dots are in them; the file itself need not exist.
///
/// All names of the standard output are one.
pub fn same_path(a: &Path, b: &Path) -> bool {
    match [a, b].map(is_standard_output) {
        [false, false] => real_path(a) == real_path(b),
        [a, b] => a == b,
    }
}

/// The path without links and dots; if the file does not exist, those of its folder alone are resolved.
fn real_path(path: &Path) -> PathBuf {
    let in_folder = || {
        let folder = parent_folder(path).canonicalize().ok()?;
        Some(folder.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(in_folder).unwrap_or_else(|| path.to_owned())
}

/// The folder that a file stands in: `.` for a bare name.
pub fn parent_folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_stands_in_the_current_folder() {
        assert_eq!(parent_folder(Path::new("model.dcx")), Path::new("."));
        assert_eq!(parent_folder(Path::new("runs/model.dcx")), Path::new("runs"));
    }

    #[test]
    fn paths_of_one_file_are_the_same_before_it_exists_and_after() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let dotted = folder.path().join(".").join("x");
        for _ in 0..2 {
            assert!(same_path(&path, &dotted));
            assert!(!same_path(&path, &folder.path().join("y")));
            std::fs::write(&path, "").unwrap();
        }
    }

    #[test]
    fn the_standard_output_has_several_names() {
        let names = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].map(Path::new);
        for name in names {
            assert!(is_standard_output(name) && is_stream(name), "{name:?}");
            assert!(same_path(name, names[0]) && !same_path(name, Path::new("x")), "{name:?}");
            assert_eq!(resolved(name), name);
        }
        for other in ["./-", "x-", "dev/stdout", "/dev/shm/x"].map(Path::new) {
            assert!(!is_standard_output(other) && !is_stream(other), "{other:?}");
        }
        assert!(is_stream(Path::new("/dev/fd/63")) && is_stream(Path::new("/dev/stderr")));
    }

    #[test]
    #[cfg(unix)]
    fn a_link_is_resolved_if_it_leads_to_something() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert_eq!(resolved(&link), link);
        std::fs::write(&target, "").unwrap();
        assert_eq!(resolved(&link), target.canonicalize().unwrap());
        assert_eq!(resolved(&target), target);
        assert!(same_path(&link, &target));
    }
}
