//! Fitting: one pass over the training data that learns vocabularies and statistics.
//!
//! Memory grows with the number of distinct values, never with the number of rows.

use crate::categorical::CategoricalFitter;
use crate::cell::{self, CellError};
use crate::config::{FieldConfig, FieldKind};
use crate::encoder::{Encoder, FieldEncoder, KindEncoder};
use crate::error::FeatureError;
use crate::multi_hot::MultiHotFitter;
use crate::number::NumberFitter;
use crate::record::Record;
use crate::schema::{Binding, Schema};

/// Learns an [`Encoder`] from the rows that it is shown.
///
/// The result depends on the rows and, for the last bits of statistics, their order; on nothing else.
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
    Number(NumberFitter),
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
        Binding::new(self.fields.iter().map(|f| (f.name.as_str(), f.column.as_str())), header)
    }

    /// Learns from one row.
    ///
    /// # Errors
    /// [`FeatureError::Value`] or [`FeatureError::Utf8`] where a value cannot be encoded: nothing was learned from the row, which may be skipped.
    /// [`FeatureError::TooManyValues`] where a vocabulary is full: fitting cannot go on.
    pub fn observe<R: Record + ?Sized>(
        &mut self,
        binding: &Binding,
        record: &R,
    ) -> Result<(), FeatureError> {
        let Self { missing, fields } = self;
        let columns = binding.columns();
        for (field, &column) in fields.iter().zip(columns) {
            field.check(record.field(column), missing)?;
        }
        for (field, &column) in fields.iter_mut().zip(columns) {
            field.observe(record.field(column), missing)?;
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

    fn check(&self, raw: &[u8], missing: &[String]) -> Result<(), FeatureError> {
        let checked = cell::read(raw, missing).and_then(|cell| self.kind.check(cell));
        checked.map_err(|error| error.at(&self.name, &self.column, raw))
    }

    fn observe(&mut self, raw: &[u8], missing: &[String]) -> Result<(), FeatureError> {
        let observed = cell::read(raw, missing).and_then(|cell| self.kind.observe(cell));
        observed.map_err(|error| error.at(&self.name, &self.column, raw))
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
            FieldKind::Number => Self::Number(NumberFitter::new(config)),
        }
    }

    fn check(&self, cell: Option<&str>) -> Result<(), CellError> {
        match self {
            Self::Categorical(_) | Self::MultiHot(_) => Ok(()),
            Self::Number(_) => NumberFitter::check(cell),
        }
    }

    fn observe(&mut self, cell: Option<&str>) -> Result<(), CellError> {
        match self {
            Self::Categorical(fitter) => fitter.observe(cell),
            Self::MultiHot(fitter) => fitter.observe(cell),
            Self::Number(fitter) => fitter.observe(cell),
        }
    }

    fn finish(self) -> KindEncoder {
        match self {
            Self::Categorical(fitter) => KindEncoder::Categorical(fitter.finish()),
            Self::MultiHot(fitter) => KindEncoder::MultiHot(fitter.finish()),
            Self::Number(fitter) => KindEncoder::Number(fitter.finish()),
        }
    }
}
