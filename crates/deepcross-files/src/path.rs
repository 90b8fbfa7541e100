//! Questions about paths of files that need not exist yet.

use std::path::{Path, PathBuf};

/// The path that a symbolic link leads to, so that a file written there leaves the link in its place.
///
/// Returns any other path, and a link to nothing, as it is.
pub fn resolved(path: &Path) -> PathBuf {
    let is_link = path.symlink_metadata().is_ok_and(|data| data.is_symlink());
    let target = is_link.then(|| path.canonicalize().ok()).flatten();
    target.unwrap_or_else(|| path.to_owned())
}

/// Whether two paths name one file, whatever links and dots are in them; the file itself need not exist.
pub fn same_path(a: &Path, b: &Path) -> bool {
    real_path(a) == real_path(b)
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
