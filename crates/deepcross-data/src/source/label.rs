//! Reads the label of a row: 1 or 0, depending on the value of one column.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::source::Source;
use crate::config::{LabelConfig, LabelValues, UnnamedLabels};
use crate::error::DataError;
use crate::message::shown;
use crate::rows::RawRow;

/// Reads the label's column, and distinguishes the two classes.
///
/// The reader and its clones note which values occurred.
#[derive(Clone, Debug)]
pub struct LabelReader {
    config: LabelConfig,
    values: LabelValues,
    column: usize,
    met: Arc<Met>,
    known: KnownLabels,
}

/// The values of a label whose classes are not named, as far as they are known from all rows of a run.
///
/// Clones share the values that occurred.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownLabels {
    met: Arc<AtomicU8>,
    /// The negative values of an earlier training, 0 or −1, if they are known.
    trained_on: Option<i8>,
}

/// The values that have occurred: a bit for each, by its index.
#[derive(Debug)]
struct Met(Vec<AtomicU64>);

/// The named values of a label that occurred in no row, and those that did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsentLabels {
    /// The name of the label's column.
    pub column: String,
    /// The values that occurred in no row.
    pub absent: Vec<String>,
    /// The values that occurred.
    pub found: Vec<String>,
}

impl LabelReader {
    /// Finds the label's column in the header of `source`.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn bind(config: &LabelConfig, source: &Source) -> Result<Self, DataError> {
        let column = source.column(&config.column, "the label")?;
        let values = LabelValues::new(config.classes.as_ref());
        let met = Arc::new(Met::new(values.texts().count()));
        Ok(Self { config: config.clone(), values, column, met, known: source.labels.clone() })
    }

    /// The label of `row`: 1 for a positive value, 0 for a negative one.
    ///
    /// # Errors
    /// If the value is of neither class, as a missing value is.
    pub fn read(&self, row: &RawRow<'_>) -> Result<f32, DataError> {
        let mut scratch = Vec::new();
        let value = row.cell(self.column).text(&mut scratch);
        let index = self.values.index(value).ok_or_else(|| self.neither_class(row, value))?;
        if self.met.is_new(index) {
            self.note(index);
        }
        Ok(if self.values.is_positive(index) { 1.0 } else { 0.0 })
    }

    #[cold]
    fn note(&self, index: usize) {
        self.met.note(index);
        if !self.values.is_named() {
            self.known.met.fetch_or(UnnamedLabels::default().with(index).0, Ordering::Relaxed);
        }
    }

    /// Whether values have occurred that contradict each other, in these rows or in others of the run.
    pub fn has_contrary_values(&self) -> bool {
        let met = self.known.met();
        let is_contrary = |index| self.known.contrary_to(met, index).is_some();
        !self.values.is_named() && met.indices().any(is_contrary)
    }

    /// The error of the first of `rows` whose value contradicts that of a row before it; if there is none, of the first
    /// one whose value contradicts that of any other row.
    #[cold]
    pub fn contrary<'r>(&self, rows: impl Iterator<Item = RawRow<'r>>) -> Option<DataError> {
        let mut scratch = Vec::new();
        let mut index =
            |row: &RawRow<'_>| self.values.index(row.cell(self.column).text(&mut scratch));
        let (mut before, met, mut first) = (UnnamedLabels::default(), self.known.met(), None);
        for row in rows {
            let Some(index) = index(&row) else { continue };
            if let Some(other) = self.known.contrary_to(before, index) {
                return Some(self.contradiction(&row, other));
            }
            before = before.with(index);
            let of_others = || self.known.contrary_to(met, index);
            first = first.or_else(|| of_others().map(|other| self.contradiction(&row, other)));
        }
        first
    }

    /// The error of a row whose label is contrary to a value of other rows.
    fn contradiction(
        &self,
        row: &RawRow<'_>,
        (other, rows): (&'static str, OtherRows),
    ) -> DataError {
        let mut scratch = Vec::new();
        let value = shown(row.cell(self.column).text(&mut scratch));
        let (place, column) = (row.place(), self.config.column.clone());
        match rows {
            OtherRows::OfRun => DataError::ContraryLabels { place, column, value, other },
            OtherRows::OfTraining => DataError::OtherLabels { place, column, value, other },
        }
    }

    /// The named values that occurred in no row that was read; `None` if all occurred, or no values are named.
    ///
    /// # Errors
    /// [`DataError::AbsentClass`] if all values of a class are among them.
    pub(crate) fn absent(&self, file: PathBuf) -> Result<Option<AbsentLabels>, DataError> {
        let Some(classes) = self.config.classes.as_ref() else { return Ok(None) };
        let column = self.config.column.clone();
        let values = classes.positive.iter().chain(&classes.negative).enumerate();
        // A value that is named in two spellings has the index of the first.
        let is_new =
            |text: &String| self.values.index(text.as_bytes()).is_none_or(|at| self.met.is_new(at));
        let (absent, found): (Vec<_>, Vec<_>) = values.partition(|(_, text)| is_new(text));
        let texts = |values: &[(usize, &String)]| -> Vec<String> {
            values.iter().map(|(_, value)| (*value).clone()).collect()
        };
        let n_positive = classes.positive.len();
        let is_positive = |(index, _): &&(usize, &String)| *index < n_positive;
        let n_absent = absent.iter().filter(is_positive).count();
        let class = match (n_absent, absent.len() - n_absent) {
            (n, _) if n == n_positive => "positive",
            (_, n) if n == classes.negative.len() => "negative",
            (0, 0) => return Ok(None),
            _ => {
                return Ok(Some(AbsentLabels {
                    column,
                    absent: texts(&absent),
                    found: texts(&found),
                }));
            }
        };
        let values = if class == "positive" { &classes.positive } else { &classes.negative };
        let (values, found) = (listed(values), listed(&texts(&found)));
        Err(DataError::AbsentClass { file, column, class, values, found })
    }

    fn neither_class(&self, row: &RawRow<'_>, value: &[u8]) -> DataError {
        let column = self.config.column.clone();
        let expected = match &self.config.classes {
            None => format!("`1` (positive) or `0` (negative){OTHER_CLASSES}"),
            Some(classes) => {
                let (positive, negative) = (listed(&classes.positive), listed(&classes.negative));
                format!("{positive} (positive) or {negative} (negative)")
            }
        };
        DataError::Row { place: row.place(), field: column, value: shown(value), expected }
    }
}

