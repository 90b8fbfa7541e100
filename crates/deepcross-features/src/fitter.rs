//! Fitting: one pass over the training data that learns vocabularies and statistics.
//!
//! Memory grows with the number of distinct values, never with the number of rows.

use std::sync::Arc;

use crate::companion::CompanionFitter;
use crate::companion::folds::{FoldCounts, fold};
use crate::companion::history::{CountsFrom, FieldHistory, History, TrainingCounts};
use crate::companion::value_counts::ValueCounts;
use crate::config::field_config::{FieldConfig, FieldKind};
use crate::config::schema::Schema;
use crate::encoder::{Encoder, FieldEncoder, KindEncoder};
use crate::error::FeatureError;
use crate::kinds::bucketized::BucketizedFitter;
use crate::kinds::categorical::CategoricalFitter;
use crate::kinds::cross::CrossEncoder;
use crate::kinds::multi_hot::MultiHotFitter;
use crate::kinds::number::{self, NumberFitter};
use crate::kinds::text::TextFitter;
use crate::kinds::time::TimeEncoder;
use crate::raw::binding::{Binding, FieldColumns};
use crate::raw::row_fields::RowFields;
use crate::raw::value_text::{self, FieldValues, ValueError};

/// Learns an [`Encoder`] from training rows.
///
/// The result depends only on the rows and their order; the order matters for the last bits of statistics and for the
/// quantiles of many numbers.
#[derive(Clone, Debug)]
pub struct Fitter {
    missing: Vec<String>,
    fields: Vec<FieldFitter>,
    counts_from: CountsFrom,
    /// The counts of all rows in each fold, at index 0.
    folds: FoldCounts,
    n_rows: u64,
}

/// The properties of a training row that matter beside its values.
#[derive(Clone, Copy, Debug)]
struct TrainingRow {
    positive: bool,
    fold: usize,
}

#[derive(Clone, Debug)]
struct FieldFitter {
    name: String,
    column: String,
    kind: KindFitter,
}

#[derive(Clone, Debug)]
enum KindFitter {
    Categorical(CategoricalFitter),
    MultiHot(MultiHotFitter),
    Text(TextFitter),
    Number(NumberFitter),
    Bucketized(BucketizedFitter),
    Time(TimeEncoder),
    Cross(CrossEncoder),
    Companion(CompanionFitter),
}

impl Fitter {
    /// A fitter before the first row.
    pub fn new(schema: &Schema) -> Self {
        Self::with_counts_from(schema, CountsFrom::default())
    }

    /// A fitter before the first row, for training rows that get their companion counts from `counts_from`.
    pub fn with_counts_from(schema: &Schema, counts_from: CountsFrom) -> Self {
        let fields = schema.fields().iter();
        let fields = fields.flat_map(|field| FieldFitter::of(field, counts_from)).collect();
        let (missing, folds) = (schema.missing().to_vec(), FoldCounts::default());
        Self { missing, fields, counts_from, folds, n_rows: 0 }
    }

    /// Finds the column of each field in `header`.
    ///
    /// # Errors
    /// [`FeatureError::MissingColumn`] or [`FeatureError::AmbiguousColumn`].
    pub fn bind(&self, header: &[String]) -> Result<Binding, FeatureError> {
        Binding::new(self.fields.iter().map(FieldFitter::columns), header)
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

    /// Learns from one row, which is positive or not.
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
        let Self { missing, fields, .. } = self;
        for (index, field) in fields.iter().enumerate() {
            field.check(binding.values(index, row), missing)?;
        }
        let training_row = TrainingRow { positive, fold: fold(self.n_rows) };
        for (index, field) in fields.iter_mut().enumerate() {
            field.observe(binding.values(index, row), missing, training_row)?;
        }
        self.folds.add(0, training_row.fold, positive);
        self.n_rows += 1;
        Ok(())
    }

    /// The fitted encoder.
    ///
    /// A field without any value gets a vocabulary of reserved ids only, or a range of 0 to 0.
    pub fn finish(self) -> Encoder {
        self.finish_for_training().0
    }

