//! Values of other files that no training row has: the share of them for each field with ids.
//!
//! The other files choose nothing: they are read when the fields are known.
//! What a model learns about a value is of no use for rows whose values are all new to it, as those of later sessions are.
//!
//! A field has a table of at most 2²⁰ places of nine bytes, and fills at most seven in eight of them.
//! All fields together have at most 2²⁴ places, in about 150 MiB.
//! If a table is full, the share is estimated ([`value_set`]).

mod probe;
mod value_set;

use std::fmt;
use std::path::Path;

use deepcross_data::rows::RawRow;
use deepcross_data::{DataError, Input, LabelReader, Source};
use deepcross_features::Instant;

use crate::error::ProfileError;
use crate::number_text::short;
use crate::present_value::PresentValues;
use probe::{Positions, Reads};
use value_set::ValueSet;

pub(crate) use probe::Probe;

/// The most places in the table of a field.
const PLACES_OF_FIELD: usize = 1 << 20;

/// The most places in the tables of all fields.
const PLACES_OF_ALL: usize = 1 << 24;

/// The share of unseen values above which a configuration says it.
const SAID: f64 = 0.01;

/// The share of unseen values from which on a field helps little.
const LARGE: f64 = 0.5;

/// The same for pairs of values: many pairs are new even in rows of the same time.
const LARGE_OF_PAIRS: f64 = 0.9;

/// The fewest values in other files from which a large share is not chance.
const FEWEST: u64 = 20;

/// The rows whose labels are read before anything else is.
const FIRST_ROWS: usize = 1000;

/// What files beside the training files are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherRole {
    /// Their rows choose the epoch, so that they need a label.
    Validation,
    /// Their rows are predicted, and evaluated if they have a label.
    Test,
}

/// Files beside the training files.
#[derive(Clone, Debug)]
pub struct OtherFiles {
    /// What they are for.
    pub role: OtherRole,
    /// The files.
    pub files: Input,
}

/// What the rows of other files have that the training rows do not have.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherRows {
    /// What the files are for.
    pub role: OtherRole,
    /// The fields with ids, in the order of the configuration.
    pub fields: Vec<UnseenShare>,
    /// Columns of times that are all earlier, or all later, than those of the training rows.
    pub times: Vec<TimesApart>,
    /// The columns of fields that a file lacks.
    pub lacking: Vec<LackingColumn>,
}

/// What the values of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValuesAre {
    /// The ids of a column.
    Ids,
    /// The numbers of a column, which another field reads as quantities.
    Numbers,
    /// The elements of lists.
    Elements,
    /// Pairs of values of two columns.
    Pairs,
}

impl fmt::Display for ValuesAre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ids | Self::Numbers => "values",
            Self::Elements => "elements",
            Self::Pairs => "pairs of values",
        })
    }
}

/// The number of values of a field in other files, and of those that no training row has.
#[derive(Clone, Debug, PartialEq)]
pub struct UnseenShare {
    /// The name of the field.
    pub field: String,
    /// What its values are.
    pub values_are: ValuesAre,
    /// The values in all rows, without missing ones; a list has several.
    pub values: u64,
    /// Those that no training row has.
    pub unseen: u64,
    /// Whether that number was counted, and not estimated.
    pub is_exact: bool,
}

/// A column all of whose times in other files are before, or after, all those of the training rows.
#[derive(Clone, Debug, PartialEq)]
pub struct TimesApart {
    /// The name of the column.
    pub column: String,
    /// Whether the times of the other files are the later ones.
    pub are_later: bool,
}

/// A column that a field reads and that a file lacks.
#[derive(Clone, Debug, PartialEq)]
pub struct LackingColumn {
    /// The name of the field.
    pub field: String,
    /// Why the column cannot be read.
    pub reason: String,
}

impl fmt::Display for OtherRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Validation => "the validation files",
            Self::Test => "the test files",
        })
    }
}

impl UnseenShare {
    /// The share of unseen values; 0 without values.
    pub fn share(&self) -> f64 {
        self.unseen as f64 / self.values.max(1) as f64
    }

    /// Whether the share is so large that what is learned about values helps little.
    pub fn is_large(&self) -> bool {
        let least = match self.values_are {
            ValuesAre::Ids | ValuesAre::Elements => LARGE,
            ValuesAre::Pairs => LARGE_OF_PAIRS,
            ValuesAre::Numbers => return false,
        };
        self.values >= FEWEST && self.share() >= least
    }

    fn is_said(&self) -> bool {
        self.share() > SAID
    }
}

/// The share of a field's unseen values in each of the other files, as a sentence without its end; `None` if `is_named`
/// is false for all of them.
pub(crate) fn sentence(
    others: &[OtherRows],
    field: &str,
    is_named: impl Fn(&UnseenShare) -> bool,
) -> Option<String> {
    let of_field = |rows: &OtherRows| {
        let share = rows.fields.iter().find(|share| share.field == field && is_named(share))?;
        Some((share.clone(), rows.role))
    };
    let mut shares = others.iter().filter_map(of_field);
    let (first, role) = shares.next()?;
    let (percent, noun) = (percent(&first), first.values_are);
    let mut text = format!("{percent} of its {noun} in {role}");
    for (share, role) in shares {
        text += &format!(" and {} of those in {role}", self::percent(&share));
    }
    Some(text + " are in no training row")
}