/// The rows with a value that is contrary to another one.
#[derive(Clone, Copy, Debug)]
enum OtherRows {
    OfRun,
    OfTraining,
}

impl KnownLabels {
    /// The same values, if a model was trained on this negative value before.
    pub(crate) fn after_training_on(&self, trained_on: Option<i8>) -> Self {
        Self { met: self.met.clone(), trained_on }
    }

    /// The negative value that occurred, 0 or −1.
    pub(crate) fn negative(&self) -> Option<i8> {
        self.met().negative()
    }

    /// The values that occurred, as bits.
    pub(crate) fn bits(&self) -> u8 {
        self.met().0
    }

    /// Sets the values that occurred.
    pub(crate) fn set_bits(&self, bits: u8) {
        self.met.store(bits, Ordering::Relaxed);
    }

    fn met(&self) -> UnnamedLabels {
        UnnamedLabels(self.met.load(Ordering::Relaxed))
    }

    /// A value that contradicts the one at `index`, out of those that `met` has and those of an earlier training.
    ///
    /// A model that was trained on 0 may be tested on truth values, which another program has written.
    fn contrary_to(&self, met: UnnamedLabels, index: usize) -> Option<(&'static str, OtherRows)> {
        let of_run = met.contrary_to(index).map(|other| (other, OtherRows::OfRun));
        let now = UnnamedLabels::default().with(index).negative();
        let of_training = || self.trained_on.filter(|before| now.is_some_and(|now| now != *before));
        let text = |before| if before == 0 { "0" } else { "-1" };
        of_run.or_else(|| of_training().map(|before| (text(before), OtherRows::OfTraining)))
    }
}

impl Met {
    fn new(n_values: usize) -> Self {
        Self((0..n_values.div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
    }

    /// Whether the value with this index has not occurred.
    #[inline]
    fn is_new(&self, index: usize) -> bool {
        let bits = self.0.get(index / 64).map_or(0, |bits| bits.load(Ordering::Relaxed));
        bits >> (index % 64) & 1 == 0
    }

    #[cold]
    fn note(&self, index: usize) {
        if let Some(bits) = self.0.get(index / 64) {
            bits.fetch_or(1 << (index % 64), Ordering::Relaxed);
        }
    }
}

/// The remedy for a label with other values than `1` and `0`.
const OTHER_CLASSES: &str =
    "; name other classes with `data.label = { column, positive, negative }`";

/// The values in backticks, with commas between them.
fn listed(values: &[String]) -> String {
    let quoted: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
    quoted.join(", ")
}
