//! Profiles of files: one pass over all rows summarises every column in bounded memory.
//!
//! [`infer_fields`](crate::infer_fields) chooses fields from a profile.
//! Every summary is computed for every column, because the kind of a column is known only at the end.
//! Rejected: a first pass that finds the kinds, because a pipe can be read only once.
//!
//! A column keeps at most 16,384 values and 8,192 sampled numbers in memory.
//! For each of the four separators that its values contain, it keeps at most 16,384 elements as well.

mod column;
mod hyper_log_log;
mod known_value;
mod label_auc;
mod label_counts;
mod lists;
mod missing_markers;
mod number_signal;
mod numbers;
mod row_sample;
mod times;
mod value_counts;
mod value_forms;

use std::path::Path;

use deepcross_data::rows::RawRow;
use deepcross_data::{
    AbsentLabels, DataError, LabelClasses, LabelConfig, LabelValues, Skipped, Source,
};
use deepcross_features::{MissingSpelling, canonical, missing_spelling};

pub use column::{ColumnProfile, TopValue};
pub use label_counts::LabelCounts;
pub use lists::{ListForm, ListNotation};
pub use numbers::Numbers;
pub use times::TimeForm;
pub use value_counts::DistinctCount;
pub use value_forms::ColumnShape;

pub(crate) use numbers::{has_thousands, number_in_any_form};
pub(crate) use times::recognised;

use label_counts::Label;
use row_sample::Sampler;

/// The column of the label and its classes, as far as they are known before the files are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelRule {
    /// The name of the column.
    pub column: String,
    /// The values that mean 1; empty if the column says itself what is positive, as a column of 1 and 0 does.
    pub positive: Vec<String>,
    /// With `positive`, the values that mean 0; `None` for all other values except missing ones.
    pub negative: Option<Vec<String>>,
}

impl From<LabelConfig> for LabelRule {
    fn from(LabelConfig { column, classes }: LabelConfig) -> Self {
        match classes {
            None => Self { column, positive: Vec::new(), negative: None },
            Some(LabelClasses { positive, negative }) => {
                Self { column, positive, negative: Some(negative) }
            }
        }
    }
}

impl LabelRule {
    /// Whether the values of the classes are named.
    pub(crate) fn is_named(&self) -> bool {
        !self.positive.is_empty()
    }

    /// The values that are named, or those of a column that says itself what is positive.
    pub(crate) fn values(&self) -> LabelValues {
        let (positive, negative) = (self.positive.clone(), self.negative.clone());
        let classes = LabelClasses { positive, negative: negative.unwrap_or_default() };
        LabelValues::new(self.is_named().then_some(&classes))
    }
}

/// Finds the classes of labels, and notes which values occur.
struct Labels {
    values: LabelValues,
    /// Whether all values that are not named are negative, except missing ones.
    takes_rest: bool,
    is_met: Vec<bool>,
}

impl Labels {
    fn new(rule: &LabelRule) -> Self {
        let values = rule.values();
        let is_met = vec![false; values.texts().count()];
        Self { values, takes_rest: rule.is_named() && rule.negative.is_none(), is_met }
    }

    /// Whether `value` is positive; `None` if it is of neither class.
    fn class(&mut self, value: &[u8], is_missing: bool) -> Option<bool> {
        let Some(index) = self.values.index(value) else {
            return (self.takes_rest && !is_missing).then_some(false);
        };
        self.is_met[index] = true;
        Some(self.values.is_positive(index))
    }

    /// The named values that did not occur, and those that did.
    fn absent(&self, rule: &LabelRule) -> Option<AbsentLabels> {
        let named = rule.positive.iter().chain(rule.negative.iter().flatten());
        // A value that is named in two spellings has the index of the first.
        let is_met =
            |text: &String| self.values.index(text.as_bytes()).is_some_and(|at| self.is_met[at]);
        let (found, absent): (Vec<_>, Vec<_>) = named.cloned().partition(is_met);
        let column = rule.column.clone();
        (!absent.is_empty()).then_some(AbsentLabels { column, absent, found })
    }
}

