//! Fitting: one pass over the training data that learns vocabularies and statistics.
//!
//! Memory grows with the number of distinct values, never with the number of rows.

use crate::bucketized::BucketizedFitter;
use crate::categorical::CategoricalFitter;
use crate::cell::{self, CellError, Cells};
use crate::config::{FieldConfig, FieldKind};
use crate::cross::CrossEncoder;
use crate::encoder::{Encoder, FieldEncoder, KindEncoder};
use crate::error::FeatureError;
use crate::multi_hot::MultiHotFitter;
use crate::number::{self, NumberFitter};
use crate::record::Record;
use crate::schema::{Binding, FieldColumns, Schema};
use crate::text::TextFitter;
use crate::time::TimeEncoder;

/// Learns an [`Encoder`] from the rows that it is shown.
///
/// The result depends on the rows and, for the last bits of statistics and the quantiles of many numbers, their order; on nothing else.
#[derive(Clone, Debug)]
pub struct Fitter {
    missing: Vec<String>,
    fields: Vec<FieldFitter>,
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
}

impl Fitter {
    /// A fitter that has seen no row.
    pub fn new(schema: &Schema) -> Self {
        let fields = schema.fields().iter().map(FieldFitter::new).collect();
        Self { missing: schema.missing().to_vec(), fields }
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
    pub fn observe<R: Record + ?Sized>(
        &mut self,
        binding: &Binding,
        record: &R,
    ) -> Result<(), FeatureError> {
        self.observe_labelled(binding, record, false)
    }

    /// Learns from one row, which is positive or not: what fields with `top_by = "positives"` go by.
    ///
    /// # Errors
    /// [`FeatureError::Value`] or [`FeatureError::Utf8`] where a value cannot be encoded: nothing was learned from the row, which may be skipped.
    /// [`FeatureError::TooManyValues`] where a vocabulary is full: fitting cannot go on.
    pub fn observe_labelled<R: Record + ?Sized>(
        &mut self,
        binding: &Binding,
        record: &R,
        positive: bool,
    ) -> Result<(), FeatureError> {
        let Self { missing, fields } = self;
        for (index, field) in fields.iter().enumerate() {
            field.check(binding.cells(index, record), missing)?;
        }
        for (index, field) in fields.iter_mut().enumerate() {
            field.observe(binding.cells(index, record), missing, positive)?;
        }
        Ok(())
    }

    /// The encoder for what was learned.
    ///
    /// A field without any value gets a vocabulary of reserved ids only, or a range of 0 to 0.
    pub fn finish(self) -> Encoder {
        let fields = self.fields.into_iter().map(FieldFitter::finish).collect();
        Encoder::new(self.missing, fields)
    }
}

impl FieldFitter {
    fn new(config: &FieldConfig) -> Self {
        let (name, column) = (config.name.clone(), config.column().to_owned());
        Self { name, column, kind: KindFitter::new(config) }
    }

    fn columns(&self) -> FieldColumns<'_> {
        let second = match &self.kind {
            KindFitter::Cross(cross) => Some(cross.second()),
            _ => None,
        };
        FieldColumns { field: &self.name, first: &self.column, second }
    }

    fn check(&self, cells: Cells<'_>, missing: &[String]) -> Result<(), FeatureError> {
        let checked = cell::read(cells.first, missing).and_then(|cell| self.kind.check(cell));
        checked.map_err(|error| error.at(&self.name, &self.column, cells.first))?;
        match &self.kind {
            KindFitter::Cross(cross) => {
                cross.read_second(&self.name, cells.second, missing).map(drop)
            }
            _ => Ok(()),
        }
    }

    fn observe(
        &mut self,
        cells: Cells<'_>,
        missing: &[String],
        positive: bool,
    ) -> Result<(), FeatureError> {
        let cell = cell::read(cells.first, missing);
        let observed = cell.and_then(|cell| self.kind.observe(cell, positive));
        observed.map_err(|error| error.at(&self.name, &self.column, cells.first))
    }

    fn finish(self) -> FieldEncoder {
        FieldEncoder { name: self.name, column: self.column, kind: self.kind.finish() }
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

    fn check(&self, cell: Option<&str>) -> Result<(), CellError> {
        match self {
            Self::Categorical(_) | Self::Text(_) | Self::Cross(_) => Ok(()),
            Self::MultiHot(fitter) => fitter.check(cell),
            Self::Number(_) | Self::Bucketized(_) => number::check(cell),
            Self::Time(time) => time.check(cell),
        }
    }

    fn observe(&mut self, cell: Option<&str>, positive: bool) -> Result<(), CellError> {
        match self {
            Self::Categorical(fitter) => fitter.observe(cell, positive),
            Self::MultiHot(fitter) => fitter.observe(cell, positive),
            Self::Text(fitter) => fitter.observe(cell, positive),
            Self::Number(fitter) => fitter.observe(cell),
            Self::Bucketized(fitter) => fitter.observe(cell, positive),
            Self::Time(_) | Self::Cross(_) => Ok(()),
        }
    }

    fn finish(self) -> KindEncoder {
        match self {
            Self::Categorical(fitter) => KindEncoder::Categorical(fitter.finish()),
            Self::MultiHot(fitter) => KindEncoder::MultiHot(fitter.finish()),
            Self::Text(fitter) => KindEncoder::Text(fitter.finish()),
            Self::Number(fitter) => KindEncoder::Number(fitter.finish()),
            Self::Bucketized(fitter) => KindEncoder::Bucketized(fitter.finish()),
            Self::Time(encoder) => KindEncoder::Time(encoder),
            Self::Cross(encoder) => KindEncoder::Cross(encoder),
        }
    }
}
