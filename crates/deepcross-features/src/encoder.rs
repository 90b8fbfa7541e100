//! Encodes raw rows as ids and numbers, with the vocabularies and statistics of fitting.
//!
//! An encoder is part of a trained model and is shared by threads: encoding does not change it.

use std::borrow::Cow;
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
use crate::problem::listed;
use crate::raw::binding::{Binding, FieldColumns, Scratch};
use crate::raw::cell::{Cell, NumberRun};
use crate::raw::row_fields::RowFields;
use crate::raw::value::{RUN, Run};
use crate::raw::value_rules::MissingValues;
use crate::raw::value_text::{Missing, ValueError, read, shorten};
use crate::state::{EncoderState, FieldState};

/// Encodes raw rows into a [`Batch`].
#[derive(Clone, Debug)]
pub struct Encoder {
    missing: MissingValues,
    fields: Vec<FieldState>,
    shapes: Vec<FieldShape>,
    /// Whether rows are those of training, so that columns that are known only in training are read.
    is_training: bool,
}

impl Encoder {
    /// The encoder of these fields, for rows of training.
    pub(crate) fn recorded(missing: MissingValues, fields: Vec<FieldState>) -> Self {
        let shapes = fields.iter().map(FieldState::shape).collect();
        Self { missing, fields, shapes, is_training: true }
    }

    /// The encoder for rows of training, which reads all columns.
    ///
    /// A [`Fitter`](crate::Fitter) gives this one.
    #[must_use]
    pub fn for_training(self) -> Self {
        Self { is_training: true, ..self }
    }

    /// The encoder for any other rows: a field with a value at prediction has this value in each, and its column is not
    /// read.
    ///
    /// [`from_state`](Self::from_state) gives this one.
    #[must_use]
    pub fn for_prediction(self) -> Self {
        Self { is_training: false, ..self }
    }

    /// The fields that do not read their column, each with its value; none in training.
    pub fn given_values(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_own = |field: &&FieldState| !matches!(field.kind, KindEncoder::Companion(_));
        let fields = self.fields.iter().filter(|field| !self.reads(field)).filter(is_own);
        fields.filter_map(|field| Some((&*field.name, field.rules.at_prediction.as_deref()?)))
    }

    /// Whether a field reads its columns.
    fn reads(&self, field: &FieldState) -> bool {
        self.is_training || field.rules.at_prediction.is_none()
    }

    /// Checks that each field with a value at prediction has learned it.
    ///
    /// # Errors
    /// [`FeatureError::AtPrediction`] with the field, the value, and values that the field has learned.
    pub fn check_given_values(&self) -> Result<(), FeatureError> {
        let mut fields = self.fields.iter().enumerate();
        fields.try_for_each(|(index, field)| field.check_given_value(&self.missing.of(index)))
    }