/// The share of unseen values in percent.
fn percent(share: &UnseenShare) -> String {
    let about = if share.is_exact { "" } else { "about " };
    // 99.96 % are not 100 %.
    let percent =
        if share.unseen == share.values { 100.0 } else { (100.0 * share.share()).min(99.9) };
    format!("{about}{} %", short((10.0 * percent).round() / 10.0))
}

/// What a configuration says of a field's values in other files; `None` if nearly all of them are in training rows.
pub(crate) fn comment(others: &[OtherRows], field: &str) -> Option<String> {
    sentence(others, field, UnseenShare::is_said)
}

/// Opens the other files and reads their first labels: what makes them useless is an error before all rows are read.
pub(crate) fn check(train: &Source, others: &[OtherFiles]) -> Result<(), ProfileError> {
    if others.is_empty() {
        return Ok(());
    }
    let first = train.config().label().map(|label| LabelReader::bind(&label, train)).transpose()?;
    let mut pass = |_: &RawRow<'_>| ();
    read(train, first.as_ref(), FIRST_ROWS, &mut pass)?;
    for other in others {
        let (source, label) = open(train, other, &[])?;
        read(&source, label.as_ref(), FIRST_ROWS, &mut pass)?;
    }
    Ok(())
}

/// The rows of the other files beside those of `train`, for these probes.
pub(crate) fn other_rows(
    train: &Source,
    probes: &[Probe],
    others: &[OtherFiles],
) -> Result<Vec<OtherRows>, ProfileError> {
    let mut known = vec![Known::new(most_values(probes.len())); probes.len()];
    let positions = probes.iter().map(|probe| probe.positions(train));
    let positions = positions.collect::<Result<Vec<_>, _>>()?;
    let label = train.config().label().map(|label| LabelReader::bind(&label, train)).transpose()?;
    let present = PresentValues::new(train.config());
    read(train, label.as_ref(), usize::MAX, &mut |row| {
        for ((known, probe), at) in known.iter_mut().zip(probes).zip(&positions) {
            known.add(row, probe.reads, at, &present);
        }
    })?;
    others.iter().map(|other| compared(train, probes, &known, other)).collect()
}

/// The most values that are known of each of `n` fields: as many as a table has before it would grow too large.
fn most_values(n: usize) -> usize {
    let places = (PLACES_OF_ALL / n.max(1)).clamp(8, PLACES_OF_FIELD);
    (1 << places.ilog2()) / 8 * 7
}

/// What is known of the training rows for a probe.
#[derive(Clone, Debug)]
struct Known {
    values: ValueSet,
    times: Option<Span>,
}

/// The first and the last of some times.
#[derive(Clone, Copy, Debug)]
struct Span {
    first: Instant,
    last: Instant,
}

impl Span {
    fn with(span: Option<Self>, time: Instant) -> Self {
        let Self { first, last } = span.unwrap_or(Self { first: time, last: time });
        Self { first: first.min(time), last: last.max(time) }
    }
}

impl Known {
    fn new(limit: usize) -> Self {
        Self { values: ValueSet::new(limit), times: None }
    }

    fn add(&mut self, row: &RawRow<'_>, reads: Reads, at: &[usize], present: &PresentValues<'_>) {
        reads.each_hash(row, at, present, |hash| self.values.add(hash));
        if let Some(time) = reads.time(row, at, present) {
            self.times = Some(Span::with(self.times, time));
        }
    }
}

/// The values of a probe in other rows.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    values: u64,
    /// The unseen ones of those that are sampled.
    unseen: u64,
    times: Option<Span>,
}

/// Reads other files and compares their values with the known ones.
fn compared(
    train: &Source,
    probes: &[Probe],
    known: &[Known],
    other: &OtherFiles,
) -> Result<OtherRows, ProfileError> {
    let (source, label) = open(train, other, probes)?;
    let mut lacking = Vec::new();
    let mut read_probes: Vec<(&Probe, &Known, Positions, Found)> = Vec::new();
    for (probe, known) in probes.iter().zip(known) {
        match probe.positions(&source) {
            Ok(at) => read_probes.push((probe, known, at, Found::default())),
            Err(error) => lacking.push(LackingColumn::new(probe, &error)),
        }
    }
    let present = PresentValues::new(source.config());
    read(&source, label.as_ref(), usize::MAX, &mut |row| {
        for (probe, known, at, found) in &mut read_probes {
            probe.reads.each_hash(row, at, &present, |hash| {
                found.values += 1;
                found.unseen += u64::from(known.values.is_unseen(hash));
            });
            if let Some(time) = probe.reads.time(row, at, &present) {
                found.times = Some(Span::with(found.times, time));
            }
        }
    })?;
    let fields =
        read_probes.iter().filter_map(|(probe, known, _, found)| share(probe, known, found));
    let times = read_probes.iter().filter_map(|(probe, known, _, found)| {
        let (known, found) = (known.times?, found.times?);
        let (are_later, are_earlier) = (found.first > known.last, found.last < known.first);
        (are_later || are_earlier).then(|| TimesApart { column: probe.name.clone(), are_later })
    });
    Ok(OtherRows { role: other.role, fields: fields.collect(), times: times.collect(), lacking })
}

