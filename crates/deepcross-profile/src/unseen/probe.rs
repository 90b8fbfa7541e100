//! What is read of rows to learn which values of a field are unseen.

use std::borrow::Cow;

use deepcross_data::rows::RawRow;
use deepcross_data::{DataError, Source};
use deepcross_features::{Instant, TimeFormat, canonical};
use xxhash_rust::xxh3::xxh3_64;

use crate::crosses::ColumnPairs;
use crate::infer::{ColumnKind, InferredColumn, InferredFields};
use crate::present_value::PresentValues;
use crate::profile::{ColumnProfile, ListForm};

/// A field whose values are looked at.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    /// The name of the field; of the column, if it has times.
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) reads: Reads,
}

/// What a field reads of its columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reads {
    /// The value of a column.
    Value,
    /// The value of a column whose numbers another field reads, too.
    Number,
    /// The elements of lists.
    Elements(ListForm),
    /// The values of several columns together.
    Pair,
    /// Times, which are not compared one by one.
    Times(TimeFormat),
}

/// The positions of the columns of a probe in a source.
pub(super) type Positions = Vec<usize>;

impl Probe {
    /// The probes of all fields that have ids or times.
    pub(crate) fn all(
        columns: &[ColumnProfile],
        fields: &InferredFields,
        pairs: &ColumnPairs,
    ) -> Vec<Self> {
        let used = columns.iter().zip(&fields.columns);
        let used = used.filter(|(_, inferred)| inferred.left_out.is_none());
        let of_columns = used.filter_map(|(column, inferred)| Self::of(column, inferred));
        let of_pairs = pairs.crosses.iter().map(|cross| Self {
            name: cross.field.name.clone(),
            columns: cross.field.columns().into_iter().map(str::to_owned).collect(),
            reads: Reads::Pair,
        });
        of_columns.chain(of_pairs).collect()
    }

    /// The probe of a column; `None` if its values are only measured, or are texts of words.
    fn of(column: &ColumnProfile, inferred: &InferredColumn) -> Option<Self> {
        let name = |i: usize| inferred.fields.get(i).map(|field| field.name.clone());
        let (name, reads) = match inferred.kind {
            ColumnKind::Ids => (name(0), Reads::Value),
            ColumnKind::List(form) => (name(0), Reads::Elements(form)),
            // The second field of numbers has them as ids.
            ColumnKind::Number(_) => (name(1), Reads::Number),
            ColumnKind::Time(form) => (Some(column.name().to_owned()), Reads::Times(form.format)),
            ColumnKind::Text | ColumnKind::Vector(_) => return None,
        };
        Some(Self { name: name?, columns: vec![column.name().to_owned()], reads })
    }

    /// The positions of the columns in the header of `source`.
    pub(super) fn positions(&self, source: &Source) -> Result<Positions, DataError> {
        let role = format!("the field `{}`", self.name);
        self.columns.iter().map(|column| source.column(column, &role)).collect()
    }
}

impl Reads {
    /// Calls `f` with the hash of each value of a row that is not missing.
    pub(super) fn each_hash(
        self,
        row: &RawRow<'_>,
        at: &[usize],
        present: &PresentValues<'_>,
        mut f: impl FnMut(u64),
    ) {
        let first = || at.first().and_then(|at| present.get(row, *at));
        match self {
            Self::Value | Self::Number => first().iter().for_each(|text| f(xxh3_64(text))),
            Self::Elements(form) => {
                let text = first().map(|_| String::from_utf8_lossy(row.field(at[0])));
                let elements = text.iter().flat_map(|text| form.elements(text));
                elements.for_each(|element| f(xxh3_64(&canonical(element.as_bytes()))));
            }
            Self::Pair => pair_hash(row, at, present).into_iter().for_each(f),
            Self::Times(_) => {}
        }
    }

    /// The time of a row; `None` if it has none, or if it is not read as a time.
    pub(super) fn time(
        self,
        row: &RawRow<'_>,
        at: &[usize],
        present: &PresentValues<'_>,
    ) -> Option<Instant> {
        let Self::Times(format) = self else { return None };
        let at = *at.first()?;
        present.get(row, at)?;
        Some(format.read(str::from_utf8(row.field(at)).ok()?)?.instant)
    }
}

/// The hash of several values; `None` if all of them are missing.
fn pair_hash(row: &RawRow<'_>, at: &[usize], present: &PresentValues<'_>) -> Option<u64> {
    let values: Vec<Option<Cow<'_, [u8]>>> = at.iter().map(|at| present.get(row, *at)).collect();
    let is_present = values.iter().any(Option::is_some);
    let hash = |value: &Option<Cow<'_, [u8]>>| value.as_ref().map_or(0, |text| xxh3_64(text));
    let bytes: Vec<u8> = values.iter().flat_map(|value| hash(value).to_le_bytes()).collect();
    is_present.then(|| xxh3_64(&bytes))
}
