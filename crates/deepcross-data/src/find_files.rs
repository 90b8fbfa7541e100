//! Finds the data files that a call names by their names, by folders and by patterns.
//!
//! A folder stands for the data files in it and in its folders, and a pattern for all files that match.
//! Names need not be UTF-8.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};
use walkdir::{DirEntry, WalkDir};

use crate::config::Format;
use crate::error::DataError;
use crate::input::FoundFile;

/// The most names that a message lists.
const MOST_LISTED: usize = 5;

/// Patterns match as in shells: a `*` stays within a folder and does not match hidden files.
const AS_SHELLS_DO: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// The files that a call names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundFiles {
    /// The files in the order in which they are read.
    pub files: Vec<FoundFile>,
    /// The folders that stand for files.
    pub folders: Vec<FoundFolder>,
}

/// A folder that stands for the data files in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFolder {
    /// The path of the folder.
    pub path: PathBuf,
    /// The number of data files, without empty ones.
    pub n_files: usize,
    /// The number of empty files, which are left out.
    pub n_empty: usize,
    /// The files that are left out because their names do not show a format, unlike those of other files.
    pub others: Vec<PathBuf>,
}

/// Finds the files that `named` stands for, in its order.
///
/// * A folder stands for the data files in it and in the folders below it, ordered by path.
///   Files and folders that begin with `.` or `_` are left out, except for folders such as `_day=1`, which give a
///   column.
///   If the names of some files show their formats, all other files are left out.
/// * A name with `*`, `?` or `[` stands for all matching files, ordered by path, unless a file has exactly this name.
///   If only folders match, it stands for their files.
/// * Any other name stands for itself.
///
/// Empty files are left out of folders and patterns if other files are found.
///
/// # Errors
/// If a folder has no data files or files of several formats, if no file matches a pattern, or if a folder cannot be
/// read.
pub fn find_files(named: &[PathBuf]) -> Result<FoundFiles, DataError> {
    let mut found = FoundFiles::default();
    for name in named {
        match pattern(name) {
            Some(pattern) => found.add_matches(pattern)?,
            None if name.is_dir() => found.add_folder(name, 0)?,
            None => found.files.push(FoundFile { path: name.clone(), n_found: 0 }),
        }
    }
    Ok(found)
}

/// The name as a pattern; `None` if it is the name of a file.
fn pattern(name: &Path) -> Option<&str> {
    let pattern = name.to_str().filter(|name| is_pattern(name))?;
    name.symlink_metadata().is_err().then_some(pattern)
}

fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

impl FoundFiles {
    fn add_matches(&mut self, pattern: &str) -> Result<(), DataError> {
        let matching = matches(pattern)?;
        let (folders, mut files): (Vec<_>, Vec<_>) =
            matching.into_iter().partition(|file| file.path.is_dir());
        if files.is_empty() && !folders.is_empty() {
            return folders
                .iter()
                .try_for_each(|folder| self.add_folder(&folder.path, folder.n_found));
        }
        if files.is_empty() {
            return Err(DataError::NoMatch { pattern: pattern.to_owned() });
        }
        leave_out_empty(&mut files);
        self.files.append(&mut files);
        Ok(())
    }

    /// Adds the data files of a folder, the last `n_found` parts of whose path a search found.
    fn add_folder(&mut self, folder: &Path, n_found: usize) -> Result<(), DataError> {
        let all = files_below(folder)?;
        let is_data = |file: &PathBuf| Format::of_name(file).is_some();
        let (mut data, mut others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_data);
        if data.is_empty() {
            std::mem::swap(&mut data, &mut others);
        }
        if data.is_empty() {
            return Err(DataError::NoDataInFolder {
                folder: folder.to_owned(),
                held: content(folder)?,
            });
        }
        check_one_format(folder, &data)?;
        let n_parts = folder.components().count();
        let file = |path: PathBuf| {
            let n_found = n_found + path.components().count() - n_parts;
            FoundFile { path, n_found }
        };
        let mut files: Vec<_> = data.into_iter().map(file).collect();
        let n_empty = leave_out_empty(&mut files);
        let (path, n_files) = (folder.to_owned(), files.len());
        self.folders.push(FoundFolder { path, n_files, n_empty, others });
        self.files.append(&mut files);
        Ok(())
    }
}

