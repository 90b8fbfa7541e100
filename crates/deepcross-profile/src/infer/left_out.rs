//! The reasons to leave a column out of a configuration.

use super::column_kind::ColumnKind;
use super::name_meaning::{NameMeaning, name_meaning};
use crate::examples::Examples;
use crate::number_text::{grouped, short};
use crate::profile::{ColumnProfile, DistinctCount, LabelCounts};

/// The AUC above which a column is taken for a leak of the label.
const LEAK: f64 = 0.99;

/// The most rows on average that a query has.
const ROWS_PER_QUERY: f64 = 1000.0;

/// The fewest queries: fewer ids of them are ordinary values.
const QUERIES: u64 = 32;

/// The fewest rows that can show that each row has a value of its own.
const ROWS: u64 = 50;

/// Why a column is left out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LeftOutReason {
    /// The column is the label.
    Label,
    /// The column has no name, so that no field can read it.
    NoName,
    /// The column has no value in any row.
    Empty,
    /// The column has the same value in every row.
    Constant,
    /// Nearly every row has a different value, from which nothing can be learned for other rows.
    RowId,
    /// The column names queries, or sessions or the like, with this many rows each: new rows have new ones.
    Queries(f64),
    /// The column alone predicts the label nearly perfectly, with this area under the ROC curve: such a column is mostly
    /// written after the event that is to be predicted.
    Leak(f64),
    /// This many of the column's values are not valid UTF-8.
    NotText(u64),
}

impl LeftOutReason {
    /// The reason in a word or two.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::NoName => "without a name",
            Self::Empty => "empty",
            Self::Constant => "constant",
            Self::RowId => "row id",
            Self::Queries(_) => "query id",
            Self::Leak(_) => "leak of the label",
            Self::NotText(_) => "no text",
        }
    }

    /// The reason as the end of a sentence that begins with the name of the column.
    pub fn explain(&self, column: &ColumnProfile, examples: Examples) -> String {
        match self {
            Self::Label => "it is the label".to_owned(),
            Self::NoName => "it has no name".to_owned(),
            Self::Empty => "it is empty in every row".to_owned(),
            Self::Constant if examples == Examples::Hidden => {
                "it has the same value in every row".to_owned()
            }
            Self::Constant => {
                let value = column.top(1).into_iter().map(|value| value.text).next();
                format!("it is `{}` in every row", value.unwrap_or_default().escape_debug())
            }
            Self::RowId => "nearly every row has a different value".to_owned(),
            Self::Queries(rows) => {
                let (name, rows) = (column.name().escape_debug(), short(*rows));
                let by = match share_with_both_classes(column) {
                    Some(share) if share > 0.0 => {
                        format!(
                            "; `evaluate --by {name}` measures the order of the rows within each"
                        )
                    }
                    _ => String::new(),
                };
                format!(
                    "by its name it groups rows, {rows} on average, and new rows have new groups{by}"
                )
            }
            Self::Leak(auc) => format!(
                "it alone predicts the label (AUC {auc:.4}), as if it had been written after the label"
            ),
            Self::NotText(n) => format!("{} of its values are not valid UTF-8", grouped(*n)),
        }
    }
}

/// The first reason to leave a column out that is not the label, if there is one.
pub(super) fn left_out(column: &ColumnProfile, kind: ColumnKind) -> Option<LeftOutReason> {
    let (missing, present) = (column.missing().rows, column.present().rows);
    if column.name().is_empty() {
        return Some(LeftOutReason::NoName);
    }
    if column.invalid() > 0 {
        return Some(LeftOutReason::NotText(column.invalid()));
    }
    if present == 0 {
        return Some(LeftOutReason::Empty);
    }
    if column.distinct() == (DistinctCount { n: 1, exact: true }) && missing == 0 {
        return Some(LeftOutReason::Constant);
    }
    if let Some(auc) = column.label_auc().filter(|auc| *auc > LEAK) {
        return Some(LeftOutReason::Leak(auc));
    }
    if is_row_id(column, kind) {
        return Some(LeftOutReason::RowId);
    }
    rows_per_query(column, kind).map(LeftOutReason::Queries)
}

/// The mean number of rows of a query, if the column has queries by its name.
fn rows_per_query(column: &ColumnProfile, kind: ColumnKind) -> Option<f64> {
    let is_named = kind == ColumnKind::Ids && name_meaning(column.name()) == NameMeaning::Queries;
    let distinct = column.distinct().n;
    let rows = column.present().rows as f64 / distinct.max(1) as f64;
    (is_named && distinct > QUERIES && rows <= ROWS_PER_QUERY).then_some(rows)
}

/// The share of values with several labelled rows whose rows are of both classes; `None` if no value has several.
fn share_with_both_classes(column: &ColumnProfile) -> Option<f64> {
    let counts = || column.known_values().map(|(_, counts)| counts);
    let several = counts().filter(|counts| counts.labelled() > 1).count();
    let has_both = |counts: &LabelCounts| (1..counts.labelled()).contains(&counts.positives());
    (several > 0).then(|| counts().filter(has_both).count() as f64 / several as f64)
}

/// Whether nearly each row has a name of its own, or a number that counts the rows.
fn is_row_id(column: &ColumnProfile, kind: ColumnKind) -> bool {
    let (rows, DistinctCount { n: distinct, exact }) = (column.present().rows, column.distinct());
    // An estimate is wrong by less than a twentieth.
    let needed = if exact { rows - rows / 100 } else { rows - rows / 20 };
    let counts = |range: f64| column.has_integers() && range + 1.0 == rows as f64;
    let is_count = column.numbers().is_some_and(|numbers| counts(numbers.max - numbers.min));
    let is_id = kind == ColumnKind::Ids || (matches!(kind, ColumnKind::Number(_)) && is_count);
    rows >= ROWS && distinct >= needed && is_id
}