    /// Finds the column of each field in `header`.
    ///
    /// # Errors
    /// [`FeatureError::MissingColumn`] or [`FeatureError::AmbiguousColumn`].
    pub fn bind(&self, header: &[String]) -> Result<Binding, FeatureError> {
        let columns = |field| match self.reads(field) {
            true => field.columns(),
            false => FieldColumns { columns: &[], ..field.columns() },
        };
        Binding::new(self.fields.iter().map(columns), header)
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
        Scratch::lent(|scratch| {
            for (done, index) in fields.clone().enumerate() {
                let column = &mut batch.columns_mut()[index];
                let n_rows = column.n_rows();
                let into = (&mut *column, &mut counts.fields_mut()[index]);
                let (field, from) = (&self.fields[index], (binding, index));
                if let Err(error) = field.encode(from, row, &self.missing.of(index), scratch, into)
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
        })
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
        // A run is as dear with one value as with many.
        if let [row] = rows {
            return self.encode_fields(fields, binding, row, batch, counts).is_ok();
        }
        // One run for all fields, since making one costs as much as encoding some values.
        let mut run = Run::EMPTY;
        let mut scratch = Scratch::default();
        for (done, index) in fields.clone().enumerate() {
            let column = &mut batch.columns_mut()[index];
            let n_rows = column.n_rows();
            let mut met = FieldCounts::default();
            let (from, into) = ((binding, index), (&mut *column, &mut met));
            let memory = (&mut run, &mut scratch);
            if !self.fields[index].encode_rows(from, rows, &self.missing.of(index), memory, into) {
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
            Err(ValueError::TooMany(u32::MAX).at(&field.name, &field.columns.join("` and `"), &[]))
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
        for index in fields {
            let mut again = FieldCounts::default();
            let into = (&mut batch.columns_mut()[index], &mut again);
            let (field, from) = (&self.fields[index], (binding, index));
            if field.encode(from, row, &self.missing.of(index), &mut scratch, into).is_ok() {
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
        let fields = self.fields.iter().filter(|field| self.reads(field));
        let columns = fields.flat_map(|field| &field.columns).map(String::as_str);
        columns.filter(|column| seen.insert(*column)).collect()
    }

    /// The raw values (after trimming) that mean "missing" in all fields.
    pub fn missing(&self) -> &[String] {
        self.missing.in_all()
    }

    /// A description of each field, in order.
    pub fn fields(&self) -> Vec<FieldDescription> {
        self.fields.iter().map(FieldState::describe).collect()
    }

    /// The value with the id `id` in the vocabulary of the field at `field`; `None` if there is no such value.
    ///
    /// A value of a cross is shown as `a × b`, with `(missing)` for a missing part.
    pub fn value(&self, field: usize, id: u32) -> Option<Cow<'_, str>> {
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
    /// A value of a cross is one that [`value`](Self::value) shows.
    /// `None` if the field has neither a vocabulary nor a hash.
    pub fn id(&self, field: usize, value: &str) -> Option<u32> {
        Some(self.lookup(field)?.id_of_shown(value))
    }

    /// The numbers of rows and of positive rows with a value of the field at `field` in training.
    ///
    /// For a hashed field, they are the numbers of the value's bucket.
    /// `None` if the field has no companion counts, or the value did not occur.
    pub fn companion_counts(&self, field: usize, value: &str) -> Option<(u64, u64)> {
        let name = companion_name(&self.fields.get(field)?.name);
        let companion = self.fields.iter().find(|field| field.name == name)?;
        let KindEncoder::Companion(encoder) = &companion.kind else { return None };
        let counts = encoder.table().of_shown(value)?;
        Some((counts.rows, counts.positives))
    }

    fn lookup(&self, field: usize) -> Option<&Lookup> {
        self.fields.get(field)?.kind.kind().lookup()
    }

    /// The stored form of this encoder; equal for encoders that were fitted in the same way.
    pub fn to_state(&self) -> EncoderState {
        EncoderState { missing: self.missing().to_vec(), fields: self.fields.clone() }
    }

    /// The encoder with this stored form, which is checked in full, [for rows that are not those of
    /// training](Self::for_prediction).
    ///
    /// # Errors
    /// [`FeatureError::State`] if no fitting could have given `state`.
    pub fn from_state(mut state: EncoderState) -> Result<Self, FeatureError> {
        state.restore()?;
        let rules = state.fields.iter().map(|field| &field.rules);
        let missing = MissingValues::new(state.missing, rules);
        Ok(Self::recorded(missing, state.fields).for_prediction())
    }
}

impl FieldState {
    fn columns(&self) -> FieldColumns<'_> {
        FieldColumns { field: &self.name, columns: &self.columns }
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
        let kind = self.kind.kind();
        if !binding.is_read(index) {
            let given = self.rules.at_prediction.as_deref();
            return rows.iter().all(|_| kind.encode(given, column, counts).is_ok());
        }
        let Some(from) = binding.only_column(index) else {
            return rows.chunks(RUN).all(|rows| {
                encode_joint_texts(kind, (binding, index), rows, missing, scratch, (column, counts))
            });
        };
        rows.chunks(RUN).all(|rows| {
            match run.fill(rows.iter().map(|row| row.value(from)), missing) {
                true => kind.encode_run(run, column, counts),
                false => encode_cells(
                    kind,
                    rows.iter().map(|row| row.cell(from)),
                    missing,
                    &mut scratch.cell,
                    (column, counts),
                ),
            }
        })
    }

    fn encode<R: RowFields + ?Sized>(
        &self,
        (binding, index): (&Binding, usize),
        row: &R,
        missing: &Missing<'_>,
        scratch: &mut Scratch,
        (column, counts): (&mut Column, &mut FieldCounts),
    ) -> Result<(), FeatureError> {
        let kind = self.kind.kind();
        let text = match binding.only_column(index) {
            Some(column) if binding.is_read(index) => {
                read(row.cell(column).text_of_value(&mut scratch.cell), missing)
            }
            Some(_) => Ok(self.rules.at_prediction.as_deref()),
            None => binding.text(index, row, (missing, kind.column_rules()), scratch),
        };
        let encoded = text.and_then(|text| kind.encode(text, column, counts));
        encoded.map_err(|error| binding.error(index, row, self.columns(), error))
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
            encoding: format!("{}{}", kind.describe(), self.rules),
            form: kind.form(),
            rules: self.rules.clone(),
        }
    }

    /// See [`Encoder::check_given_values`].
    fn check_given_value(&self, missing: &Missing<'_>) -> Result<(), FeatureError> {
        let Some(given) = &self.rules.at_prediction else { return Ok(()) };
        let kind = self.kind.kind();
        let (mut column, mut counts) = (Column::new(&self.shape()), FieldCounts::default());
        let text = (!missing.contains(given.as_bytes())).then_some(&**given);
        let is_missing = text.is_none();
        let encoded = kind.encode(text, &mut column, &mut counts);
        let FieldCounts { missing, unseen, rare, clipped, far, .. } = counts;
        let is_known = encoded.is_ok() && [missing, unseen, rare, clipped, far] == [0; 5];
        if is_known {
            return Ok(());
        }
        let examples = match (kind.numbers_seen(), kind.lookup()) {
            (Some((min, max)), _) => format!("a number from {min} to {max}"),
            (None, Some(lookup)) => {
                let values = (0..10).filter_map(|id| lookup.value(id)).take(3);
                listed(&values.map(|value| format!("`{}`", shorten(&value))).collect::<Vec<_>>())
            }
            (None, None) => String::new(),
        };
        let (field, value) = (self.name.clone(), shorten(given));
        Err(FeatureError::AtPrediction { field, value, is_missing, examples })
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
    if encode_lists(kind, cells.clone(), missing, (column, counts)) {
        return true;
    }
    text.clear();
    let mut texts = RunTexts::default();
    for cell in cells {
        cell.spell_value(text);
        texts.push(text.len(), matches!(cell, Cell::Null));
    }
    texts.encode(kind, text, missing, (column, counts))
}

/// Appends a run of lists of typed numbers, if the kind reads vectors and no text must decide; returns whether it did. If
/// not, the column and the counts are unchanged.
fn encode_lists<'c>(
    kind: &dyn Encode,
    cells: impl Iterator<Item = Cell<'c>>,
    missing: &Missing<'_>,
    (column, counts): (&mut Column, &mut FieldCounts),
) -> bool {
    let (n_rows, mut found) = (column.n_rows(), FieldCounts::default());
    let mut encode = |cell| match cell {
        Cell::List(list) => kind.encode_list(&list, column, &mut found),
        _ => false,
    };
    let are_all = !missing.has_lists() && cells.into_iter().all(&mut encode);
    match are_all {
        true => *counts += found,
        false => column.truncate(n_rows),
    }
    are_all
}

/// Appends a run of joint texts of the field of a binding. Returns whether all are valid.
#[inline(never)]
fn encode_joint_texts<R: RowFields>(
    kind: &dyn Encode,
    (binding, index): (&Binding, usize),
    rows: &[R],
    missing: &Missing<'_>,
    scratch: &mut Scratch,
    into: (&mut Column, &mut FieldCounts),
) -> bool {
    scratch.joint.clear();
    let (mut texts, rules) = (RunTexts::default(), kind.column_rules());
    for row in rows {
        let is_present = binding.push_joint(index, row, (missing, rules), scratch);
        texts.push(scratch.joint.len(), !is_present);
    }
    // A joint text is not itself one of the values that mean "missing".
    texts.encode(kind, &scratch.joint, &Missing::new(&[]), into)
}

/// Up to [`RUN`] texts, end to end.
#[derive(Debug, Default)]
struct RunTexts {
    ends: [usize; RUN],
    nulls: [bool; RUN],
    len: usize,
}

impl RunTexts {
    /// Adds the text up to the position `end`, or no text if `is_null` is true.
    fn push(&mut self, end: usize, is_null: bool) {
        (self.ends[self.len], self.nulls[self.len]) = (end, is_null);
        self.len += 1;
    }

    /// Appends the texts within `text` as a run. Returns whether all are valid.
    fn encode(
        &self,
        kind: &dyn Encode,
        text: &[u8],
        missing: &Missing<'_>,
        (column, counts): (&mut Column, &mut FieldCounts),
    ) -> bool {
        let mut start = 0;
        let values = self.ends.iter().zip(&self.nulls).take(self.len).map(|(&end, &is_null)| {
            let value = &text[std::mem::replace(&mut start, end)..end];
            let cell = if is_null { Cell::Null } else { Cell::Text(value) };
            cell.value()
        });
        let mut run = Run::EMPTY;
        run.fill(values, missing) && kind.encode_run(&run, column, counts)
    }
}
