//! What files hold, column by column, learned in one pass and in bounded memory.
//!
//! A profile is what [`infer`](crate::infer()) chooses encoders by, and what `describe` shows.
//! Everything is learned of every column, since its kind is known only at the end; a first pass that
//! settles kinds lost, since a pipe can be read only once.
//!
//! Each column has at most 16,384 values and 8,192 sampled numbers in memory, and as many elements
//! for each of four separators that its values hold.

mod column;
mod distinct;
mod foresight;
mod lists;
mod marks;
mod numbers;
mod sample;
mod tally;
mod times;
mod values;

use deepcross_features::RowFields;

use crate::error::DataError;
use crate::label::LabelConfig;
use crate::row::RawRow;
use crate::skipped::Skipped;
use crate::source::Source;

pub use column::{ColumnProfile, TopValue};
pub use lists::ListForm;
pub use numbers::Numbers;
pub use tally::Tally;
pub use times::TimeForm;
pub use values::Count;

use sample::Sampler;
use tally::Label;

/// Which column is the label, as far as it is known before the files are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelRule {
    /// The name of the column.
    pub column: String,
    /// The values that mean 1.
    pub positive: Vec<String>,
    /// The values that mean 0; `None` for all others but missing ones.
    pub negative: Option<Vec<String>>,
}

impl From<LabelConfig> for LabelRule {
    fn from(LabelConfig { column, positive, negative }: LabelConfig) -> Self {
        Self { column, positive, negative: Some(negative) }
    }
}

impl LabelRule {
    fn class(&self, value: &[u8], is_missing: bool) -> Option<bool> {
        let is_among = |class: &[String]| class.iter().any(|known| known.as_bytes() == value);
        if is_among(&self.positive) {
            return Some(true);
        }
        let is_negative = match &self.negative {
            Some(negative) => is_among(negative),
            None => !is_missing,
        };
        is_negative.then_some(false)
    }
}

/// What is known of the rows of a source.
#[derive(Clone, Debug)]
pub struct Profile {
    /// All rows; those of no class have no label.
    pub rows: Tally,
    /// The columns, in the order of the header.
    pub columns: Vec<ColumnProfile>,
    /// The position of the label's column.
    pub label: Option<usize>,
    /// The values that mean "missing": those that were set, and those that were guessed.
    pub missing: Vec<String>,
    /// The rows that could not be read.
    pub skipped: Skipped,
}

/// How a profile is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfilePlan {
    /// The label, if there is one.
    pub label: Option<LabelRule>,
    /// Whether values that programs usually write for missing ones, such as `?`, are taken for
    /// missing too, beside those of [`DataConfig::missing`](crate::DataConfig::missing).
    pub guess_missing: bool,
}

/// Reads all rows of `source` once.
///
/// # Errors
/// As [`Records::read`](crate::Records::read), if there is no column of the label, or no row at all.
/// Rows whose label is of no class are no error here: they have no label.
pub fn profile(source: &Source, plan: &ProfilePlan) -> Result<Profile, DataError> {
    let mut pass = Pass::new(source, plan)?;
    let (mut records, mut row) = (source.records()?, RawRow::new());
    loop {
        match records.read(&mut row) {
            Ok(true) => pass.add(&row),
            Ok(false) => break,
            Err(error) => pass.profile.skipped.admit(error, source.config().bad_rows)?,
        }
    }
    let profile = pass.finish();
    if profile.rows.rows == 0 {
        let skipped = profile.skipped.rows;
        return Err(DataError::NoRows { file: source.first_file(), skipped });
    }
    Ok(profile)
}

/// A profile in the making.
struct Pass<'a> {
    plan: &'a ProfilePlan,
    sampler: Sampler,
    profile: Profile,
}

impl<'a> Pass<'a> {
    fn new(source: &Source, plan: &'a ProfilePlan) -> Result<Self, DataError> {
        let position = |rule: &LabelRule| source.column(&rule.column, "the label");
        let label = plan.label.as_ref().map(position).transpose()?;
        let column = |(at, name): (usize, &String)| match source.holds_pairs(at) {
            true => ColumnProfile::of_pairs(name),
            false => ColumnProfile::new(name),
        };
        let columns = source.header().iter().enumerate().map(column).collect();
        let missing = source.config().missing.clone();
        let (rows, skipped) = (Tally::default(), Skipped::default());
        let profile = Profile { rows, columns, label, missing, skipped };
        Ok(Self { plan, sampler: Sampler::new(), profile })
    }

    fn add(&mut self, row: &RawRow) {
        let draw = self.sampler.next();
        let Profile { rows, columns, label, missing, .. } = &mut self.profile;
        let is_missing = |value: &[u8]| missing.iter().any(|known| known.as_bytes() == value);
        let rule = self.plan.label.as_ref().zip(*label);
        let positive = rule.and_then(|(rule, column)| {
            let value = row.field(column);
            rule.class(value, is_missing(value))
        });
        let class = positive.map(|positive| Label { positive, half: draw.half });
        rows.add(class);
        for (i, column) in columns.iter_mut().enumerate() {
            let value = row.field(i);
            if is_missing(value) {
                column.add_missing(class, draw);
            } else {
                // A label's values are told by its rule.
                column.add(value, class, draw, self.plan.guess_missing && *label != Some(i));
            }
        }
    }

    fn finish(self) -> Profile {
        let mut profile = self.profile;
        let mut marks: Vec<_> = profile
            .columns
            .iter()
            .flat_map(ColumnProfile::meant_marks)
            .map(str::to_owned)
            .collect();
        marks.sort();
        marks.dedup();
        marks.retain(|mark| !profile.missing.contains(mark));
        profile.missing.append(&mut marks);
        profile.columns.iter_mut().for_each(|column| column.settle(&profile.missing));
        profile
    }
}