/// The summary of all rows of a source, column by column.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The counts of all rows; rows whose label is of neither class count as rows without a label.
    pub rows: LabelCounts,
    /// The columns, in the order of the header.
    pub columns: Vec<ColumnProfile>,
    /// The index of the label's column, if there is a label.
    pub label: Option<usize>,
    /// The values that mean a missing value: [`DataConfig::missing`](deepcross_data::DataConfig::missing), then the
    /// guessed ones.
    pub missing: Vec<String>,
    /// The bad rows that were left out.
    pub skipped: Skipped,
    /// The named values of the label that no row has, if there are any.
    pub absent_labels: Option<AbsentLabels>,
    /// Whether the label has values that do not go together, such as 0 and −1, although its classes are not named.
    pub has_contrary_labels: bool,
    /// The texts of [`DataConfig::missing`](deepcross_data::DataConfig::missing) that no cell has, without the empty one.
    pub absent_missing: Vec<String>,
}

/// The options of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileOptions {
    /// The label, if there is one.
    pub label: Option<LabelRule>,
    /// Whether texts that programs usually write for missing values, such as `?`, count as missing values too, in
    /// addition to [`DataConfig::missing`](deepcross_data::DataConfig::missing).
    pub guess_missing: bool,
}

/// Reads all rows of `source` once and summarises its columns.
///
/// A row whose label is of neither class is not an error: it counts as a row without a label.
///
/// # Errors
/// As [`RawReader::next_row`](deepcross_data::RawReader::next_row).
/// Also if the source does not have the column of the label, or does not have any row.
pub fn profile_source(source: &Source, options: &ProfileOptions) -> Result<Profile, DataError> {
    let mut pass = Pass::new(source, options)?;
    let mut reader = source.rows(source.config().bad_rows)?;
    while let Some(row) = reader.next_row()? {
        pass.add(&row);
    }
    pass.profile.skipped = reader.skipped().clone();
    let profile = pass.finish();
    if profile.rows.rows == 0 {
        let skipped = profile.skipped.rows;
        let file = source.files().next().map(Path::to_path_buf).unwrap_or_default();
        return Err(DataError::NoRows { file, skipped });
    }
    Ok(profile)
}

/// The pass over the rows that fills a profile.
struct Pass<'a> {
    options: &'a ProfileOptions,
    sampler: Sampler,
    labels: Option<Labels>,
    missing: MissingTexts,
    profile: Profile,
}

/// The texts that mean a missing value, and which of them occur.
struct MissingTexts {
    /// The canonical texts.
    texts: Vec<Vec<u8>>,
    is_met: Vec<bool>,
    /// Whether one of the texts may have other spellings, as numbers and truth values do.
    has_spellings: bool,
    /// Whether another text than the empty one means a missing value.
    has_others: bool,
}

impl MissingTexts {
    fn new(texts: &[String]) -> Self {
        let texts: Vec<_> =
            texts.iter().map(|text| canonical(text.as_bytes()).into_owned()).collect();
        let may_be_spelled = |text: &Vec<u8>| {
            let first = text.first();
            first.is_some_and(|c| c.is_ascii_digit() || matches!(c, b'+' | b'-' | b't' | b'f'))
        };
        let has_spellings = texts.iter().any(may_be_spelled);
        let has_others = texts.iter().any(|text| !text.is_empty());
        Self { is_met: vec![false; texts.len()], texts, has_spellings, has_others }
    }

    /// Whether `value` means a missing value, in any spelling.
    #[inline]
    fn contains(&mut self, value: &[u8]) -> bool {
        if !value.is_empty() && !self.has_others {
            return false;
        }
        self.find(value)
    }

    fn find(&mut self, value: &[u8]) -> bool {
        let find = |value: &[u8]| self.texts.iter().position(|known| **known == *value);
        let found = if self.has_spellings { find(&canonical(value)) } else { find(value) };
        found.into_iter().for_each(|index| self.is_met[index] = true);
        found.is_some()
    }
}

