//! Resolves the data files that a call names: patterns, the standard input and pipes.

use crate::call_error::CallError;
use anyhow::{Context, Result, bail};
use deepcross_data::input::Pipes;
use deepcross_files::{is_stream, parent_folder, resolved};
use glob::{MatchOptions, glob_with};
use std::path::{Path, PathBuf};

/// Patterns match as in shells: a `*` stays within a folder and does not match hidden files.
const AS_SHELLS_DO: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// The files that a call names, in its order; a pattern stands for all matching files, ordered by name.
///
/// If a file has the pattern itself as its name, the pattern stands for this file alone.
pub(crate) fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for name in named {
        match pattern(name) {
            Some(pattern) => files.extend(matches(pattern)?),
            None => files.push(name.clone()),
        }
    }
    Ok(files)
}

/// The name as a pattern; `None` if it is the name of a file.
fn pattern(name: &Path) -> Option<&str> {
    let pattern = name.to_str().filter(|name| name.contains(['*', '?', '[']))?;
    name.symlink_metadata().is_err().then_some(pattern)
}

fn matches(pattern: &str) -> Result<Vec<PathBuf>> {
    let found = glob_with(pattern, AS_SHELLS_DO)
        .with_context(|| format!("`{pattern}`: no such file, and not a valid pattern"))?;
    let found: Result<Vec<_>, _> = found.collect();
    let mut files = found.with_context(|| format!("`{pattern}`: cannot be searched for"))?;
    files.retain(|path| !path.is_dir());
    files.sort();
    if files.is_empty() {
        bail!("`{pattern}`: no file matches this pattern");
    }
    Ok(files)
}

/// Pipes that can be read more than once, by copies in unnamed files: beside `out` if that is a file, or else in the
/// system's folder of temporary files.
pub(crate) fn pipes_beside(out: &Path) -> Pipes {
    if is_stream(out) {
        return Pipes::kept_in(&std::env::temp_dir());
    }
    Pipes::kept_in(parent_folder(&resolved(out)))
}

/// Fails if the standard input is named twice: the second reader would find nothing.
pub(crate) fn check_standard_input<'p>(files: impl IntoIterator<Item = &'p PathBuf>) -> Result<()> {
    let n = files.into_iter().filter(|file| *file == Path::new("-")).count();
    if n > 1 {
        let message = "`-`: the standard input can be named once, but the call names it twice";
        return Err(CallError::with_message(message.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_files_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.csv", "c.tsv", "[x].csv", ".hidden.csv"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::create_dir_all(folder.path().join("e.csv/deep")).unwrap();
        std::fs::write(folder.path().join("e.csv/deep/f.csv"), "").unwrap();
        let cases: [(&[&str], &[&str]); 9] = [
            (&["*.csv"], &["[x].csv", "a.csv", "b.csv"]),
            (&["?.tsv", "a.csv"], &["c.tsv", "a.csv"]),
            (&["[ab].csv"], &["a.csv", "b.csv"]),
            (&["[x].csv"], &["[x].csv"]),
            (&["**/*.csv"], &["[x].csv", "a.csv", "b.csv", "e.csv/deep/f.csv"]),
            (&["*/*/*.csv"], &["e.csv/deep/f.csv"]),
            (&["-", "none.csv"], &["-", "none.csv"]),
            (&["*.gz"], &[]),
            (&["a[.csv"], &[]),
        ];
        for (named, expected) in cases {
            let path = |name: &&str| match *name {
                "-" => PathBuf::from("-"),
                name => folder.path().join(name),
            };
            let found = files(&named.iter().map(path).collect::<Vec<_>>());
            let expected: Vec<_> = expected.iter().map(path).collect();
            assert_eq!(found.unwrap_or_default(), expected, "{named:?}");
        }
    }
}
