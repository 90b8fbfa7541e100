//! What columns hold, as JSON has it.

use serde::Serialize;

use crate::examples::Examples;
use crate::file_profile::FileProfile;
use crate::infer::{ColumnKind, InferredColumn, LeftOutReason};
use crate::profile::{ColumnProfile, DistinctCount, ListNotation, TopValue};

/// What the columns of files hold, and what would become of them in a configuration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProfileReport {
    /// The number of rows.
    pub rows: u64,
    /// The number of rows that could not be read.
    pub skipped: u64,
    /// The mean label of the rows that have one.
    pub mean_label: Option<f64>,
    /// The values that mean "missing".
    pub missing_values: Vec<String>,
    /// The columns.
    pub columns: Vec<ColumnReport>,
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnReport {
    /// The name of the column.
    pub name: String,
    /// The kind of field that the column would be.
    pub kind: String,
    /// The reason to leave the column out of a configuration.
    pub left_out: Option<&'static str>,
    /// How the column is read and why, or why it is left out.
    pub reason: String,
    /// The number of distinct values, or of distinct elements of lists.
    pub distinct: u64,
    /// Whether this number is exact.
    pub distinct_is_exact: bool,
    /// The rows without a value.
    pub missing: u64,
    /// The mean label of the rows with a value.
    pub mean_label: Option<f64>,
    /// The mean label of the rows without a value.
    pub mean_label_of_missing: Option<f64>,
    /// The AUC of predicting the label by this column alone.
    pub auc: Option<f64>,
    /// The mean length of the values in characters.
    pub mean_characters: f64,
    /// The numbers, if the column has any.
    pub numbers: Option<NumbersReport>,
    /// The lists, if the column is one of lists.
    pub list: Option<ListReport>,
    /// The values that count as missing although nothing said so: markers such as `?`, and odd values.
    pub counted_as_missing: Vec<TopReport>,
    /// The most frequent values; for lists, the most frequent elements.
    pub top: Vec<TopReport>,
}

/// The numbers of a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NumbersReport {
    /// The least number.
    pub min: Option<f64>,
    /// The greatest number.
    pub max: Option<f64>,
    /// The mean.
    pub mean: f64,
    /// The median.
    pub median: Option<f64>,
}

/// The lists of a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListReport {
    /// Without one, the lists are in brackets.
    pub separator: Option<char>,
    /// The number of distinct lists.
    pub distinct_values: u64,
    /// The mean number of elements.
    pub mean_length: f64,
    /// The largest number of elements.
    pub longest: u64,
}

/// A frequent value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TopReport {
    /// The value.
    pub value: String,
    /// The rows that have it.
    pub rows: u64,
    /// The mean label of the rows that have one.
    pub mean_label: Option<f64>,
}

impl ProfileReport {
    /// The number of frequent values of each column.
    pub const TOP: usize = 10;

    /// The report of a profile; values of the rows are left out unless `examples` shows them.
    pub fn new(profiled: &FileProfile, examples: Examples) -> Self {
        let profile = &profiled.profile;
        let columns = profile.columns.iter().zip(&profiled.fields.columns);
        Self {
            rows: profile.rows.rows,
            skipped: profile.skipped.rows,
            mean_label: profile.rows.mean_label(),
            missing_values: profile.missing.clone(),
            columns: columns
                .map(|(column, inferred)| ColumnReport::new(column, inferred, examples))
                .collect(),
        }
    }
}

impl ColumnReport {
    fn new(column: &ColumnProfile, inferred: &InferredColumn, examples: Examples) -> Self {
        let DistinctCount { n, exact } = inferred.distinct(column);
        let is_label = inferred.left_out == Some(LeftOutReason::Label);
        let values = |values: Vec<TopValue>| match examples {
            Examples::Shown => values.into_iter().map(TopReport::new).collect(),
            Examples::Hidden => Vec::new(),
        };
        Self {
            name: column.name().to_owned(),
            kind: inferred.kind.field_kind().to_string(),
            left_out: inferred.left_out.as_ref().map(LeftOutReason::word),
            reason: inferred.explain(column, examples),
            distinct: n,
            distinct_is_exact: exact,
            missing: column.missing().rows,
            mean_label: column.present().mean_label(),
            mean_label_of_missing: column.missing().mean_label(),
            auc: column.label_auc().filter(|_| !is_label),
            mean_characters: column.mean_characters(),
            numbers: NumbersReport::new(column, examples),
            list: ListReport::new(column, inferred),
            counted_as_missing: values(column.counted_as_missing().cloned().collect()),
            top: values(inferred.top(column, ProfileReport::TOP)),
        }
    }
}

impl NumbersReport {
    fn new(column: &ColumnProfile, examples: Examples) -> Option<Self> {
        let numbers = column.numbers()?;
        let shown = |number| Some(number).filter(|_| examples == Examples::Shown);
        let (min, max) = (shown(numbers.min), shown(numbers.max));
        Some(Self { min, max, mean: numbers.mean, median: column.median().and_then(shown) })
    }
}

impl ListReport {
    fn new(column: &ColumnProfile, inferred: &InferredColumn) -> Option<Self> {
        let ColumnKind::List(form) = inferred.kind else { return None };
        Some(Self {
            separator: match form.notation {
                ListNotation::Separator(separator) => Some(separator),
                _ => None,
            },
            distinct_values: column.distinct().n,
            mean_length: form.mean_length,
            longest: form.longest,
        })
    }
}

impl TopReport {
    fn new(value: TopValue) -> Self {
        let TopValue { text, counts } = value;
        Self { value: text, rows: counts.rows, mean_label: counts.mean_label() }
    }
}
