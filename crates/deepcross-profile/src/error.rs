//! The errors of profiling files.

use std::path::PathBuf;

use deepcross_data::DataError;
use thiserror::Error;

/// Why files cannot be profiled, or their configuration cannot be written.
///
/// Messages that ask for a setting end with its name, so that a program can add its flag or key.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The files cannot be opened or read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The first row repeats a value, and the settings do not name the columns.
    #[error("name the columns")]
    RepeatedName(#[source] DataError),
    /// The first row looks like values, and the settings do not name the columns.
    #[error(
        "`{}`: the first row looks like values and not like the names of columns: {}, …; name the \
         {} columns", file.display(), beginning(header), header.len()
    )]
    NoHeader {
        /// The first file.
        file: PathBuf,
        /// The values of its first row.
        header: Vec<String>,
    },
    /// A value of the label is the name of its column.
    #[error(
        "the label `{label}` is `{label}` in {rows} of the rows: {}",
        if *has_set_names {
            "the first row seems to be a header; to replace its names, say so"
        } else {
            "headers stand among them, as `cat` of several files leaves them; remove these lines"
        }
    )]
    HeaderAmongRows {
        /// The column of the label.
        label: String,
        /// The number of rows that seem to be headers.
        rows: u64,
        /// Whether the settings name the columns.
        has_set_names: bool,
    },
    /// A value of the label is neither positive nor negative.
    #[error(
        "the label `{label}` is {found}, expected {} (positive) or {} (negative); name the positive \
         values",
        listed(positive),
        listed(negative)
    )]
    LabelValue {
        /// The column of the label.
        label: String,
        /// Its most frequent values, with their rows.
        found: String,
        /// The values that mean 1.
        positive: Vec<String>,
        /// The values that mean 0.
        negative: Vec<String>,
    },
    /// Positive values are named that no row has, while all other values are negative.
    #[error(
        "the label `{label}` is {} in no row, but {found}; name the positive values",
        listed(absent)
    )]
    AbsentLabel {
        /// The column of the label.
        label: String,
        /// The named values that no row has.
        absent: Vec<String>,
        /// Its most frequent values, with their rows.
        found: String,
    },
    /// The label has values that do not go together, such as 0 and −1.
    #[error(
        "the label `{label}` is {found}; labels are 1 and 0, or 1 and -1, or true and false; of others, name the \
         positive values"
    )]
    ContraryLabels {
        /// The column of the label.
        label: String,
        /// Its most frequent values, with their rows.
        found: String,
    },
    /// The label has too many values besides the positive ones.
    #[error(
        "the label `{label}` has more than {limit} values besides the positive ones, too many to \
         take them all for negative; name the negative values"
    )]
    ManyLabelValues {
        /// The column of the label.
        label: String,
        /// The most values that are taken for negative.
        limit: usize,
    },
    /// All labels are of one class.
    #[error("the label `{label}` is {class} in no row: {found}")]
    OneClass {
        /// The column of the label.
        label: String,
        /// The class without a row, `positive` or `negative`.
        class: &'static str,
        /// The most frequent values of the label, with their rows.
        found: String,
    },
    /// A value cannot be written as TOML.
    #[error("the configuration cannot be written as TOML")]
    Toml(#[from] toml::ser::Error),
}

/// The first values of a row, in backticks.
fn beginning(header: &[String]) -> String {
    listed(header.get(..4).unwrap_or(header))
}

/// The values in backticks, with commas between them.
fn listed(values: &[String]) -> String {
    let quoted: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
    quoted.join(", ")
}