/// Removes empty files, unless all files are empty; returns their number.
fn leave_out_empty(files: &mut Vec<FoundFile>) -> usize {
    let n_files = files.len();
    // A pipe has no length.
    let is_empty = |file: &FoundFile| {
        file.path.metadata().is_ok_and(|about| about.is_file() && about.len() == 0)
    };
    if !files.iter().all(is_empty) {
        files.retain(|file| !is_empty(file));
    }
    n_files - files.len()
}

/// The visible files in a folder and in its visible folders, ordered by path.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let walk = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
    let mut files = Vec::new();
    for entry in walk.filter_entry(|entry| entry.depth() == 0 || is_visible(entry)) {
        let entry = entry.map_err(|error| not_walked(folder, error))?;
        if !entry.file_type().is_dir() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

/// Whether a name belongs to data, and not to notes of other programs, such as `_SUCCESS` and `.part-0.csv.crc`.
fn is_visible(entry: &DirEntry) -> bool {
    let name = entry.file_name().as_encoded_bytes();
    match name.first() {
        Some(b'.') => false,
        Some(b'_') => entry.file_type().is_dir() && name.contains(&b'='),
        _ => true,
    }
}

/// Refuses files whose names show different formats.
fn check_one_format(folder: &Path, files: &[PathBuf]) -> Result<(), DataError> {
    let Some((first, others)) = files.split_first() else { return Ok(()) };
    let format = Format::of_name(first);
    let Some(other) = others.iter().find(|other| Format::of_name(other) != format) else {
        return Ok(());
    };
    Err(DataError::SeveralFormats {
        folder: folder.to_owned(),
        first: first.clone(),
        other: other.clone(),
        ending: first.extension().unwrap_or_default().to_string_lossy().into_owned(),
    })
}

/// What a folder holds, in words.
fn content(folder: &Path) -> Result<String, DataError> {
    let names = names_in(folder).map_err(|source| unreadable(folder, source))?;
    let mut listed: Vec<_> =
        names.iter().take(MOST_LISTED).map(|name| format!("`{}`", name.display())).collect();
    match names.len() - listed.len() {
        0 => {}
        n => listed.push(format!("{n} more")),
    }
    Ok(if listed.is_empty() { "nothing".to_owned() } else { listed.join(", ") })
}

fn names_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let folder = if folder == Path::new("") { Path::new(".") } else { folder };
    let names = fs::read_dir(folder)?.map(|entry| Ok(PathBuf::from(entry?.file_name())));
    let mut names: Vec<_> = names.collect::<io::Result<_>>()?;
    names.sort();
    Ok(names)
}