    /// The fitted encoder, and the history that gives companion counts to the same rows in training.
    pub fn finish_for_training(self) -> (Encoder, History) {
        let Self { missing, fields, counts_from, folds, .. } = self;
        let (mut encoders, mut histories) = (Vec::new(), Vec::new());
        for (index, field) in fields.into_iter().enumerate() {
            let (encoder, folds) = field.finish();
            histories.extend(history(index, &encoder.kind, folds));
            encoders.push(encoder);
        }
        let seen = match counts_from {
            CountsFrom::OtherFolds => TrainingCounts::Folds(folds),
            CountsFrom::EarlierRows => TrainingCounts::Earlier(vec![ValueCounts::default()]),
        };
        let history = History::new(missing.clone(), histories, seen);
        (Encoder::new(missing, encoders), history)
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

impl FieldFitter {
    /// The fitter of a field, and that of its companion counts if it has them.
    fn of(config: &FieldConfig, counts_from: CountsFrom) -> impl Iterator<Item = Self> {
        let column = config.column();
        let field = |name: String, kind| Self { name, column: column.to_owned(), kind };
        let by_fold = counts_from == CountsFrom::OtherFolds;
        let counts = || KindFitter::Companion(CompanionFitter::new(config, by_fold));
        let companion = config.companion().map(|name| field(name, counts()));
        [Some(field(config.name.clone(), KindFitter::new(config))), companion].into_iter().flatten()
    }

    fn columns(&self) -> FieldColumns<'_> {
        let second = match &self.kind {
            KindFitter::Cross(cross) => Some(cross.second()),
            _ => None,
        };
        FieldColumns { field: &self.name, first: &self.column, second }
    }

    fn check(&self, values: FieldValues<'_>, missing: &[String]) -> Result<(), FeatureError> {
        let checked =
            value_text::read(values.first, missing).and_then(|text| self.kind.check(text));
        checked.map_err(|error| error.at(&self.name, &self.column, values.first))?;
        match &self.kind {
            KindFitter::Cross(cross) => {
                cross.read_second(&self.name, values.second, missing).map(drop)
            }
            _ => Ok(()),
        }
    }

    fn observe(
        &mut self,
        values: FieldValues<'_>,
        missing: &[String],
        row: TrainingRow,
    ) -> Result<(), FeatureError> {
        let text = value_text::read(values.first, missing);
        let observed = text.and_then(|text| self.kind.observe(text, row));
        observed.map_err(|error| error.at(&self.name, &self.column, values.first))
    }

    fn finish(self) -> (FieldEncoder, Option<FoldCounts>) {
        let (kind, folds) = self.kind.finish();
        (FieldEncoder { name: self.name, column: self.column, kind }, folds)
    }
}

impl KindFitter {
    fn new(config: &FieldConfig) -> Self {
        match config.kind {
            FieldKind::Categorical => Self::Categorical(CategoricalFitter::new(config)),
            FieldKind::MultiHot => Self::MultiHot(MultiHotFitter::new(config)),
            FieldKind::Text => Self::Text(TextFitter::new(config)),
            FieldKind::Number => Self::Number(NumberFitter::new(config)),
            FieldKind::Bucketized => Self::Bucketized(BucketizedFitter::new(config)),
            FieldKind::Time => Self::Time(TimeEncoder::new(config)),
            FieldKind::Cross => Self::Cross(CrossEncoder::new(config)),
        }
    }

    fn check(&self, text: Option<&str>) -> Result<(), ValueError> {
        match self {
            Self::Categorical(_) | Self::Text(_) | Self::Cross(_) | Self::Companion(_) => Ok(()),
            Self::MultiHot(fitter) => fitter.check(text),
            Self::Number(_) | Self::Bucketized(_) => number::check(text),
            Self::Time(time) => time.check(text),
        }
    }

    fn observe(&mut self, text: Option<&str>, row: TrainingRow) -> Result<(), ValueError> {
        let TrainingRow { positive, fold } = row;
        match self {
            Self::Categorical(fitter) => fitter.observe(text, positive),
            Self::MultiHot(fitter) => fitter.observe(text, positive),
            Self::Text(fitter) => fitter.observe(text, positive),
            Self::Number(fitter) => fitter.observe(text),
            Self::Bucketized(fitter) => fitter.observe(text, positive),
            Self::Companion(fitter) => fitter.observe(text, positive, fold),
            Self::Time(_) | Self::Cross(_) => Ok(()),
        }
    }

    /// The encoder and, for companion counts, the counts by fold.
    fn finish(self) -> (KindEncoder, Option<FoldCounts>) {
        let encoder = match self {
            Self::Categorical(fitter) => KindEncoder::Categorical(fitter.finish()),
            Self::MultiHot(fitter) => KindEncoder::MultiHot(fitter.finish()),
            Self::Text(fitter) => KindEncoder::Text(fitter.finish()),
            Self::Number(fitter) => KindEncoder::Number(fitter.finish()),
            Self::Bucketized(fitter) => KindEncoder::Bucketized(fitter.finish()),
            Self::Time(encoder) => KindEncoder::Time(encoder),
            Self::Cross(encoder) => KindEncoder::Cross(encoder),
            Self::Companion(fitter) => {
                let (encoder, folds) = fitter.finish();
                return (KindEncoder::Companion(encoder), folds);
            }
        };
        (encoder, None)
    }
}
