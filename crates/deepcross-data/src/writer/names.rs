//! Checks whether a format can have given columns.

use crate::config::{Format, LABEL, criteo_columns, first_repeated, is_whole};
use crate::error::DataError;
use crate::formats::{FEATURES, QID, has_lone_return};
use crate::limits::{LONGEST_NAME, MOST_FIELDS};
use crate::message::shown;

impl Format {
    /// Refuses columns that a file of this format cannot have.
    ///
    /// CSV, TSV and Parquet can have any columns, but no name twice except the empty one.
    /// Criteo's logs have their 40 columns in order.
    /// libsvm has `label`, optionally `qid`, and `features`.
    /// libffm has a label and columns whose names are whole numbers.
    ///
    /// # Errors
    /// [`DataError::UnfitColumns`].
    pub fn check_columns(self, columns: &[String]) -> Result<(), DataError> {
        let problem = match self {
            Self::Csv | Self::Tsv | Self::Parquet => problem_of_names(self, columns),
            Self::Criteo => problem_of_criteo(columns),
            Self::Libsvm => problem_of_libsvm(columns),
            Self::Libffm => problem_of_libffm(columns),
        };
        match problem {
            None => Ok(()),
            Some(problem) => Err(DataError::UnfitColumns { format: self, problem }),
        }
    }
}

fn problem_of_names(format: Format, columns: &[String]) -> Option<String> {
    if columns.is_empty() || columns.len() > MOST_FIELDS {
        let n = columns.len();
        return Some(format!("there are {n} columns, expected 1 to {MOST_FIELDS}"));
    }
    let named: Vec<_> = columns.iter().filter(|name| !name.is_empty()).cloned().collect();
    if let Some(name) = first_repeated(&named) {
        let name = shown(name.as_bytes());
        return Some(format!("there are two columns `{name}`, expected each name once"));
    }
    let problem = |(column, name): (usize, &String)| {
        let (expected, name) = (expected_of_name(format, name)?, shown(name.as_bytes()));
        Some(format!("the name of column {} is `{name}`, expected {expected}", column + 1))
    };
    columns.iter().enumerate().find_map(problem)
}

/// A description of valid names, if this name would not be read back unchanged.
fn expected_of_name(format: Format, name: &str) -> Option<String> {
    let trimmed = if format == Format::Parquet { name.trim() } else { name.trim_ascii() };
    match () {
        () if name.len() > LONGEST_NAME => Some(format!("at most {LONGEST_NAME} bytes")),
        () if has_lone_return(name.as_bytes()) => Some("no carriage return in it".to_owned()),
        () if trimmed != name => Some("no blanks around it".to_owned()),
        () => None,
    }
}

fn problem_of_criteo(columns: &[String]) -> Option<String> {
    let expected = criteo_columns();
    let n_columns = columns.len().max(expected.len());
    let differs = (0..n_columns).find(|&column| columns.get(column) != expected.get(column))?;
    let name = |names: &[String]| match names.get(differs) {
        Some(name) => format!("`{}`", shown(name.as_bytes())),
        None => "absent".to_owned(),
    };
    Some(format!(
        "column {} is {}, expected {}; its columns are `label`, `I1` to `I13` and `C1` to `C26`",
        differs + 1,
        name(columns),
        name(&expected)
    ))
}

fn problem_of_libsvm(columns: &[String]) -> Option<String> {
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let fits = matches!(names[..], [LABEL, FEATURES] | [LABEL, QID, FEATURES]);
    (!fits).then(|| {
        "expected the columns `label`, optionally `qid`, and `features`, a list of pairs".to_owned()
    })
}

fn problem_of_libffm(columns: &[String]) -> Option<String> {
    let is_number = |name: &String| is_whole(name.as_bytes());
    let fits = match columns {
        [label, fields @ ..] => !is_number(label) && fields.iter().all(is_number),
        [] => false,
    };
    if !fits {
        return Some(
            "expected the column `label`, and columns whose names are the numbers of fields, each a \
             list of pairs"
                .to_owned(),
        );
    }
    let repeated = first_repeated(columns)?;
    Some(format!("there are two columns `{repeated}`, expected each name once"))
}
