//! A first choice of fields for undescribed files: how each column is encoded, and which columns are left out.
//!
//! The choice is meant to be read and changed.
//! Each rule is simple enough for one sentence (`docs/data.md`), and needs nothing but a [`Profile`].

mod column_kind;
mod free_name;
mod kind_reason;
mod left_out;
mod name_meaning;
mod odd_time;
mod times_in_numbers;
mod unread_form;

use deepcross_features::fields::{
    DecimalMark, ListFormat, MissingNumber, Pooling, TimePart, Transform,
};
use deepcross_features::{FieldConfig, NumberForm};

use crate::examples::{Examples, printable};
use crate::number_text::{counted, grouped};
use crate::profile::{
    ColumnProfile, ColumnShape, DistinctCount, ListForm, ListNotation, Profile, TimeForm, TopValue,
};

pub use column_kind::ColumnKind;
pub(crate) use free_name::FreeNames;
pub use kind_reason::KindReason;
pub use left_out::LeftOutReason;
pub use odd_time::{DateOrders, OddTime};
pub use unread_form::UnreadForm;

use column_kind::column_kind;
use kind_reason::listed_values;
use left_out::left_out;

/// The number of values above which a vocabulary leaves out values that occur once.
const FREQUENT: u64 = 1000;

/// The number of values above which ids have counts.
const COUNTED: u64 = 100;

/// The fewest rows of a number that is also an id.
const RARE: u64 = 2;

/// The number of values above which they are hashed, because most rows of a table of all values would never be trained.
const HASHED: u64 = 1_000_000;

/// The skewness above which the logarithm of a number is taken: that of an exponential distribution.
const SKEWED: f64 = 2.0;

/// The least number, as a share of the mean, up to which numbers begin near 0: the logarithm changes the order of
/// magnitude of no others.
const NEAR_ZERO: f64 = 0.1;

/// The longest lists whose embeddings are added; those of longer lists are averaged.
const LONG: u64 = 10;

/// The choice for all columns.
#[derive(Clone, Debug, PartialEq)]
pub struct InferredFields {
    /// The choice for each column, in the order of the profile.
    pub columns: Vec<InferredColumn>,
}

/// The choice for one column.
#[derive(Clone, Debug, PartialEq)]
pub struct InferredColumn {
    /// The kind of its values.
    pub kind: ColumnKind,
    /// Why they are of this kind.
    pub reason: KindReason,
    /// Why the column is left out; `None` if it is used.
    pub left_out: Option<LeftOutReason>,
    /// The fields that read the column, or that would read it if it were not left out.
    pub fields: Vec<FieldConfig>,
}

impl InferredFields {
    /// The fields of the columns that are not left out, in order.
    pub fn fields(&self) -> impl Iterator<Item = &FieldConfig> {
        self.columns
            .iter()
            .filter(|column| column.left_out.is_none())
            .flat_map(|column| &column.fields)
    }
}

impl InferredColumn {
    /// The number of distinct elements for lists, and of distinct values for all other columns.
    pub fn distinct(&self, column: &ColumnProfile) -> DistinctCount {
        match self.kind {
            ColumnKind::List(form) => form.distinct,
            _ => column.distinct(),
        }
    }

    /// The `n` most frequent elements of lists, and values of all other columns.
    pub fn top(&self, column: &ColumnProfile, n: usize) -> Vec<TopValue> {
        match self.kind {
            ColumnKind::List(form) => column.top_elements(form.notation, n),
            _ => column.top(n),
        }
    }

    /// Why the column is left out, or why it is of its kind, as the end of a sentence that begins with its name.
    pub fn explain(&self, column: &ColumnProfile, examples: Examples) -> String {
        let reason = || self.reason.explain(column, examples);
        match &self.left_out {
            None => format!("{}: {}", self.noun(), reason()),
            Some(left_out @ LeftOutReason::RowId) if self.reason.is_worth_a_note() => {
                format!("{}, and {}", left_out.explain(column, examples), reason())
            }
            Some(left_out) => left_out.explain(column, examples),
        }
    }

    /// Whether the column is left out although it may have helped, so that a user should know.
    pub fn costs_signal(&self, column: &ColumnProfile) -> bool {
        match &self.left_out {
            None | Some(LeftOutReason::Label) => false,
            Some(LeftOutReason::Leak(_) | LeftOutReason::NotText(_)) => true,
            // Rows of a query share their label often; only the order of numbers tells of rows of new queries.
            Some(LeftOutReason::Queries(_)) => {
                column.has_integers() && column.has_signal() && !column.is_order_useless()
            }
            Some(_) => column.has_signal(),
        }
    }

    /// The values of the column that count as missing, without having been named, as a sentence; `None` if there are none.
    pub fn explain_missing(&self, column: &ColumnProfile, examples: Examples) -> Option<String> {
        let values: Vec<_> = column.counted_as_missing().cloned().collect();
        let rows: u64 = values.iter().map(|value| value.counts.rows).sum();
        let all = column.present().rows + column.missing().rows;
        let listed = match (examples, &values[..]) {
            (Examples::Hidden, _) => String::new(),
            // The number of rows of a single text is said already.
            (Examples::Shown, [value]) => format!(": `{}`", printable(&value.text)),
            (Examples::Shown, values) => format!(": {}", listed_values(values)),
        };
        let what = match column.shape() {
            _ if values.len() == column.missing_elsewhere().len() => {
                "have what means missing in another column, and "
            }
            _ if column.odd().is_empty() => "",
            ColumnShape::Numbers(..) => "are not numbers and ",
            ColumnShape::Times(_) => "are not times of this form and ",
            ColumnShape::Vectors(_) => "are not vectors of this width and ",
            _ => "are not lists and ",
        };
        let (rows, all) = (grouped(rows), counted(all, "row"));
        (!values.is_empty()).then(|| format!("{rows} of {all} {what}count as missing{listed}"))
    }

