//! Encodes raw rows as ids and numbers, with the vocabularies and statistics of fitting.
//!
//! An encoder is part of a trained model and is shared by threads: encoding does not change it.

use std::collections::BTreeSet;

use crate::batch::Batch;
use crate::batch::column::Column;
use crate::batch::shape::FieldShape;
use crate::companion::companion_name;
use crate::counts::{Counts, FieldCounts};
use crate::description::FieldDescription;
use crate::error::FeatureError;
use crate::kind::Encode;
use crate::kinds::KindEncoder;
use crate::lookup::Lookup;
use crate::raw::binding::{Binding, FieldColumns};
use crate::raw::cell::{Cell, NumberRun};
use crate::raw::row_fields::RowFields;
use crate::raw::value::{RUN, Run};
use crate::raw::value_text::{FieldValues, Missing, Scratch, ValueError};
use crate::state::{EncoderState, FieldState};

/// Encodes raw rows into a [`Batch`].
#[derive(Clone, Debug)]
pub struct Encoder {
    missing: Vec<String>,
    fields: Vec<FieldState>,
    shapes: Vec<FieldShape>,
}

impl Encoder {
    pub(crate) fn new(missing: Vec<String>, fields: Vec<FieldState>) -> Self {
        let shapes = fields.iter().map(FieldState::shape).collect();
        Self { missing, fields, shapes }
    }

    /// Finds the column of each field in `header`.
    ///
    /// # Errors
    /// [`FeatureError::MissingColumn`] or [`FeatureError::AmbiguousColumn`].
    pub fn bind(&self, header: &[String]) -> Result<Binding, FeatureError> {
        Binding::new(self.fields.iter().map(FieldState::columns), header)
    }

    /// Appends one row to the columns of `batch` and counts its values; the caller adds labels and weights.
    ///
    /// Companion counts are those after training; for training rows, [`History::rewrite`](crate::History::rewrite) must
    /// follow.
    /// For a row of text, allocates nothing if the batch has the capacity.
    ///
    /// # Errors
    /// [`FeatureError::Value`], [`FeatureError::Utf8`] or [`FeatureError::TooManyValues`]: batch and counts are then
    /// unchanged.
    ///
    /// # Panics
    /// If `binding`, `batch` or `counts` were made for other fields.
    pub fn encode<R: RowFields + ?Sized>(
        &self,
        binding: &Binding,
        row: &R,
        batch: &mut Batch,
        counts: &mut Counts,
    ) -> Result<(), FeatureError> {
        self.encode_fields(0..self.fields.len(), binding, row, batch, counts)
    }

