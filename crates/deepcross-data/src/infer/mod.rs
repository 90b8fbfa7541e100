//! A first choice of fields for files that nobody has described: how each column is encoded, and
//! which are better left out.
//!
//! It is a choice to be read and changed: each rule is simple enough to be told in a sentence
//! (`docs/data.md`), and none needs more than a [`Profile`].

mod kind;
mod names;

use deepcross_features::{FieldConfig, FieldKind, MissingNumber, Pooling, TimePart, Transform};

use crate::profile::{ColumnProfile, Count, ListForm, Profile, TimeForm};

pub use kind::Kind;

/// A column that predicts the label better than this by itself is taken for a leak.
const LEAK: f64 = 0.99;

/// A vocabulary of more values leaves out those that were met once.
const FREQUENT: u64 = 1000;

/// More values are hashed, since a table of all would be mostly rows that are never trained.
const HASHED: u64 = 1_000_000;

/// Fewer rows do not show that each has a value of its own.
const ROWS: u64 = 50;

/// A skewness above that of an exponential distribution takes a logarithm.
const SKEWED: f64 = 2.0;

/// The longest lists whose embeddings are added up; those of longer ones are averaged.
const LONG: u64 = 10;

/// The choice for all columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Inferred {
    /// One a column, in the order of the profile.
    pub columns: Vec<InferredColumn>,
}

/// The choice for one column.
#[derive(Clone, Debug, PartialEq)]
pub struct InferredColumn {
    /// What it holds.
    pub kind: Kind,
    /// Why it is left out; `None` for what is to be used.
    pub left_out: Option<LeftOut>,
    /// The fields that read it, or would if it were not left out.
    pub fields: Vec<FieldConfig>,
}

/// Why a column is left out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LeftOut {
    /// It is the label.
    Label,
    /// It has no name, so that no field can read it.
    NoName,
    /// It has no value in any row.
    Empty,
    /// It has the same value in every row.
    Constant,
    /// It has another value in (nearly) every row, which no other row can learn from.
    RowId,
    /// It predicts the label (nearly) perfectly by itself, with this area under the ROC curve: such a
    /// column is mostly written after what is to be predicted.
    Leak(f64),
    /// So many of its values are no UTF-8.
    NotText(u64),
}

impl Inferred {
    /// The fields of the columns that are not left out, in order.
    pub fn fields(&self) -> impl Iterator<Item = &FieldConfig> {
        self.columns
            .iter()
            .filter(|column| column.left_out.is_none())
            .flat_map(|column| &column.fields)
    }
}

/// Chooses fields for the columns of a profile.
pub fn infer(profile: &Profile) -> Inferred {
    let mut taken: Vec<String> =
        profile.columns.iter().map(|column| column.name().to_owned()).collect();
    let mut columns = Vec::new();
    for (i, column) in profile.columns.iter().enumerate() {
        let kind = kind::kind(column);
        let left_out = match profile.label == Some(i) {
            true => Some(LeftOut::Label),
            false => left_out(column, kind),
        };
        let fields = fields(column, kind, &mut taken);
        columns.push(InferredColumn { kind, left_out, fields });
    }
    Inferred { columns }
}

fn left_out(column: &ColumnProfile, kind: Kind) -> Option<LeftOut> {
    let (missing, present) = (column.missing().rows, column.present().rows);
    if column.name().is_empty() {
        return Some(LeftOut::NoName);
    }
    if column.invalid() > 0 {
        return Some(LeftOut::NotText(column.invalid()));
    }
    if present == 0 {
        return Some(LeftOut::Empty);
    }
    if column.distinct() == (Count { n: 1, exact: true }) && missing == 0 {
        return Some(LeftOut::Constant);
    }
    if let Some(area) = column.foresight().filter(|area| *area > LEAK) {
        return Some(LeftOut::Leak(area));
    }
    is_row_id(column, kind).then_some(LeftOut::RowId)
}

/// Whether each row has a name of its own, or a number that counts the rows.
fn is_row_id(column: &ColumnProfile, kind: Kind) -> bool {
    let (rows, Count { n: distinct, exact }) = (column.present().rows, column.distinct());
    // An estimate is wrong by less than a twentieth.
    let needed = if exact { rows - rows / 100 } else { rows - rows / 20 };
    let counts = |range: f64| column.has_integers() && range + 1.0 == rows as f64;
    let is_count = column.numbers().is_some_and(|numbers| counts(numbers.max - numbers.min));
    rows >= ROWS && distinct >= needed && (kind == Kind::Ids || (kind == Kind::Number && is_count))
}

fn fields(column: &ColumnProfile, kind: Kind, taken: &mut Vec<String>) -> Vec<FieldConfig> {
    let name = column.name();
    match kind {
        Kind::Ids => vec![with_table(FieldConfig::categorical(name), column.distinct())],
        Kind::Text => {
            let words = Count { n: FREQUENT + 1, exact: true };
            vec![with_table(FieldConfig::text(name), words)]
        }
        Kind::List(form) => vec![list(name, &form)],
        Kind::Number => vec![number(column)],
        Kind::Time(form) => times(name, form, taken),
    }
}

/// The field with a table that suits so many values.
fn with_table(field: FieldConfig, distinct: Count) -> FieldConfig {
    match distinct.n {
        n if n > HASHED => FieldConfig { buckets: Some(HASHED as u32), ..field },
        n if n > FREQUENT => FieldConfig { min_count: Some(2), ..field },
        _ => field,
    }
}

fn list(name: &str, form: &ListForm) -> FieldConfig {
    let field = FieldConfig {
        separator: Some(form.separator.to_string()),
        weights: (form.weighted > 0.9).then_some(true),
        pooling: (form.longest > LONG).then_some(Pooling::Mean),
        ..FieldConfig::multi_hot(name)
    };
    with_table(field, form.distinct)
}

fn number(column: &ColumnProfile) -> FieldConfig {
    let skewed = |skewness: f64, min: f64| match min {
        0.0.. if skewness > SKEWED => Some(Transform::Log1p),
        _ if skewness.abs() > SKEWED && min < 0.0 => Some(Transform::SignedLog),
        _ => None,
    };
    let transform = column.numbers().and_then(|numbers| skewed(numbers.skewness(), numbers.min));
    let missing = (column.missing().rows > 0).then_some(MissingNumber::Indicator);
    FieldConfig { transform, missing, ..FieldConfig::number(column.name()) }
}

/// The hour and the day of the week, under names that nothing else has.
fn times(name: &str, form: TimeForm, taken: &mut Vec<String>) -> Vec<FieldConfig> {
    let mut field = |part, suffix: &str| {
        // A column that is called `hour` already needs no longer name.
        let is_named = name.ends_with(suffix);
        let mut field_name = if is_named { name.to_owned() } else { format!("{name}_{suffix}") };
        while !is_named && taken.contains(&field_name) {
            field_name.push('_');
        }
        taken.push(field_name.clone());
        let column = Some(name.to_owned());
        FieldConfig {
            column,
            time_format: Some(form.format),
            ..FieldConfig::time(field_name, part)
        }
    };
    let hour = form.has_hours.then(|| field(TimePart::Hour, "hour"));
    hour.into_iter().chain([field(TimePart::Weekday, "weekday")]).collect()
}

impl Kind {
    /// The kind of the fields that read the column.
    pub fn field_kind(&self) -> FieldKind {
        match self {
            Self::Ids => FieldKind::Categorical,
            Self::List(_) => FieldKind::MultiHot,
            Self::Text => FieldKind::Text,
            Self::Number => FieldKind::Number,
            Self::Time(_) => FieldKind::Time,
        }
    }
}
