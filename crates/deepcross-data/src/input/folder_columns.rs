//! Columns that the names of folders give, as in `dt=2024-03-01/hour=05/part-0.parquet`.

use std::path::{Component, Path};
use std::sync::Arc;

use deepcross_features::blanks;
use percent_encoding::percent_decode;

/// The value of a folder whose rows have no value.
const MISSING: &str = "__HIVE_DEFAULT_PARTITION__";

/// A column that has the same value in all rows of a file, because of the name of a folder above the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FolderColumn {
    pub(crate) name: String,
    /// The value; `None` if it is missing.
    pub(crate) value: Option<Arc<str>>,
    /// Whether a search found the folder, and the call did not name it.
    pub(crate) is_found: bool,
}

/// The columns that the names of the folders above a file give, from the outermost; a search found the last `n_found`
/// parts of the path.
///
/// If two folders name the same column, the inner one counts.
pub(super) fn folder_columns(path: &Path, n_found: usize) -> Vec<FolderColumn> {
    let parts = path.components().rev().enumerate().skip(1);
    let mut columns: Vec<FolderColumn> = Vec::new();
    for (depth, part) in parts {
        let Component::Normal(folder) = part else { continue };
        let Some((name, value)) = folder.to_str().and_then(column) else { continue };
        if columns.iter().all(|inner| inner.name != name) {
            columns.push(FolderColumn { name, value, is_found: depth < n_found });
        }
    }
    columns.reverse();
    columns
}

/// The name and the value of a folder `name=value`, in which `%3A` and the like stand for characters.
fn column(folder: &str) -> Option<(String, Option<Arc<str>>)> {
    let decoded =
        |text: &str| Some(percent_decode(text.as_bytes()).decode_utf8().ok()?.into_owned());
    let (name, value) = folder.split_once('=')?;
    let (name, value) = (decoded(name)?, decoded(value)?);
    let value = (value != MISSING).then(|| Arc::from(value));
    let name = blanks::trim_str(&name);
    (!name.is_empty()).then(|| (name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_with_an_equals_sign_are_columns() {
        type Found<'a> = &'a [(&'a str, Option<&'a str>, bool)];
        let cases: [(&str, usize, Found<'_>); 6] = [
            ("logs/a.csv", 2, &[]),
            ("x=1", 1, &[]),
            (
                "env=prod/logs/dt=2024-03-01/hour=05/part=0.csv",
                3,
                &[
                    ("env", Some("prod"), false),
                    ("dt", Some("2024-03-01"), true),
                    ("hour", Some("05"), true),
                ],
            ),
            (
                "/a%20b=x%3Ay%2Fz/c=__HIVE_DEFAULT_PARTITION__/x.csv",
                0,
                &[("a b", Some("x:y/z"), false), ("c", None, false)],
            ),
            ("=1/a=/b=1=2/x.csv", 0, &[("a", Some(""), false), ("b", Some("1=2"), false)]),
            ("dt=1/k=2/dt=3/x.csv", 1, &[("k", Some("2"), false), ("dt", Some("3"), false)]),
        ];
        for (path, n_found, expected) in cases {
            let found = folder_columns(Path::new(path), n_found);
            let found: Vec<_> = found
                .iter()
                .map(|column| (&*column.name, column.value.as_deref(), column.is_found))
                .collect();
            assert_eq!(found, expected, "{path}");
        }
    }
}
