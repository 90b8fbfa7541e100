//! Writes encoded rows as libsvm or libffm, for programs that do not know vocabularies.
//!
//! Each field has a separate range of features.
//! The feature of an id is the first feature of its field plus the id; a field of numbers has one feature for each
//! number.

use std::fmt;
use std::io::Write;

use deepcross_features::Batch;
use deepcross_features::batch::{Column, FieldShape, ShapeKind};

use super::words::{PairForm, push_word};
use crate::config::Format;
use crate::error::DataError;
use crate::formats::FileForm;
use crate::output::PieceWriter;

/// Writes the rows of batches as lines of `field:feature:value`, or of `feature:value`.
///
/// Fields are counted from 0 in the order of the encoder's shapes.
/// Features are numbered across all fields, from 0 in libffm and from 1 in libsvm, whose programs do not accept 0.
/// In libsvm the features of a row ascend, the values of equal features are added up, and features of value 0 are left
/// out, since an absent feature means the same.
/// A label is 1 or 0; these formats have no place for the weights of rows.
pub struct EncodedWriter<W: Write> {
    out: PieceWriter<W>,
    pairs: PairForm,
    /// The first feature of each field.
    firsts: Vec<u64>,
    /// The features of one field of a row.
    features: Vec<(u64, f32)>,
}

impl<W: Write> fmt::Debug for EncodedWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodedWriter").field("pairs", &self.pairs).finish_non_exhaustive()
    }
}

impl<W: Write> EncodedWriter<W> {
    /// Begins a file of rows of these shapes.
    ///
    /// # Errors
    /// [`DataError::UnfitColumns`] for a format whose rows are not pairs.
    pub fn new(out: W, form: FileForm, shapes: &[FieldShape]) -> Result<Self, DataError> {
        let format = form.format;
        let Some(pairs) = format.module().pairs() else {
            let problem = format!("encoded rows are written as {}", Format::with_pairs("or"));
            return Err(DataError::UnfitColumns { format, problem });
        };
        let out = PieceWriter::new(out, form.compression)?;
        let firsts = firsts(pairs.first_feature, shapes);
        Ok(Self { out, pairs, firsts, features: Vec::new() })
    }

    /// Writes all rows of a batch, with their labels if it has any.
    ///
    /// # Errors
    /// [`DataError::Output`].
    ///
    /// # Panics
    /// If the batch is not valid, or does not have the shapes that the writer was made for.
    pub fn write(&mut self, batch: &Batch) -> Result<(), DataError> {
        let Self { out, pairs, firsts, features } = self;
        for row in 0..batch.n_rows() {
            let bytes = out.bytes();
            push_row((batch, row), *pairs, firsts, (features, bytes));
            bytes.push(b'\n');
            out.write_if_full()?;
        }
        Ok(())
    }

    /// Ends the file and gives back the output; without this call, the end of the file is missing.
    ///
    /// # Errors
    /// [`DataError::Output`].
    pub fn finish(self) -> Result<W, DataError> {
        self.out.finish()
    }
}

/// The first feature of each field; `first` is that of the first field.
fn firsts(first: u64, shapes: &[FieldShape]) -> Vec<u64> {
    let sizes = shapes.iter().map(|shape| match shape.kind {
        ShapeKind::Sparse { dimensions, .. } => dimensions,
        ShapeKind::Dense { width, .. } => width,
    });
    let next = |next: &mut u64, size: usize| {
        let first = *next;
        *next += size as u64;
        Some(first)
    };
    sizes.scan(first, next).collect()
}

/// Appends the line of a row.
fn push_row(
    (batch, row): (&Batch, usize),
    pairs: PairForm,
    firsts: &[u64],
    (features, text): (&mut Vec<(u64, f32)>, &mut Vec<u8>),
) {
    let start = text.len();
    if let Some(label) = batch.labels().get(row) {
        put(text, format_args!("{label}"));
    }
    for (field, (column, first)) in batch.columns().iter().zip(firsts).enumerate() {
        features.clear();
        gather(column, row, *first, features);
        if !pairs.with_fields {
            merge(features);
        }
        for (feature, value) in features.iter() {
            push_word(b"", (start, text));
            if pairs.with_fields {
                put(text, format_args!("{field}:"));
            }
            put(text, format_args!("{feature}:{value}"));
        }
    }
    // A blank line would not be a row.
    if text.len() == start {
        text.extend_from_slice(if !pairs.with_fields { b"1:0" } else { b"0:0:0" });
    }
}

/// Appends the features of a field in a row; `first` is the first feature of the field.
fn gather(column: &Column, row: usize, first: u64, features: &mut Vec<(u64, f32)>) {
    match column {
        Column::Sparse(column) => {
            let range = match column.offsets() {
                Some(offsets) => offsets[row] as usize..offsets[row + 1] as usize,
                None => row..row + 1,
            };
            let weight = |at| column.weights().get(at).copied().unwrap_or(1.0);
            features.extend(range.map(|at| (first + u64::from(column.ids()[at]), weight(at))));
        }
        Column::Dense(column) => {
            let width = column.width();
            let values = &column.values()[row * width..(row + 1) * width];
            features.extend((first..).zip(values.iter().copied()));
        }
    }
}

/// Sorts the features, adds up the values of equal ones, and removes those of value 0.
fn merge(features: &mut Vec<(u64, f32)>) {
    // The sort is stable, so the values of equal features are added in the order of the row.
    features.sort_by_key(|(feature, _)| *feature);
    features.dedup_by(|next, kept| {
        let is_same = next.0 == kept.0;
        if is_same {
            kept.1 += next.1;
        }
        is_same
    });
    features.retain(|(_, value)| *value != 0.0);
}

fn put(text: &mut Vec<u8>, value: fmt::Arguments<'_>) {
    // Writing to memory does not fail.
    text.write_fmt(value).unwrap_or_default();
}
