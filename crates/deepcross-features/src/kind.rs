//! The traits of a kind of field: its keys, what learns from training rows, and what encodes rows and is stored.

use std::fmt::Debug;
use std::str;

use crate::batch::column::Column;
use crate::batch::shape::FieldShape;
use crate::counts::FieldCounts;
use crate::description::ValueForm;
use crate::error::FeatureError;
use crate::keys::KeyVisitor;
use crate::lookup::id_keys::HashKeys;
use crate::lookup::{Lookup, LookupFitter};
use crate::problem::Problem;
use crate::raw::cell::{CellList, NumberRun};
use crate::raw::spelling::{Spelling, SpellingRule};
use crate::raw::value::Run;
use crate::raw::value_text::ValueError;
use crate::smoothing::Smoothing;

/// The keys that a kind of field has in a `[[field]]` table, beside `name`, `kind` and `column`.
pub(crate) trait Kind {
    /// Learns the encoding from training rows.
    type Fitter: Fit
    where
        Self: Sized;

    /// The name of the kind, which is the value of the key `kind`.
    fn name(&self) -> &'static str;

    /// Visits the keys, always in the same order.
    fn keys(&mut self, visitor: &mut impl KeyVisitor)
    where
        Self: Sized;

    /// The problems of the values of the keys; their paths are names of keys.
    fn problems(&self) -> Vec<Problem>;

    /// The columns that the field reads, if the kind has a key for them; such a kind has no key `column`.
    fn columns(&self) -> Option<&[String]> {
        None
    }

    /// The keys of the field's companion counts, if it has them.
    fn companion(&self) -> Option<CompanionKeys> {
        None
    }

    /// A fitter for the field called `field` before the first row.
    fn fitter(&self, field: &str) -> Self::Fitter
    where
        Self: Sized;
}

/// What a field says of its companion counts.
#[derive(Clone, Debug)]
pub(crate) struct CompanionKeys {
    /// The hash of the field's values, if it has one.
    pub(crate) hash: HashKeys,
    /// The strengths of smoothing of the click rate, in clicks.
    pub(crate) smoothing: Smoothing,
    /// The spelling of the field's values, if it is given.
    pub(crate) spelling: Option<Spelling>,
    /// The number of columns that the field reads.
    pub(crate) n_columns: usize,
}

/// What is to be learned from a value that was checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Checked {
    /// The text of the value.
    Text,
    /// The number that the value is, or `None` if it is missing: the text need not be read again.
    Number(Option<f64>),
}

/// Learns the encoding of a field from training rows.
pub(crate) trait Fit: Clone + Debug + Send + Sync + 'static {
    /// The encoding.
    type Encoder: Clone + Debug;

    /// Whether the kind reads numbers, so that typed numbers are learned from without their texts.
    const READS_NUMBERS: bool = false;

    /// Whether all that is to be learned from a value is learned when it is checked.
    const LEARNS_IN_CHECK: bool = false;

    /// Begins a chunk of rows: statistics of numbers are those of chunks, merged.
    fn begin_chunk(&mut self, _chunk: u64) {}

    /// Whether [`check`](Self::check) accepts any text, so that it need not be called.
    fn accepts_any_text(&self) -> bool {
        true
    }

    /// Whether the value, `None` if it is missing, can be encoded, so that [`observe`](Self::observe) would accept it.
    ///
    /// The first values that are checked may decide on the form of all others.
    fn check(&mut self, _text: Option<&str>) -> Result<Checked, ValueError> {
        Ok(Checked::Text)
    }

    /// As [`check`](Self::check), for a list that is not missing; `None` if its text must be checked.
    fn check_list(&mut self, _list: &CellList<'_>) -> Option<Result<Checked, ValueError>> {
        None
    }

    /// Learns from the value of a row that is positive or not.
    fn observe(&mut self, _text: Option<&str>, _positive: bool) -> Result<(), ValueError> {
        Ok(())
    }

    /// The ids of the values, if each value is one of them and the kind learns nothing else.
    fn lookup(&mut self) -> Option<&mut LookupFitter> {
        None
    }

    /// As [`observe`](Self::observe), for a number in the range of `f32`, or `None` for a missing value.
    fn observe_number(&mut self, _number: Option<f64>, _positive: bool) -> Result<(), ValueError> {
        Ok(())
    }

    /// Whether ids are floating-point numbers above 2⁵³, so that different ids may have become one before they came here.
    fn has_rounded_ids(&self) -> bool {
        false
    }

    /// Whether the points in numbers may separate thousands, although decimals follow a comma.
    fn has_points_like_thousands(&self) -> bool {
        false
    }

    /// The encoding that was learned.
    fn finish(self) -> Self::Encoder;
}

/// Encodes the values of a field; an encoder is its own stored form.
pub(crate) trait Encode {
    /// Checks what was read from a stored encoder, and makes the parts that are not stored.
    ///
    /// # Errors
    /// [`FeatureError::State`] if no fitting could have given these parts.
    fn restore(&mut self, _field: &str) -> Result<(), FeatureError> {
        Ok(())
    }

    /// The spelling of each column of a field that reads several; its text is the joint text of theirs.
    fn column_rules(&self) -> Option<&[SpellingRule]> {
        None
    }

    /// The form of the field called `name` in a batch.
    fn shape(&self, name: &str) -> FieldShape;

    /// The name of the kind.
    fn kind(&self) -> &'static str;

    /// The encoding in one line.
    fn describe(&self) -> String;

    /// The form of the raw values.
    fn form(&self) -> ValueForm;

    /// Appends one row; if the value is not valid, the caller truncates the column, and the counts are unchanged.
    fn encode(
        &self,
        text: Option<&str>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> Result<(), ValueError>;

    /// Appends the rows of a run up to the first that is not valid; returns whether all are valid.
    fn encode_run(&self, run: &Run<'_>, column: &mut Column, counts: &mut FieldCounts) -> bool {
        run.texts().all(|text| match text.map(str::from_utf8).transpose() {
            Ok(text) => self.encode(text, column, counts).is_ok(),
            Err(_) => false,
        })
    }

    /// Appends the rows of a run of typed numbers, if the kind reads numbers.
    ///
    /// Returns whether it did; if not, the rows are appended as the texts of the numbers.
    fn encode_numbers(
        &self,
        _numbers: &NumberRun,
        _column: &mut Column,
        _counts: &mut FieldCounts,
    ) -> bool {
        false
    }

    /// Appends the row of a list of typed numbers that is not missing, if the kind reads vectors.
    ///
    /// Returns whether it did; if not, the column and the counts are unchanged, and the row is appended as the text of the
    /// list.
    fn encode_list(
        &self,
        _list: &CellList<'_>,
        _column: &mut Column,
        _counts: &mut FieldCounts,
    ) -> bool {
        false
    }

    /// The ids of the values, if they come from a vocabulary, or from a hash of a single value.
    fn lookup(&self) -> Option<&Lookup> {
        None
    }

    /// The range of the numbers that the field was fitted on, if the kind reads numbers and there were any.
    fn numbers_seen(&self) -> Option<(f64, f64)> {
        None
    }

    /// Whether the ids come from a hash.
    fn is_hashed(&self) -> bool {
        self.lookup().is_some_and(Lookup::is_hashed)
    }
}