/// The files and folders that match a pattern, ordered by path.
fn matches(pattern: &str) -> Result<Vec<FoundFile>, DataError> {
    Pattern::new(pattern).map_err(|error| DataError::Pattern {
        pattern: pattern.to_owned(),
        problem: error.to_string(),
    })?;
    let mut found = vec![FoundFile { path: PathBuf::new(), n_found: 0 }];
    for part in Path::new(pattern).components() {
        let name = part.as_os_str().to_str().unwrap_or_default();
        let mut next = Vec::new();
        for above in &found {
            match name {
                "**" => add_folders(above, &mut next)?,
                name if is_pattern(name) => add_matching(above, name, &mut next)?,
                name => add_named(above, name, &mut next),
            }
        }
        found = next;
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.dedup_by(|a, b| a.path == b.path);
    Ok(found)
}

/// Adds the entry of a fixed name; before the first wildcard it need not exist.
fn add_named(above: &FoundFile, name: &str, found: &mut Vec<FoundFile>) {
    let path = above.path.join(name);
    let is_below = above.n_found > 0;
    if !is_below || path.symlink_metadata().is_ok() {
        found.push(FoundFile { path, n_found: above.n_found + usize::from(is_below) });
    }
}

/// Adds the entries of a folder whose names match.
fn add_matching(
    above: &FoundFile,
    pattern: &str,
    found: &mut Vec<FoundFile>,
) -> Result<(), DataError> {
    let Ok(pattern) = Pattern::new(pattern) else { return Ok(()) };
    let names = match names_in(&above.path) {
        Ok(names) => names,
        Err(error) if is_no_folder(&error) => return Ok(()),
        Err(error) => return Err(unreadable(&above.path, error)),
    };
    // A name that is not UTF-8 matches by the replacements of its other bytes.
    let is_match = |name: &PathBuf| pattern.matches_with(&name.to_string_lossy(), AS_SHELLS_DO);
    let n_found = above.n_found + 1;
    found.extend(
        names
            .into_iter()
            .filter(is_match)
            .map(|name| FoundFile { path: above.path.join(name), n_found }),
    );
    Ok(())
}

/// Adds the folder itself and all folders below it that are not hidden.
fn add_folders(above: &FoundFile, found: &mut Vec<FoundFile>) -> Result<(), DataError> {
    let names = match names_in(&above.path) {
        Ok(names) => names,
        Err(error) if is_no_folder(&error) => return Ok(()),
        Err(error) => return Err(unreadable(&above.path, error)),
    };
    found.push(above.clone());
    for name in names {
        let path = above.path.join(&name);
        let is_hidden = name.as_os_str().as_encoded_bytes().starts_with(b".");
        // Links to folders are not followed, since they may lead back.
        if !is_hidden && path.symlink_metadata().is_ok_and(|about| about.is_dir()) {
            add_folders(&FoundFile { path, n_found: above.n_found + 1 }, found)?;
        }
    }
    Ok(())
}

fn is_no_folder(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn unreadable(folder: &Path, source: io::Error) -> DataError {
    DataError::Unreadable { file: folder.to_owned(), source }
}

fn not_walked(folder: &Path, error: walkdir::Error) -> DataError {
    let path = error.path().unwrap_or(folder).to_owned();
    unreadable(&path, error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with empty folders and files of one byte, except for those whose names contain `empty`.
    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, if file.contains("empty") { "" } else { "x" }).unwrap();
        }
        folder
    }

    /// The files that names in `folder` stand for, each with the number of parts that were found.
    fn found(folder: &Path, named: &[&str]) -> Result<Vec<(String, usize)>, String> {
        let path = |name: &&str| match *name {
            "-" => PathBuf::from("-"),
            name => folder.join(name),
        };
        let shown =
            |path: &Path| path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
        let found = find_files(&named.iter().map(path).collect::<Vec<_>>());
        let found = found
            .map_err(|error| error.to_string().replace(&format!("{}/", folder.display()), ""))?;
        Ok(found.files.iter().map(|file| (shown(&file.path), file.n_found)).collect())
    }

    #[track_caller]
    fn check(folder: &Path, named: &[&str], expected: &[(&str, usize)]) {
        let expected: Vec<_> =
            expected.iter().map(|(name, n_found)| ((*name).to_owned(), *n_found)).collect();
        assert_eq!(found(folder, named), Ok(expected), "{named:?}");
    }

    #[test]
    fn patterns_stand_for_files_by_name() {
        let folder = folder(&[
            "b.csv",
            "a.csv",
            "c.tsv",
            "[x].csv",
            "é.txt",
            ".hidden.csv",
            "e.csv/deep/f.csv",
            "e.csv/empty.csv",
            "day=1/g.csv",
            "day=2/g.csv",
        ]);
        let path = folder.path();
        check(path, &["*.csv"], &[("[x].csv", 1), ("a.csv", 1), ("b.csv", 1)]);
        check(path, &["?.tsv", "a.csv"], &[("c.tsv", 1), ("a.csv", 0)]);
        check(path, &["?.txt"], &[("é.txt", 1)]);
        check(path, &["[ab].csv"], &[("a.csv", 1), ("b.csv", 1)]);
        check(path, &["[x].csv"], &[("[x].csv", 0)]);
        check(
            path,
            &["**/*.csv"],
            &[
                ("[x].csv", 1),
                ("a.csv", 1),
                ("b.csv", 1),
                ("day=1/g.csv", 2),
                ("day=2/g.csv", 2),
                ("e.csv/deep/f.csv", 3),
            ],
        );
        check(path, &["*/*/*.csv"], &[("e.csv/deep/f.csv", 3)]);
        check(path, &["*/g.csv"], &[("day=1/g.csv", 2), ("day=2/g.csv", 2)]);
        check(path, &["day=[2]"], &[("day=2/g.csv", 2)]);
        check(path, &["day=2/*"], &[("day=2/g.csv", 1)]);
        check(path, &["-", "none.csv"], &[("-", 0), ("none.csv", 0)]);
        check(path, &["e.csv/*.csv"], &[("e.csv/empty.csv", 1)]);
        let no_match = Err("`*.gz`: no file matches this pattern".to_owned());
        assert_eq!(found(path, &["*.gz"]), no_match);
        let error = found(path, &["a[.csv"]).unwrap_err();
        assert!(error.contains("no such file, and not a valid pattern"), "{error}");
    }

    #[test]
    fn folders_stand_for_their_data_files() {
        let folder = folder(&[
            "parts/_SUCCESS",
            "parts/.part-0.csv.crc",
            "parts/part-1.csv",
            "parts/part-0.csv.gz",
            "parts/part-2-empty.csv",
            "parts/_temporary/part-3.csv",
            "parts/notes.md",
            "days/dt=2/hour=1/a.csv",
            "days/dt=1/hour=2/b.csv",
            "days/dt=1/hour=1/c.csv",
            "days/_k=1/d.csv",
            "nameless/part-0",
            "nameless/part-1",
            "nothing/_SUCCESS",
            "nothing/.a.crc",
            "mixed/a.csv",
            "mixed/b.parquet",
        ]);
        fs::create_dir(folder.path().join("bare")).unwrap();
        let path = folder.path();
        check(path, &["parts"], &[("parts/part-0.csv.gz", 1), ("parts/part-1.csv", 1)]);
        check(
            path,
            &["days", "parts/part-1.csv"],
            &[
                ("days/_k=1/d.csv", 2),
                ("days/dt=1/hour=1/c.csv", 3),
                ("days/dt=1/hour=2/b.csv", 3),
                ("days/dt=2/hour=1/a.csv", 3),
                ("parts/part-1.csv", 0),
            ],
        );
        check(
            path,
            &["days/dt=1"],
            &[("days/dt=1/hour=1/c.csv", 2), ("days/dt=1/hour=2/b.csv", 2)],
        );
        check(path, &["nameless"], &[("nameless/part-0", 1), ("nameless/part-1", 1)]);
        let refused = |named| found(path, &[named]).unwrap_err();
        assert_eq!(
            refused("nothing"),
            "`nothing`: is a folder without data files; it holds `.a.crc`, `_SUCCESS`"
        );
        assert_eq!(refused("bare"), "`bare`: is a folder without data files; it holds nothing");
        assert_eq!(
            refused("mixed"),
            "`mixed`: has files of several formats, such as `mixed/a.csv` and `mixed/b.parquet`; to read those of one \
             format, use a pattern such as 'mixed/**/*.csv'"
        );
        let parts = find_files(&[path.join("parts")]).unwrap().folders;
        let others = vec![path.join("parts/notes.md")];
        let expected = FoundFolder { path: path.join("parts"), n_files: 2, n_empty: 1, others };
        assert_eq!(parts, [expected]);
    }

    #[cfg(unix)]
    #[test]
    fn names_need_not_be_utf8() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let folder = folder(&["a.csv"]);
        let odd = folder.path().join(OsStr::from_bytes(b"caf\xe9.csv"));
        fs::write(&odd, "x").unwrap();
        fs::write(folder.path().join(OsStr::from_bytes(b"caf\xe9.txt")), "x").unwrap();
        let files = |name: PathBuf| {
            let files = find_files(&[name]).unwrap().files;
            files.into_iter().map(|file| file.path).collect::<Vec<_>>()
        };
        let both = [folder.path().join("a.csv"), odd.clone()];
        assert_eq!(files(folder.path().join("*.csv")), both);
        assert_eq!(files(folder.path().join("caf?.csv")), std::slice::from_ref(&odd));
        assert_eq!(files(folder.path().to_owned()), both);
        assert_eq!(files(odd.clone()), [odd]);
    }
}