    /// What the values are, in the plural.
    fn noun(&self) -> &'static str {
        match self.kind {
            ColumnKind::Ids => "ids",
            ColumnKind::List(_) => "lists",
            ColumnKind::Vector(_) => "vectors",
            ColumnKind::Text => "texts",
            ColumnKind::Number(_) => "numbers",
            ColumnKind::Time(_) => "times",
        }
    }
}

/// Chooses fields for the columns of a profile.
pub fn infer_fields(profile: &Profile) -> InferredFields {
    let mut names = FreeNames::beside(profile);
    let mut columns = Vec::new();
    for (i, column) in profile.columns.iter().enumerate() {
        let (kind, reason) = column_kind(column);
        let left_out = match profile.label == Some(i) {
            true => Some(LeftOutReason::Label),
            false => left_out(column, kind),
        };
        let fields = fields(column, kind).into_iter().map(|field| names.named(field)).collect();
        columns.push(InferredColumn { kind, reason, left_out, fields });
    }
    InferredFields { columns }
}

/// The fields of a column, under names that other columns or fields may have.
fn fields(column: &ColumnProfile, kind: ColumnKind) -> Vec<FieldConfig> {
    let name = column.name();
    match kind {
        ColumnKind::Ids => vec![ids(column)],
        ColumnKind::Text => {
            let words = DistinctCount { n: FREQUENT + 1, exact: true };
            vec![with_table(FieldConfig::text(name), words)]
        }
        ColumnKind::List(form) => vec![list(name, &form)],
        ColumnKind::Vector(width) => vec![FieldConfig::vector(name).width(width as u32)],
        ColumnKind::Number(form) => {
            let values = column.has_exact_numbers().then(|| value_field(name));
            [number(column, form)].into_iter().chain(values).collect()
        }
        ColumnKind::Time(form) => times(name, form),
    }
}

/// A field of ids; many values that predict the label have counts, which know rare values too.
fn ids(column: &ColumnProfile) -> FieldConfig {
    let field = with_table(FieldConfig::categorical(column.name()), column.distinct());
    match column.distinct().n > COUNTED && column.has_signal() {
        true => field.counts(true),
        false => field,
    }
}

/// The field with a table for this number of values.
fn with_table(field: FieldConfig, distinct: DistinctCount) -> FieldConfig {
    match distinct.n {
        n if n > HASHED => field.buckets(HASHED as u32),
        n if n > FREQUENT => field.min_count(2),
        _ => field,
    }
}

/// A field of the same numbers as ids.
fn value_field(column: &str) -> FieldConfig {
    // A number of fewer rows has no id: the field of numbers knows its size.
    FieldConfig::categorical(format!("{column}_value")).column(column).min_count(RARE)
}

fn list(name: &str, form: &ListForm) -> FieldConfig {
    let mut field = FieldConfig::multi_hot(name);
    let is_weighted = form.is_weighted();
    field = match form.notation {
        // Other programs print the typed lists of a table with brackets when they write it as text.
        ListNotation::Separator(_) if form.is_typed && !is_weighted => {
            field.list(ListFormat::Printed)
        }
        ListNotation::Separator(separator) => field.separator(separator),
        ListNotation::Printed => field.list(ListFormat::Printed),
    };
    if is_weighted {
        field = field.weights(true);
    }
    if form.longest > LONG {
        field = field.pooling(Pooling::Mean);
    }
    with_table(field, form.distinct)
}

fn number(column: &ColumnProfile, form: NumberForm) -> FieldConfig {
    let skewed = |skewness: f64, min: f64, mean: f64| match min {
        0.0.. if skewness > SKEWED && min <= NEAR_ZERO * mean => Some(Transform::Log1p),
        _ if skewness.abs() > SKEWED && min < 0.0 => Some(Transform::SignedLog),
        _ => None,
    };
    let numbers = column.numbers();
    let transform = numbers.and_then(|it| skewed(it.skewness(), it.min, it.mean));
    let mut field = FieldConfig::number(column.name());
    if form.decimal == DecimalMark::Comma {
        field = field.decimal(form.decimal);
    }
    if form.percent {
        field = field.percent(true);
    }
    if let Some(transform) = transform {
        field = field.transform(transform);
    }
    if column.missing().rows > 0 { field.missing(MissingNumber::Indicator) } else { field }
}

/// Fields of the hour and the weekday.
fn times(name: &str, form: TimeForm) -> Vec<FieldConfig> {
    let field = |part, suffix: &str| {
        // The name of a column that is already called `hour` is kept.
        let is_named = name.ends_with(suffix);
        let field_name = if is_named { name.to_owned() } else { format!("{name}_{suffix}") };
        FieldConfig::time(field_name, part).column(name).time_format(form.format)
    };
    let hour = form.has_hours.then(|| field(TimePart::Hour, "hour"));
    hour.into_iter().chain([field(TimePart::Weekday, "weekday")]).collect()
}

impl ColumnKind {
    /// The kind of the fields that read such a column.
    pub fn field_kind(&self) -> &'static str {
        match self {
            Self::Ids => "categorical",
            Self::List(_) => "multi-hot",
            Self::Vector(_) => "vector",
            Self::Text => "text",
            Self::Number(_) => "number",
            Self::Time(_) => "time",
        }
    }
}
