//! Fits one field: checks its values in some rows, and learns from those of the good rows.
//!
//! No field knows of another one, so that each can do this on a thread of its own, or in a process of its own, which then
//! sends its [encoding](LearnedField::encoding).
//! Rejected: a part of the rows for each thread, because each would need a vocabulary of its own.

use serde::{Deserialize, Serialize};

use crate::companion::folds::{FoldCounts, fold};
use crate::companion::history::{CountsFrom, TrainingRow};
use crate::companion::{CompanionFitter, companion_name};
use crate::config::field_config::FieldConfig;
use crate::error::FeatureError;
use crate::kind::Checked;
use crate::kinds::by_chunk::CHUNK_ROWS;
use crate::kinds::{KindEncoder, KindFitter};
use crate::lookup::LookupFitter;
use crate::raw::binding::{Binding, FieldColumns, Scratch};
use crate::raw::cell::{Cell, CellList};
use crate::raw::row_fields::RowFields;
use crate::raw::value::RUN;
use crate::raw::value_rules::ValueRules;
use crate::raw::value_text::{self, Missing, ValueError};
use crate::state::FieldState;

/// Learns the encoding of a field, or its companion counts.
#[derive(Clone, Debug)]
enum Learner {
    Kind(Box<dyn KindFitter>),
    Companion(Box<CompanionFitter>),
}

/// The fitter of a field, or that of its companion counts.
#[derive(Clone, Debug)]
pub(crate) struct FieldFitter {
    pub(crate) name: String,
    columns: Vec<String>,
    pub(crate) rules: ValueRules,
    learner: Learner,
    /// The chunk of the last row.
    chunk: u64,
    /// What is to be learned from the rows that were checked last; empty if it is the texts of their values.
    checked: Vec<Checked>,
    scratch: Scratch,
}

/// Learns the encoding of one field; the learners of all fields can work at the same time.
///
/// [`Fitter::learners`](crate::Fitter::learners) makes them.
/// A row that any learner calls bad must be left out by all.
#[derive(Debug)]
pub struct FieldLearner<'f> {
    field: &'f mut FieldFitter,
    index: usize,
    binding: &'f Binding,
    missing: Missing<'f>,
    reads_numbers: bool,
    accepts_any_text: bool,
    /// Whether nothing is left to be learned after the check.
    learns_in_check: bool,
    /// Whether values are learned from in runs.
    has_lookup: bool,
}

/// Values of a few rows that are not missing, each with whether its row is positive: what is learned from at once.
#[derive(Debug, Default)]
struct ValueRun<'r> {
    values: [(&'r str, bool); RUN],
    positions: [usize; RUN],
    len: usize,
}

impl<'r> ValueRun<'r> {
    /// Adds the value of the row at a position.
    fn push(&mut self, position: usize, value: (&'r str, bool)) {
        self.values[self.len] = value;
        self.positions[self.len] = position;
        self.len += 1;
    }

    fn is_full(&self) -> bool {
        self.len == RUN
    }
}

impl FieldFitter {
    /// The fitter of a field, and that of its companion counts if it has them.
    pub(crate) fn of(config: &FieldConfig, from: CountsFrom) -> impl Iterator<Item = Self> {
        let columns: Vec<_> = config.columns().into_iter().map(str::to_owned).collect();
        let field = |name, learner| Self {
            name,
            columns: columns.clone(),
            rules: config.value_rules(),
            learner,
            chunk: 0,
            checked: Vec::new(),
            scratch: Scratch::default(),
        };
        let own = field(config.name.clone(), Learner::Kind(config.kind.fitter(&config.name)));
        let by_fold = from == CountsFrom::OtherFolds;
        let companion = config.companion_keys().map(|keys| {
            let fitter = Box::new(CompanionFitter::new(&keys, &config.name, by_fold));
            field(companion_name(&config.name), Learner::Companion(fitter))
        });
        [Some(own), companion].into_iter().flatten()
    }

    pub(crate) fn columns(&self) -> FieldColumns<'_> {
        FieldColumns { field: &self.name, columns: &self.columns }
    }

    /// The fitter of the field's kind; `None` for companion counts.
    pub(crate) fn kind(&self) -> Option<&dyn KindFitter> {
        match &self.learner {
            Learner::Kind(fitter) => Some(&**fitter),
            Learner::Companion(_) => None,
        }
    }

    /// The learner of the field at `index` of a binding.
    pub(crate) fn learner<'f>(
        &'f mut self,
        (binding, index): (&'f Binding, usize),
        missing: Missing<'f>,
    ) -> FieldLearner<'f> {
        let kind = self.kind();
        let reads_numbers = kind.is_some_and(KindFitter::reads_numbers);
        let accepts_any_text = kind.is_none_or(KindFitter::accepts_any_text);
        let learns_in_check = kind.is_some_and(KindFitter::learns_in_check);
        let has_lookup = self.learner.lookup().is_some();
        FieldLearner {
            field: self,
            index,
            binding,
            missing,
            reads_numbers,
            accepts_any_text,
            learns_in_check,
            has_lookup,
        }
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
        (FieldState { name: self.name, columns: self.columns, kind, rules: self.rules }, folds)
    }
}

