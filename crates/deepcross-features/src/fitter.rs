//! Fitting: one pass over the training data that learns vocabularies and statistics.
//!
//! Memory grows with the number of distinct values, never with the number of rows.

use std::sync::Arc;

use crate::companion::folds::{FoldCounts, fold};
use crate::companion::history::{CountsFrom, FieldHistory, History, TrainingCounts};
use crate::companion::value_counts::ValueCounts;
use crate::companion::{CompanionFitter, companion_name};
use crate::config::field_config::FieldConfig;
use crate::config::schema::Schema;
use crate::encoder::Encoder;
use crate::error::FeatureError;
use crate::kinds::{KindEncoder, KindFitter};
use crate::raw::binding::{Binding, FieldColumns};
use crate::raw::row_fields::RowFields;
use crate::raw::value_text::{FieldValues, Misread, Missing, Scratch};
use crate::state::FieldState;

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
    scratch: Scratch,
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
    columns: Vec<String>,
    learner: Learner,
}

/// Learns the encoding of a field, or its companion counts.
#[derive(Clone, Debug)]
enum Learner {
    Kind(Box<dyn KindFitter>),
    Companion(Box<CompanionFitter>),
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
        let scratch = Scratch::default();
        Self { missing, fields, counts_from, folds, n_rows: 0, scratch }
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
        let Self { missing, fields, scratch, .. } = self;
        let known = Missing::new(missing);
        for (index, field) in fields.iter().enumerate() {
            if field.number((binding, index), row, &known).is_none() {
                field.check(binding.values(index, row, scratch), &known)?;
            }
        }
        let training_row = TrainingRow { positive, fold: fold(self.n_rows) };
        for (index, field) in fields.iter_mut().enumerate() {
            match field.number((binding, index), row, &known) {
                Some(number) => field.observe_number(number, positive)?,
                None => field.observe(binding.values(index, row, scratch), &known, training_row)?,
            }
        }
        self.folds.add(0, training_row.fold, positive);
        self.n_rows += 1;
        Ok(())
    }

    /// The names of the fields whose ids are floating-point numbers above 2⁵³: a program may have rounded them, so that
    /// different ids became one.
    pub fn fields_with_rounded_ids(&self) -> impl Iterator<Item = &str> {
        let is_rounded = |field: &&FieldFitter| match &field.learner {
            Learner::Kind(fitter) => fitter.has_rounded_ids(),
            Learner::Companion(_) => false,
        };
        self.fields.iter().filter(is_rounded).map(|field| field.name.as_str())
    }

    /// The names of the fields of numbers whose points may separate thousands, although `decimal` says that decimals follow
    /// a comma: all numbers with a point are like `1.234`, which is read as a number between 1 and 2.
    pub fn fields_with_points_like_thousands(&self) -> impl Iterator<Item = &str> {
        let has_points = |field: &&FieldFitter| match &field.learner {
            Learner::Kind(fitter) => fitter.has_points_like_thousands(),
            Learner::Companion(_) => false,
        };
        self.fields.iter().filter(has_points).map(|field| field.name.as_str())
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
        let columns: Vec<_> = config.columns().into_iter().map(str::to_owned).collect();
        let field = |name, learner| Self { name, columns: columns.clone(), learner };
        let own = field(config.name.clone(), Learner::Kind(config.kind.fitter(&config.name)));
        let by_fold = counts_from == CountsFrom::OtherFolds;
        let companion = config.companion_keys().map(|keys| {
            let fitter = Box::new(CompanionFitter::new(&keys, &config.name, by_fold));
            field(companion_name(&config.name), Learner::Companion(fitter))
        });
        [Some(own), companion].into_iter().flatten()
    }

    fn columns(&self) -> FieldColumns<'_> {
        FieldColumns::new(&self.name, &self.columns)
    }

    /// The typed number of the row, or `None` within if it is missing; `None` if the field needs the text of its value.
    fn number<R: RowFields + ?Sized>(
        &self,
        (binding, index): (&Binding, usize),
        row: &R,
        missing: &Missing<'_>,
    ) -> Option<Option<f64>> {
        match &self.learner {
            Learner::Kind(fitter) if fitter.reads_numbers() => {
                row.cell(binding.only_column(index)?).number_or_missing(missing)
            }
            _ => None,
        }
    }

    fn check(&self, values: FieldValues<'_>, missing: &Missing<'_>) -> Result<(), FeatureError> {
        let checked = values.read(missing).and_then(|texts| match &self.learner {
            Learner::Kind(fitter) => Ok(fitter.check(texts.first)?),
            Learner::Companion(_) => Ok(()),
        });
        checked.map_err(|error| error.at(&self.name, &self.columns, values))
    }

    fn observe(
        &mut self,
        values: FieldValues<'_>,
        missing: &Missing<'_>,
        row: TrainingRow,
    ) -> Result<(), FeatureError> {
        let observed = values.read(missing).and_then(|texts| match &mut self.learner {
            Learner::Kind(fitter) => {
                fitter.observe_second(texts.second);
                Ok(fitter.observe(texts.first, row.positive)?)
            }
            Learner::Companion(fitter) => {
                Ok(fitter.observe(texts.first, row.positive, row.fold)?)
            }
        });
        observed.map_err(|error| error.at(&self.name, &self.columns, values))
    }

    fn observe_number(&mut self, number: Option<f64>, positive: bool) -> Result<(), FeatureError> {
        let Learner::Kind(fitter) = &mut self.learner else { return Ok(()) };
        let no_text = FieldValues { first: None, second: None };
        let observed = fitter.observe_number(number, positive).map_err(Misread::from);
        observed.map_err(|error| error.at(&self.name, &self.columns, no_text))
    }

    /// The encoder and, for companion counts, the counts by fold.
    fn finish(self) -> (FieldState, Option<FoldCounts>) {
        let (kind, folds) = match self.learner {
            Learner::Kind(fitter) => (fitter.finish(), None),
            Learner::Companion(fitter) => {
                let (encoder, folds) = fitter.finish();
                (KindEncoder::Companion(encoder), folds)
            }
        };
        (FieldState { name: self.name, columns: self.columns, kind }, folds)
    }
}