fn share(probe: &Probe, known: &Known, found: &Found) -> Option<UnseenShare> {
    let values_are = match probe.reads {
        Reads::Value => ValuesAre::Ids,
        Reads::Number => ValuesAre::Numbers,
        Reads::Elements(_) => ValuesAre::Elements,
        Reads::Pair => ValuesAre::Pairs,
        Reads::Times(_) => return None,
    };
    let unseen = known.values.scaled(found.unseen, found.values);
    Some(UnseenShare {
        field: probe.name.clone(),
        values_are,
        values: found.values,
        unseen: unseen.n,
        is_exact: unseen.is_exact,
    })
}

impl LackingColumn {
    fn new(probe: &Probe, error: &DataError) -> Self {
        Self { field: probe.name.clone(), reason: error.to_string() }
    }
}

/// The other files beside those of `train`, and the reader of their label; `None` if test files do not have it.
fn open(
    train: &Source,
    OtherFiles { role, files }: &OtherFiles,
    probes: &[Probe],
) -> Result<(Source, Option<LabelReader>), ProfileError> {
    let source = Source::open(files, train.config())?.in_run_of(train);
    let source = match role {
        OtherRole::Validation => source,
        OtherRole::Test => source.without_targets()?,
    };
    let columns = probes.iter().flat_map(|probe| probe.columns.iter().map(String::as_str));
    let source = source.with_fields(columns);
    let Some(label) = train.config().label() else { return Ok((source, None)) };
    let label = match (LabelReader::bind(&label, &source), role) {
        (Err(DataError::MissingColumn { .. }), OtherRole::Test) => None,
        (label, _) => Some(label?),
    };
    Ok((source, label))
}

/// Reads the first rows of a source; those whose label is missing count, and others without a class are bad rows.
///
/// A source that ends without a row that counts is an error.
fn read(
    source: &Source,
    label: Option<&LabelReader>,
    most: usize,
    f: &mut impl FnMut(&RawRow<'_>),
) -> Result<(), ProfileError> {
    let present = PresentValues::new(source.config());
    let column = source
        .config()
        .label()
        .and_then(|label| source.header().iter().position(|name| *name == label.column));
    let mut reader = source.rows(source.config().bad_rows)?;
    let mut n_rows = 0_u64;
    for _ in 0..most {
        let Some(row) = reader.next_row()? else {
            let file = source.files().next().map(Path::to_path_buf).unwrap_or_default();
            let skipped = reader.skipped().rows;
            return if n_rows > 0 {
                Ok(())
            } else {
                Err(DataError::NoRows { file, skipped }.into())
            };
        };
        let has_label = column.is_some_and(|column| present.get(&row, column).is_some());
        match label.filter(|_| has_label).and_then(|label| bad_label(label, &row)) {
            Some(error) => reader.skip(error)?,
            None => {
                n_rows += 1;
                f(&row);
            }
        }
    }
    Ok(())
}

/// The error of a label that is of neither class, or contrary to another of the run.
fn bad_label(label: &LabelReader, row: &RawRow<'_>) -> Option<DataError> {
    let contrary = || label.contrary(std::iter::once(*row));
    label.read(row).err().or_else(|| label.has_contrary_values().then(contrary).flatten())
}

#[cfg(test)]
mod tests {
    use hashbrown::HashTable;

    use super::*;

    #[test]
    fn tables_of_all_fields_are_bounded() {
        for n in [0, 1, 15, 16, 17, 100, 3_000] {
            let most = most_values(n);
            let table: HashTable<u64> = HashTable::with_capacity(most);
            let bytes = n * table.allocation_size();
            assert!(bytes <= 9 * PLACES_OF_ALL + n * 64, "{n}: {bytes}");
            assert!(most <= PLACES_OF_FIELD, "{n}: {most}");
        }
        assert_eq!([most_values(1), most_values(17)], [917_504, 458_752]);
    }

    #[test]
    fn shares_are_not_rounded_to_all_or_none() {
        let share = |unseen, is_exact| {
            let (field, values_are) = ("x".to_owned(), ValuesAre::Ids);
            percent(&UnseenShare { field, values_are, values: 10_000, unseen, is_exact })
        };
        assert_eq!(share(10_000, true), "100 %");
        assert_eq!(share(9_999, true), "99.9 %");
        assert_eq!(share(1_234, false), "about 12.3 %");
    }
}