/// A field that has learned and is to be finished; the fields can be finished at the same time.
///
/// [`Fitter::finish_with`](crate::Fitter::finish_with) hands them out.
#[derive(Debug)]
pub struct LearnedField {
    fitter: Option<FieldFitter>,
    finished: Option<(FieldState, Option<FoldCounts>)>,
}

/// The encoding of a field that another process has learned; see [`LearnedField::set_encoding`].
#[derive(Debug, Deserialize)]
pub struct FieldEncoding {
    kind: KindEncoder,
    folds: Option<FoldCounts>,
}

/// The same as it is sent.
#[derive(Serialize)]
struct EncodingToSend<'a> {
    kind: &'a KindEncoder,
    folds: &'a Option<FoldCounts>,
}

impl LearnedField {
    pub(crate) fn new(fitter: FieldFitter) -> Self {
        Self { fitter: Some(fitter), finished: None }
    }

    /// Makes the encoding of the field, unless that has been done.
    pub fn finish(&mut self) {
        if let Some(fitter) = self.fitter.take() {
            self.finished = Some(fitter.finish());
        }
    }

    /// The encoding of the field once it is made, for another process that has not learned the field.
    pub fn encoding(&self) -> Option<impl Serialize + '_> {
        self.finished.as_ref().map(|(state, folds)| EncodingToSend { kind: &state.kind, folds })
    }

    /// Takes the encoding of a field that another process has learned, instead of making it.
    ///
    /// # Errors
    /// [`FeatureError::State`] if it is not an encoding of this field.
    pub fn set_encoding(&mut self, encoding: FieldEncoding) -> Result<(), FeatureError> {
        let Some(fitter) = self.fitter.take() else { return Ok(()) };
        let FieldEncoding { kind, folds } = encoding;
        let FieldFitter { name, columns, rules, .. } = fitter;
        let mut state = FieldState { name, columns, kind, rules };
        state.restore()?;
        self.finished = Some((state, folds));
        Ok(())
    }

    /// The encoding of the field and, for companion counts, the counts by fold; `Some`, since it is made if it has not been.
    pub(crate) fn into_finished(mut self) -> Option<(FieldState, Option<FoldCounts>)> {
        self.finish();
        self.finished
    }
}

impl Learner {
    fn begin_chunk(&mut self, chunk: u64) {
        if let Self::Kind(fitter) = self {
            fitter.begin_chunk(chunk);
        }
    }

    fn check(&mut self, text: Option<&str>) -> Result<Checked, ValueError> {
        match self {
            Self::Kind(fitter) => fitter.check(text),
            Self::Companion(_) => Ok(Checked::Text),
        }
    }

    fn check_list(&mut self, list: &CellList<'_>) -> Option<Result<Checked, ValueError>> {
        match self {
            Self::Kind(fitter) => fitter.check_list(list),
            Self::Companion(_) => None,
        }
    }

    fn observe(&mut self, text: Option<&str>, row: TrainingRow) -> Result<(), ValueError> {
        match self {
            Self::Kind(fitter) => fitter.observe(text, row.positive),
            Self::Companion(fitter) => fitter.observe(text, row.positive, fold(row.number)),
        }
    }

    fn lookup(&mut self) -> Option<&mut LookupFitter> {
        match self {
            Self::Kind(fitter) => fitter.lookup(),
            Self::Companion(_) => None,
        }
    }

    fn observe_number(&mut self, number: Option<f64>, row: TrainingRow) -> Result<(), ValueError> {
        match self {
            Self::Kind(fitter) => fitter.observe_number(number, row.positive),
            Self::Companion(_) => Ok(()),
        }
    }
}