    /// As [`encode`](Self::encode), but only for the fields at these positions.
    ///
    /// Their columns must have the same number of rows; each gets one row more, and the other columns are unchanged.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    ///
    /// # Panics
    /// As [`encode`](Self::encode), and if there are no such fields.
    pub fn encode_fields<R: RowFields + ?Sized>(
        &self,
        fields: impl Iterator<Item = usize> + Clone,
        binding: &Binding,
        row: &R,
        batch: &mut Batch,
        counts: &mut Counts,
    ) -> Result<(), FeatureError> {
        let (missing, mut scratch) = (Missing::new(&self.missing), Scratch::default());
        for (done, index) in fields.clone().enumerate() {
            let values = binding.values(index, row, &mut scratch);
            let column = &mut batch.columns_mut()[index];
            let n_rows = column.n_rows();
            let counts_of_field = &mut counts.fields_mut()[index];
            if let Err(error) = self.fields[index].encode(values, &missing, column, counts_of_field)
            {
                column.truncate(n_rows);
                for index in fields.clone().take(done) {
                    batch.columns_mut()[index].truncate(n_rows);
                }
                self.uncount(fields.take(done), binding, row, counts);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Appends all rows, as [`encode`](Self::encode) does for one row, or none of them.
    ///
    /// Encodes column by column, which is much faster: the values of one column are looked up together.
    /// Returns whether all rows could be encoded.
    /// If not, batch and counts are unchanged, and [`encode`](Self::encode) finds the row that is not valid.
    ///
    /// # Panics
    /// As [`encode`](Self::encode).
    pub fn encode_rows<R: RowFields>(
        &self,
        binding: &Binding,
        rows: &[R],
        batch: &mut Batch,
        counts: &mut Counts,
    ) -> bool {
        self.encode_fields_of_rows(0..self.fields.len(), binding, rows, batch, counts)
    }

    /// As [`encode_rows`](Self::encode_rows), but only for the fields at these positions, like
    /// [`encode_fields`](Self::encode_fields).
    ///
    /// # Panics
    /// As [`encode_fields`](Self::encode_fields).
    pub fn encode_fields_of_rows<R: RowFields>(
        &self,
        fields: impl Iterator<Item = usize> + Clone,
        binding: &Binding,
        rows: &[R],
        batch: &mut Batch,
        counts: &mut Counts,
    ) -> bool {
        // One run for all fields, since making one costs as much as encoding some values.
        let (missing, mut run) = (Missing::new(&self.missing), Run::EMPTY);
        let mut scratch = Scratch::default();
        for (done, index) in fields.clone().enumerate() {
            let column = &mut batch.columns_mut()[index];
            let n_rows = column.n_rows();
            let mut met = FieldCounts::default();
            let (from, into) = ((binding, index), (&mut *column, &mut met));
            let memory = (&mut run, &mut scratch);
            if !self.fields[index].encode_rows(from, rows, &missing, memory, into) {
                column.truncate(n_rows);
                let done = fields.take(done);
                done.clone().for_each(|index| batch.columns_mut()[index].truncate(n_rows));
                rows.iter().for_each(|row| self.uncount(done.clone(), binding, row, counts));
                return false;
            }
            counts.fields_mut()[index] += met;
        }
        true
    }

    /// Checks that the rows of `more` can be appended to `batch`.
    ///
    /// # Errors
    /// [`FeatureError::TooManyValues`] if a field would have 2³² ids or more.
    pub fn check_room(&self, batch: &Batch, more: &Batch) -> Result<(), FeatureError> {
        let columns = batch.columns().iter().zip(more.columns());
        self.each_has_room(columns.map(|(into, from)| into.has_room_for(from)))
    }

    /// Checks that a batch can hold `n_rows` rows like the first row of `batch`.
    ///
    /// # Errors
    /// As [`check_room`](Self::check_room).
    pub fn check_copies(&self, batch: &Batch, n_rows: usize) -> Result<(), FeatureError> {
        let columns = batch.columns().iter();
        self.each_has_room(columns.map(|column| column.has_room_for_copies(n_rows)))
    }

    fn each_has_room(&self, mut fields: impl Iterator<Item = bool>) -> Result<(), FeatureError> {
        let full = fields.position(|has_room| !has_room).map(|index| &self.fields[index]);
        full.map_or(Ok(()), |field| {
            Err(ValueError::TooMany(u32::MAX).at(&field.name, field.columns().first, &[]))
        })
    }

    /// Subtracts the counts of these fields of `row`, by encoding them again; only a row that is not valid costs this.
    #[cold]
    fn uncount<R: RowFields + ?Sized>(
        &self,
        fields: impl Iterator<Item = usize>,
        binding: &Binding,
        row: &R,
        counts: &mut Counts,
    ) {
        let (mut batch, mut scratch) = (self.new_batch(), Scratch::default());
        let missing = Missing::new(&self.missing);
        for index in fields {
            let values = binding.values(index, row, &mut scratch);
            let column = &mut batch.columns_mut()[index];
            let mut again = FieldCounts::default();
            if self.fields[index].encode(values, &missing, column, &mut again).is_ok() {
                counts.fields_mut()[index] -= again;
            }
        }
    }

    /// The shape of each field, in order.
    pub fn shapes(&self) -> &[FieldShape] {
        &self.shapes
    }

    /// An empty batch to encode into.
    pub fn new_batch(&self) -> Batch {
        Batch::new(&self.shapes)
    }

    /// Zero counts to encode with.
    pub fn new_counts(&self) -> Counts {
        Counts::new(&self.shapes)
    }

    /// The names of the columns that the fields read, each once, in the order of the fields.
    pub fn columns(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        let columns = self.fields.iter().flat_map(|field| &field.columns).map(String::as_str);
        columns.filter(|column| seen.insert(*column)).collect()
    }

    /// The raw values (after trimming) that mean "missing".
    pub fn missing(&self) -> &[String] {
        &self.missing
    }

    /// A description of each field, in order.
    pub fn fields(&self) -> Vec<FieldDescription> {
        self.fields.iter().map(FieldState::describe).collect()
    }

    /// The value with the id `id` in the vocabulary of the field at `field`; `None` if there is no such value.
    pub fn value(&self, field: usize, id: u32) -> Option<&str> {
        self.lookup(field)?.value(id)
    }

    /// Whether the field at `field` has a vocabulary, so that [`value`](Self::value) gives the value of an id.
    pub fn has_vocabulary(&self, field: usize) -> bool {
        self.lookup(field).is_some_and(|lookup| !lookup.is_hashed())
    }

    /// The least and the greatest number that the field at `field` was fitted on, if it reads numbers.
    pub fn numbers_seen(&self, field: usize) -> Option<(f64, f64)> {
        self.fields.get(field)?.kind.kind().numbers_seen()
    }

    /// Whether the ids of the field at `field` come from a hash.
    pub fn is_hashed(&self, field: usize) -> bool {
        self.fields.get(field).is_some_and(|field| field.kind.kind().is_hashed())
    }

    /// The id of a value, or element, of the field at `field`; it may be a reserved one.
    ///
    /// `None` if the field has neither a vocabulary nor a hash.
    pub fn id(&self, field: usize, value: &str) -> Option<u32> {
        Some(self.lookup(field)?.encode(Some(value), &mut FieldCounts::default()))
    }

    /// The numbers of rows and of positive rows with a value of the field at `field` in training.
    ///
    /// For a hashed field, they are the numbers of the value's bucket.
    /// `None` if the field has no companion counts, or the value did not occur.
    pub fn companion_counts(&self, field: usize, value: &str) -> Option<(u64, u64)> {
        let name = companion_name(&self.fields.get(field)?.name);
        let companion = self.fields.iter().find(|field| field.name == name)?;
        let KindEncoder::Companion(encoder) = &companion.kind else { return None };
        let counts = encoder.table().counts()[encoder.table().find(Some(value))?];
        Some((counts.rows, counts.positives))
    }

    fn lookup(&self, field: usize) -> Option<&Lookup> {
        self.fields.get(field)?.kind.kind().lookup()
    }

    /// The stored form of this encoder; equal for encoders that were fitted in the same way.
    pub fn to_state(&self) -> EncoderState {
        EncoderState { missing: self.missing.clone(), fields: self.fields.clone() }
    }

    /// The encoder with this stored form, which is checked in full.
    ///
    /// # Errors
    /// [`FeatureError::State`] if no fitting could have given `state`.
    pub fn from_state(mut state: EncoderState) -> Result<Self, FeatureError> {
        state.restore()?;
        Ok(Self::new(state.missing, state.fields))
    }
}

impl FieldState {
    fn columns(&self) -> FieldColumns<'_> {
        FieldColumns::new(&self.name, &self.columns)
    }

    /// As [`encode`](Self::encode), for each row up to the first that is not valid; returns whether all are valid.
    fn encode_rows<'r, R: RowFields>(
        &self,
        (binding, index): (&Binding, usize),
        rows: &'r [R],
        missing: &Missing<'_>,
        (run, scratch): (&mut Run<'r>, &mut Scratch),
        (column, counts): (&mut Column, &mut FieldCounts),
    ) -> bool {
        let Some(from) = binding.only_column(index) else {
            return rows.iter().all(|row| {
                let values = binding.values(index, row, scratch);
                self.encode(values, missing, column, counts).is_ok()
            });
        };
        let kind = self.kind.kind();
        rows.chunks(RUN).all(|rows| {
            match run.fill(rows.iter().map(|row| row.value(from)), missing) {
                true => kind.encode_run(run, column, counts),
                false => encode_cells(
                    kind,
                    rows.iter().map(|row| row.cell(from)),
                    missing,
                    &mut scratch.first,
                    (column, counts),
                ),
            }
        })
    }

    fn encode(
        &self,
        values: FieldValues<'_>,
        missing: &Missing<'_>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> Result<(), FeatureError> {
        let encode = |texts| Ok(self.kind.kind().encode(texts, column, counts)?);
        let encoded = values.read(missing).and_then(encode);
        encoded.map_err(|error| error.at(&self.name, &self.columns, values))
    }

    fn shape(&self) -> FieldShape {
        self.kind.kind().shape(&self.name)
    }

    fn describe(&self) -> FieldDescription {
        let kind = self.kind.kind();
        FieldDescription {
            name: self.name.clone(),
            columns: self.columns.clone(),
            kind: kind.kind(),
            encoding: kind.describe(),
            form: kind.form(),
        }
    }
}

/// Appends a run of cells. Some of them are typed; `text` is memory for their texts. Returns whether all are valid.
#[inline(never)]
fn encode_cells<'c>(
    kind: &dyn Encode,
    cells: impl Iterator<Item = Cell<'c>> + Clone,
    missing: &Missing<'_>,
    text: &mut Vec<u8>,
    (column, counts): (&mut Column, &mut FieldCounts),
) -> bool {
    if let Some(numbers) = NumberRun::of(cells.clone(), missing)
        && kind.encode_numbers(&numbers, column, counts)
    {
        return true;
    }
    text.clear();
    let (mut ends, mut nulls, mut n_cells) = ([0; RUN], [false; RUN], 0);
    for ((end, is_null), cell) in ends.iter_mut().zip(&mut nulls).zip(cells) {
        cell.spell_value(text);
        (*end, *is_null) = (text.len(), matches!(cell, Cell::Null));
        n_cells += 1;
    }
    let mut start = 0;
    let values = ends.iter().zip(&nulls).take(n_cells).map(|(&end, &is_null)| {
        let value = &text[std::mem::replace(&mut start, end)..end];
        let cell = if is_null { Cell::Null } else { Cell::Text(value) };
        cell.value()
    });
    let mut run = Run::EMPTY;
    run.fill(values, missing) && kind.encode_run(&run, column, counts)
}
