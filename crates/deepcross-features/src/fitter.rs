//! Fitting: one pass over the training data that learns vocabularies and statistics.
//!
//! Memory grows with the number of distinct values; with the number of rows, only the summaries of numbers grow, by its
//! logarithm.

use std::iter::once;
use std::sync::Arc;

use crate::companion::folds::FoldCounts;
use crate::companion::history::{CountsFrom, FieldHistory, History, TrainingCounts, TrainingRow};
use crate::companion::value_counts::ValueCounts;
use crate::config::schema::Schema;
use crate::encoder::Encoder;
use crate::error::FeatureError;
use crate::field_fitter::{FieldFitter, FieldLearner, LearnedField};
use crate::kinds::{KindEncoder, KindFitter};
use crate::raw::binding::Binding;
use crate::raw::row_fields::RowFields;
use crate::raw::value_rules::MissingValues;

/// Learns an [`Encoder`] from training rows.
///
/// The result depends only on the rows, their order and their numbers.
/// The numbers decide which rows are summarised together: the order matters for the last bits of statistics and for the
/// quantiles of many numbers, and only within 65,536 rows.
#[derive(Clone, Debug)]
pub struct Fitter {
    missing: MissingValues,
    fields: Vec<FieldFitter>,
    /// The number of the next row.
    n_rows: u64,
}

impl Fitter {
    /// A fitter before the first row.
    pub fn new(schema: &Schema) -> Self {
        Self::with_counts_from(schema, CountsFrom::default())
    }

    /// A fitter before the first row, for training rows that get their companion counts from `counts_from`.
    pub fn with_counts_from(schema: &Schema, counts_from: CountsFrom) -> Self {
        let fields = schema.fields().iter();
        let fields: Vec<_> = fields.flat_map(|field| FieldFitter::of(field, counts_from)).collect();
        let rules = fields.iter().map(|field| &field.rules);
        let missing = MissingValues::new(schema.missing().to_vec(), rules);
        Self { missing, fields, n_rows: 0 }
    }

    /// Finds the column of each field in `header`.
    ///
    /// # Errors
    /// [`FeatureError::MissingColumn`] or [`FeatureError::AmbiguousColumn`].
    pub fn bind(&self, header: &[String]) -> Result<Binding, FeatureError> {
        Binding::new(self.fields.iter().map(FieldFitter::columns), header)
    }

    /// The learner of each field, in order: to learn from many rows on several threads, instead of
    /// [`observe`](Self::observe).
    ///
    /// # Panics
    /// If `binding` was made for other fields, as soon as a learner looks at a row.
    pub fn learners<'f>(
        &'f mut self,
        binding: &'f Binding,
    ) -> impl Iterator<Item = FieldLearner<'f>> {
        let (fields, missing) = (self.fields.iter_mut().enumerate(), &self.missing);
        fields.map(move |(index, field)| field.learner((binding, index), missing.of(index)))
    }

    /// Learns from one row without a label, which counts as negative.
    ///
    /// # Errors
    /// As [`observe_labelled`](Self::observe_labelled).
    pub fn observe<R: RowFields + ?Sized>(
        &mut self,
        binding: &Binding,
        row: &R,
    ) -> Result<(), FeatureError> {
        self.observe_labelled(binding, row, false)
    }

    /// Learns from one row, which is positive or not; its number is that of the rows before it, bad ones included.
    ///
    /// The label matters for fields with `top_by = "positives"` and for companion counts.
    ///
    /// # Errors
    /// [`FeatureError::Value`] or [`FeatureError::Utf8`] if a value cannot be encoded.
    /// Then nothing was learned from the row, and the caller may skip it.
    /// [`FeatureError::TooManyValues`] if a vocabulary is full: fitting cannot continue.
    pub fn observe_labelled<R: RowFields + ?Sized>(
        &mut self,
        binding: &Binding,
        row: &R,
        positive: bool,
    ) -> Result<(), FeatureError> {
        let training_row = TrainingRow { number: self.n_rows, positive };
        self.n_rows += 1;
        for mut learner in self.learners(binding) {
            if let Some((_, error)) = learner.check(once(row)).pop() {
                return Err(error);
            }
        }
        for mut learner in self.learners(binding) {
            learner.learn_one(row, training_row)?;
        }
        Ok(())
    }

    /// The names of the fields whose ids are floating-point numbers above 2⁵³: a program may have rounded them, so that
    /// different ids became one.
    pub fn fields_with_rounded_ids(&self) -> impl Iterator<Item = &str> {
        self.fields_with(|fitter| fitter.has_rounded_ids())
    }

    /// The names of the fields of numbers whose points may separate thousands, although `decimal` says that decimals follow
    /// a comma: all numbers with a point are like `1.234`, which is read as a number between 1 and 2.
    pub fn fields_with_points_like_thousands(&self) -> impl Iterator<Item = &str> {
        self.fields_with(|fitter| fitter.has_points_like_thousands())
    }

    /// The names of the fields whose kind answers yes.
    fn fields_with(&self, answer: fn(&dyn KindFitter) -> bool) -> impl Iterator<Item = &str> {
        let fields = self.fields.iter().filter(move |field| field.kind().is_some_and(answer));
        fields.map(|field| field.name.as_str())
    }

    /// The fitted encoder.
    ///
    /// A field without any value gets a vocabulary of reserved ids only, or a range of 0 to 0.
    pub fn finish(self) -> Encoder {
        self.finish_for_training().0
    }

    /// The fitted encoder, and the history that gives companion counts to the same rows in training.
    pub fn finish_for_training(self) -> (Encoder, History) {
        self.finish_with(|_| ())
    }

    /// As [`finish_for_training`](Self::finish_for_training), after `finish`, which may finish fields on several threads.
    pub fn finish_with(self, finish: impl FnOnce(&mut [LearnedField])) -> (Encoder, History) {
        let Self { missing, fields, .. } = self;
        let mut fields: Vec<_> = fields.into_iter().map(LearnedField::new).collect();
        finish(&mut fields);
        let (mut encoders, mut histories) = (Vec::new(), Vec::new());
        let fields = fields.into_iter().filter_map(LearnedField::into_finished);
        for (index, (encoder, folds)) in fields.enumerate() {
            histories.extend(history(index, &encoder.kind, folds));
            encoders.push(encoder);
        }
        let history = History::new(missing.clone(), histories);
        (Encoder::recorded(missing, encoders), history)
    }
}

/// The history of the field at `field`, if it holds companion counts.
fn history(field: usize, kind: &KindEncoder, folds: Option<FoldCounts>) -> Option<FieldHistory> {
    let KindEncoder::Companion(encoder) = kind else { return None };
    let table = Arc::clone(encoder.table());
    let none_yet = || TrainingCounts::Earlier(vec![ValueCounts::default(); table.counts().len()]);
    let seen = folds.map_or_else(none_yet, TrainingCounts::Folds);
    Some(FieldHistory { field, table, seen })
}