impl<'a> Pass<'a> {
    fn new(source: &Source, options: &'a ProfileOptions) -> Result<Self, DataError> {
        let position = |rule: &LabelRule| source.column(&rule.column, "the label");
        let label = options.label.as_ref().map(position).transpose()?;
        let column = |(at, name): (usize, &String)| match source.pair_separator(at) {
            Some(separator) => ColumnProfile::of_pairs(name, separator),
            None if source.has_typed_lists() => ColumnProfile::of_typed(name),
            None => ColumnProfile::new(name),
        };
        let columns = source.header().iter().enumerate().map(column).collect();
        let missing = source.config().missing.clone();
        let (labels, texts) =
            (options.label.as_ref().map(Labels::new), MissingTexts::new(&missing));
        let profile = Profile {
            rows: LabelCounts::default(),
            columns,
            label,
            missing,
            skipped: Skipped::default(),
            absent_labels: None,
            has_contrary_labels: false,
            absent_missing: Vec::new(),
        };
        Ok(Self { options, sampler: Sampler::new(), labels, missing: texts, profile })
    }

    fn add(&mut self, row: &RawRow<'_>) {
        let draw = self.sampler.next();
        let Profile { rows, columns, label, .. } = &mut self.profile;
        let (labels, missing) = (&mut self.labels, &mut self.missing);
        let positive = labels.as_mut().zip(*label).and_then(|(labels, column)| {
            let value = row.field(column);
            labels.class(value, row.is_null(column) || missing.contains(value))
        });
        let class = positive.map(|positive| Label { positive, half: draw.half });
        rows.add(class);
        for (i, column) in columns.iter_mut().enumerate() {
            let value = row.field(i);
            if row.is_null(i) || missing.contains(value) {
                column.add_missing(class, draw);
            } else {
                // The rule of the label says what its values mean: none of them is a missing marker.
                column.add(value, class, draw, self.options.guess_missing && *label != Some(i));
            }
        }
    }

    fn finish(self) -> Profile {
        let mut profile = self.profile;
        if let (Some(labels), Some(rule)) = (&self.labels, &self.options.label) {
            profile.absent_labels = labels.absent(rule);
            profile.has_contrary_labels = labels.values.are_contrary(&labels.is_met);
        }
        let texts = profile.missing.iter().zip(&self.missing.is_met);
        let absent = texts.filter(|(text, is_met)| !**is_met && !text.is_empty());
        profile.absent_missing = absent.map(|(text, _)| text.clone()).collect();
        profile.columns.iter_mut().for_each(ColumnProfile::decide);
        for i in clashing(&profile) {
            profile.columns[i].decide_for_texts();
        }
        let missing = profile.columns.iter().flat_map(ColumnProfile::meaning_missing);
        let mut missing: Vec<_> = missing.map(str::to_owned).collect();
        missing.sort();
        missing.dedup();
        missing.retain(|text| !profile.missing.contains(text));
        profile.columns.iter_mut().for_each(|column| column.remove_missing(&missing));
        profile.missing.append(&mut missing);
        profile
    }
}

/// The columns whose shape cannot be had beside the other columns.
///
/// A value that means "missing" means it in all columns: an odd value must not be a value of the label, a number, a time
/// or a list of another column, or an ordinary one of its texts.
fn clashing(profile: &Profile) -> Vec<usize> {
    let clashes = |i: usize| {
        let column = &profile.columns[i];
        let is_value = |text: &str| {
            let mut columns = profile.columns.iter().enumerate();
            columns.any(|(j, other)| j != i && Some(j) != profile.label && other.has_ordinary(text))
        };
        // A label may be missing, too.
        let is_class = |text: &str| {
            let label = profile.label.and_then(|label| profile.columns.get(label));
            missing_spelling(text.as_bytes()) != Some(MissingSpelling::Sure)
                && label.is_some_and(|label| label.counts(text).is_some())
        };
        column.odd().iter().any(|odd| is_value(&odd.text))
            || column.counted_as_missing().any(|value| is_class(&value.text))
    };
    (0..profile.columns.len()).filter(|i| clashes(*i)).collect()
}