impl FieldLearner<'_> {
    /// Checks the values of some rows, and returns the positions of the rows whose value cannot be encoded, with the
    /// reasons.
    ///
    /// The reasons are [`FeatureError::Value`] or [`FeatureError::Utf8`].
    pub fn check<'r, R: RowFields + ?Sized + 'r>(
        &mut self,
        rows: impl IntoIterator<Item = &'r R>,
    ) -> Vec<(usize, FeatureError)> {
        let mut bad = Vec::new();
        self.field.checked.clear();
        for (position, row) in rows.into_iter().enumerate() {
            let checked = self.check_row(row).unwrap_or_else(|error| {
                bad.push((position, error));
                Checked::Text
            });
            if self.reads_numbers {
                self.field.checked.push(checked);
            }
        }
        bad
    }

    /// Learns from the rows that were checked last, in the same order, except for those with `None`.
    ///
    /// The numbers of rows must ascend, from call to call too: a row with a lower number than the one before it is
    /// counted as if it followed that row.
    ///
    /// # Errors
    /// [`FeatureError::TooManyValues`] if a vocabulary is full, with the position of the row: fitting cannot continue.
    pub fn learn<'r, R: RowFields + ?Sized + 'r>(
        &mut self,
        rows: impl IntoIterator<Item = (&'r R, Option<TrainingRow>)>,
    ) -> Result<(), (usize, FeatureError)> {
        if self.learns_in_check {
            return Ok(());
        }
        let mut run = ValueRun::default();
        for (position, (row, training_row)) in rows.into_iter().enumerate() {
            let Some(training_row) = training_row else { continue };
            if self.has_lookup
                && let Some(text) = self.plain_text(row)
            {
                if let Some(text) = text {
                    run.push(position, (text, training_row.positive));
                }
                if run.is_full() {
                    self.learn_run(&mut run)?;
                }
                continue;
            }
            self.learn_run(&mut run)?;
            let learned = self.learn_row(position, row, training_row);
            learned.map_err(|error| (position, error))?;
        }
        self.learn_run(&mut run)?;
        self.field.checked.clear();
        Ok(())
    }

    /// As [`learn`](Self::learn), for the only row that was checked last.
    pub(crate) fn learn_one<R: RowFields + ?Sized>(
        &mut self,
        row: &R,
        training_row: TrainingRow,
    ) -> Result<(), FeatureError> {
        let learned = self.learn_row(0, row, training_row);
        self.field.checked.clear();
        learned
    }

    /// The value of a row, or `None` within if it is missing; `None` if it is not a text that the row holds.
    fn plain_text<'r, R: RowFields + ?Sized>(&self, row: &'r R) -> Option<Option<&'r str>> {
        match row.cell(self.binding.only_column(self.index)?) {
            Cell::Null => Some(None),
            Cell::Text(text) => value_text::read(Some(text), &self.missing).ok(),
            _ => None,
        }
    }

    /// Learns from the values of a run, and empties it.
    fn learn_run(&mut self, run: &mut ValueRun<'_>) -> Result<(), (usize, FeatureError)> {
        let n = std::mem::take(&mut run.len);
        if n == 0 {
            return Ok(());
        }
        let FieldFitter { name, columns, learner, .. } = &mut *self.field;
        let learned =
            learner.lookup().map_or(Ok(()), |lookup| lookup.observe_run(&run.values[..n]));
        learned.map_err(|(at, error)| {
            let column = columns.first().map_or("", String::as_str);
            (run.positions[at], error.at(name, column, run.values[at].0.as_bytes()))
        })
    }

    fn check_row<R: RowFields + ?Sized>(&mut self, row: &R) -> Result<Checked, FeatureError> {
        let Self { field, index, binding, missing, .. } = self;
        if self.accepts_any_text && binding.has_texts(*index, row) {
            return Ok(Checked::Text);
        }
        let typed = || row.cell(binding.only_column(*index)?).number_or_missing(missing);
        if let Some(number) = self.reads_numbers.then(typed).flatten() {
            return Ok(Checked::Number(number));
        }
        let FieldFitter { learner, scratch, .. } = &mut **field;
        if let Some(column) = binding.only_column(*index)
            && let Cell::List(list) = row.cell(column)
            && !missing.has_lists()
            && let Some(checked) = learner.check_list(&list)
        {
            return checked.map_err(|error| binding.error(*index, row, field.columns(), error));
        }
        let text = binding.text(*index, row, (missing, None), scratch);
        let checked = text.and_then(|text| learner.check(text));
        checked.map_err(|error| binding.error(*index, row, field.columns(), error))
    }

    fn learn_row<R: RowFields + ?Sized>(
        &mut self,
        position: usize,
        row: &R,
        training_row: TrainingRow,
    ) -> Result<(), FeatureError> {
        let Self { field, index, binding, missing, .. } = self;
        let FieldFitter { learner, chunk, checked, scratch, .. } = &mut **field;
        let chunk_of_row = training_row.number / CHUNK_ROWS;
        if chunk_of_row != *chunk {
            *chunk = chunk_of_row;
            learner.begin_chunk(chunk_of_row);
        }
        let observed = match checked.get(position) {
            Some(Checked::Number(number)) => learner.observe_number(*number, training_row),
            _ => {
                let text = binding.text(*index, row, (missing, None), scratch);
                text.and_then(|text| learner.observe(text, training_row))
            }
        };
        observed.map_err(|error| binding.error(*index, row, field.columns(), error))
    }
}
