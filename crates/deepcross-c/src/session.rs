//! A session: the scratch memory of one caller at a time, with which rows are scored and candidates are ranked.
#![expect(unsafe_code, reason = "a function of C takes pointers and has a name of its own")]

use std::cell::UnsafeCell;
use std::ffi::{CString, c_char};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use deepcross_features::Counts;
use deepcross_model::scoring::CandidateSession;

use crate::border::{Buffer, Place, call, reference};
use crate::columns::{Columns, Rows, SlotList, SlotRow, given};
use crate::last_error::c_text;
use crate::model::{LoadedModel, Model};
use crate::status::{Failure, Status};

/// The largest number of rows that are encoded and scored together: it bounds the memory of a call.
const CHUNK: usize = 4096;

/// The largest number of sets of shared columns that keep scratch memory at a time: callers use few sets.
const RANKINGS: usize = 4;

/// The scratch memory of one caller at a time. A model may have any number of sessions, each on its own thread.
///
/// A second thread that uses a session at the same time gets `DEEPCROSS_STATUS_BUSY`.
#[derive(Debug)]
pub struct Session {
    model: Arc<LoadedModel>,
    is_busy: AtomicBool,
    /// `None` before the first call, and after one that panicked.
    scratch: UnsafeCell<Option<Box<Scratch>>>,
}

/// What a score says.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The probability of a click, calibrated if the model has a calibrator.
    Probability = 0,
    /// The logit before any calibration, which has an order where probabilities are rounded to 0 or 1.
    Logit = 1,
}

/// The counts of a field's values in the rows of a session.
///
/// `values` counts all values: one a row, or each element of a text with several values. Each of the others counts some
/// of these.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FieldCounts {
    /// The name of the field, which lives as long as the model.
    pub name: *const c_char,
    /// All values.
    pub values: u64,
    /// Missing values.
    pub missing: u64,
    /// Values that did not occur in training.
    pub unseen: u64,
    /// Values that occurred in training, but were too rare to have an id.
    pub rare: u64,
    /// Numbers that were moved into their range, and elements after the most that a text may have.
    pub clipped: u64,
    /// Numbers far outside of those of training.
    pub far: u64,
}

/// The memory of a session.
#[derive(Debug)]
struct Scratch {
    session: deepcross_model::scoring::Session,
    /// The ranking that was used last is first.
    rankings: Vec<Ranking>,
    slots: SlotList,
    /// Empty between calls; its memory is kept.
    rows: Vec<SlotRow<'static>>,
    /// The positions of the shared columns of the ranking that was made last.
    shared: Vec<usize>,
    logits: Vec<f32>,
    order: Vec<usize>,
    /// The counts of all calls that succeeded.
    counts: Counts,
    changes: CString,
}

/// Scratch memory for candidates that share these columns.
#[derive(Debug)]
struct Ranking {
    columns: Vec<usize>,
    session: CandidateSession,
}

/// Resets the mark of a session in use.
struct InUse<'s>(&'s AtomicBool);

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Session {
    /// Does work with the scratch memory, unless another thread does.
    fn with<R>(
        &self,
        work: impl FnOnce(&LoadedModel, &mut Scratch) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        if self.is_busy.swap(true, Ordering::Acquire) {
            let message = "`session`: another thread is using it; a session serves one thread at a time, so make one for \
                           each thread";
            return Err(Failure::new(Status::Busy, message));
        }
        let _in_use = InUse(&self.is_busy);
        // SAFETY: the mark above keeps all other threads out until the end of this function.
        let place = unsafe { &mut *self.scratch.get() };
        // After a panic in `work`, the scratch memory is gone, and the next call makes a new one.
        let mut scratch = place.take().unwrap_or_else(|| Box::new(Scratch::new(&self.model)));
        let result = work(&self.model, &mut scratch);
        *place = Some(scratch);
        result
    }
}

impl Scratch {
    fn new(model: &LoadedModel) -> Self {
        Self {
            session: model.scorer.session(),
            rankings: Vec::new(),
            slots: SlotList::default(),
            rows: Vec::new(),
            shared: Vec::new(),
            logits: Vec::new(),
            order: Vec::new(),
            counts: model.scorer.encoder().new_counts(),
            changes: CString::default(),
        }
    }

    /// Scores the rows of the slots; `name` is that of their parameter.
    fn score(
        &mut self,
        model: &LoadedModel,
        (n_rows, name): (usize, &str),
        output: Output,
        scores: &Buffer<f32>,
    ) -> Result<(), Failure> {
        let Self { session, slots, rows: kept, counts, .. } = self;
        let (scorer, binding) = (&model.scorer, &model.columns.binding);
        let (slots, mut rows): (_, Vec<SlotRow<'_>>) = (slots.all(), std::mem::take(kept));
        let mut result = Ok(());
        for start in (0..n_rows).step_by(CHUNK) {
            let range = start..n_rows.min(start + CHUNK);
            rows.clear();
            rows.extend(range.clone().map(|at| SlotRow::new(slots, at)));
            if !scorer.push_all(session, binding, &rows) {
                let mut pushed = rows.iter().map(|row| scorer.push(session, binding, row));
                if let Some((at, Err(error))) =
                    pushed.by_ref().enumerate().find(|(_, r)| r.is_err())
                {
                    result = Err(Failure::in_row(name, Some(start + at), &error));
                    break;
                }
            }
            scores.write(
                start,
                match output {
                    Output::Probability => scorer.score(session),
                    Output::Logit => scorer.logits(session),
                },
            );
        }
        if result.is_ok() {
            counts.add_in_order(session.counts().iter().map(|(_, counts)| *counts));
        }
        session.clear();
        *kept = emptied(rows);
        result
    }

    /// Computes the logits of candidates; the slots of the shared columns have one value for all of them.
    fn rank(&mut self, model: &LoadedModel, n_candidates: usize) -> Result<(), Failure> {
        let Self { rankings, shared, slots, rows: kept, logits, counts, .. } = self;
        let session = ranking(rankings, model, shared);
        let (slots, mut rows): (_, Vec<SlotRow<'_>>) = (slots.all(), std::mem::take(kept));
        logits.clear();
        let mut result = Ok(());
        if n_candidates > 0
            && let Err(error) = model.scorer.share(session, &SlotRow::new(slots, 0))
        {
            result = Err(Failure::in_row("shared", None, &error));
        }
        for start in (0..n_candidates).step_by(CHUNK) {
            if result.is_err() {
                break;
            }
            let range = start..n_candidates.min(start + CHUNK);
            rows.clear();
            rows.extend(range.map(|at| SlotRow::new(slots, at)));
            if !model.scorer.push_candidates(session, &rows) {
                let mut pushed = rows.iter().map(|row| model.scorer.push_candidate(session, row));
                if let Some((at, Err(error))) =
                    pushed.by_ref().enumerate().find(|(_, r)| r.is_err())
                {
                    result = Err(Failure::in_row("candidates", Some(start + at), &error));
                    break;
                }
            }
            logits.extend_from_slice(model.scorer.candidate_logits(session));
        }
        if result.is_ok() {
            counts.add_in_order(session.counts().iter().map(|(_, counts)| *counts));
        }
        session.clear();
        *kept = emptied(rows);
        result
    }

    /// The positions of the candidates by their logits, the greatest first; equal ones stay in order.
    fn order(&mut self) -> &[usize] {
        let Self { logits, order, .. } = self;
        order.clear();
        order.extend(0..logits.len());
        order.sort_unstable_by(|&a, &b| logits[b].total_cmp(&logits[a]).then(a.cmp(&b)));
        order
    }
}

/// No rows, with the memory of these.
fn emptied(mut rows: Vec<SlotRow<'_>>) -> Vec<SlotRow<'static>> {
    const NONE: &[crate::columns::Slot] = &[];
    rows.clear();
    // Types of one size: the memory is kept.
    rows.into_iter().map(|_| SlotRow::new(NONE, 0)).collect()
}

/// The scratch memory for candidates that share these columns, made if there is none.
fn ranking<'r>(
    rankings: &'r mut Vec<Ranking>,
    model: &LoadedModel,
    columns: &[usize],
) -> &'r mut CandidateSession {
    let found = rankings.iter().position(|ranking| ranking.columns == columns);
    let used = match found {
        Some(index) => rankings.remove(index),
        None => {
            rankings.truncate(RANKINGS - 1);
            let session = model.scorer.candidate_session(&model.columns.binding, columns);
            Ranking { columns: columns.to_vec(), session }
        }
    };
    rankings.insert(0, used);
    &mut rankings[0].session
}

/// The output that a constant of the caller stands for.
fn output(constant: u32) -> Result<Output, Failure> {
    match constant {
        constant if constant == Output::Probability as u32 => Ok(Output::Probability),
        constant if constant == Output::Logit as u32 => Ok(Output::Logit),
        constant => Err(Failure::new(
            Status::WrongConstant,
            format!("`output`: {constant}, expected a deepcross_output"),
        )),
    }
}

/// Makes a session of a model. `*session` becomes the session, which `deepcross_session_free` frees, or NULL if the call
/// fails.
///
/// The session keeps the model in memory, even if the model is freed before it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deepcross_session_new(
    model: *const Model,
    session: *mut *mut Session,
) -> Status {
    call(|| {
        // SAFETY: the caller promises a place.
        let place = unsafe { Place::new(session, "session") }?;
        place.put(std::ptr::null_mut());
        // SAFETY: the caller promises a model.
        let model = Arc::clone(&unsafe { reference(model, "model") }?.loaded);
        let session =
            Session { model, is_busy: AtomicBool::new(false), scratch: UnsafeCell::new(None) };
        place.put(Box::into_raw(Box::new(session)));
        Ok(())
    })
}

/// Frees a session; NULL is allowed. No thread may be using it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deepcross_session_free(session: *mut Session) {
    call(|| {
        if !session.is_null() {
            // SAFETY: the caller promises a session that `deepcross_session_new` made and that was not freed.
            drop(unsafe { Box::from_raw(session) });
        }
        Ok(())
    });
}

/// Scores rows of texts. They are read as `deepcross predict` reads them from a text file, and the scores have the same
/// bits.
///
/// `output` is a `deepcross_output`. `scores` is a buffer with room for `capacity` numbers, at least `rows->n_rows`; it
/// must not overlap the rows. A text with several values has them separated as `deepcross_model_columns` says. If the
/// call fails, the numbers in `scores` have no meaning, and no row is counted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deepcross_score_rows(
    session: *mut Session,
    rows: *const Rows,
    output: u32,
    scores: *mut f32,
    capacity: usize,
) -> Status {
    call(|| {
        // SAFETY: the caller promises a session and rows.
        let (session, rows) =
            unsafe { (reference(session.cast_const(), "session")?, given(rows, "rows")?) };
        let output = self::output(output)?;
        // SAFETY: the caller promises a buffer.
        let scores = unsafe { Buffer::new(scores, rows.n_rows, capacity, "scores") }?;
        session.with(|model, scratch| {
            scratch.slots.begin(&model.columns);
            // SAFETY: the caller promises what the rows lead to.
            unsafe { scratch.slots.take_rows(&rows, &model.columns) }?;
            scratch.score(model, (rows.n_rows, "rows"), output, &scores)
        })
    })
}

/// Scores rows of typed columns, with the scores that `deepcross predict` has for a Parquet file of these columns.
///
/// As `deepcross_score_rows` in everything else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deepcross_score_columns(
    session: *mut Session,
    columns: *const Columns,
    output: u32,
    scores: *mut f32,
    capacity: usize,
) -> Status {
    call(|| {
        // SAFETY: the caller promises a session and columns.
        let (session, columns) =
            unsafe { (reference(session.cast_const(), "session")?, given(columns, "columns")?) };
        let output = self::output(output)?;
        // SAFETY: the caller promises a buffer.
        let scores = unsafe { Buffer::new(scores, columns.n_rows, capacity, "scores") }?;
        session.with(|model, scratch| {
            scratch.slots.begin(&model.columns);
            // SAFETY: the caller promises what the columns lead to.
            unsafe { scratch.slots.take_columns(&columns, "columns", &model.columns) }?;
            scratch.score(model, (columns.n_rows, "columns"), output, &scores)
        })
    })
}

/// Scores candidates that share columns, as the candidates for one user do, and orders them.
///
/// `shared` has one row, with the values that all candidates have in common: they are encoded once. NULL: there are none.
/// `candidates` has a row for each candidate, with all other columns of the model. All columns have names.
/// `scores` gets the score of each candidate, in the order of the candidates. `order` gets the positions of the candidates
/// from the best to the worst by their logits, equal ones in their order; NULL: they are not ordered. Both have room for
/// `capacity` numbers, at least `candidates->n_rows`.
///
/// Scores differ from those of `deepcross_score_columns` by at most 1e-6 (probabilities), since sums have another order.
/// Shared values are counted once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deepcross_rank(
    session: *mut Session,
    shared: *const Columns,
    candidates: *const Columns,
    output: u32,
    scores: *mut f32,
    order: *mut usize,
    capacity: usize,
) -> Status {
    call(|| {
        const NONE: Columns = Columns { columns: std::ptr::null(), n_columns: 0, n_rows: 1 };
        // SAFETY: the caller promises a session and candidates.
        let (session, candidates) = unsafe {
            (reference(session.cast_const(), "session")?, given(candidates, "candidates")?)
        };
        // SAFETY: the caller promises shared values or NULL.
        let shared = if shared.is_null() { NONE } else { unsafe { given(shared, "shared") }? };
        if shared.n_rows != 1 {
            let message = format!("`shared.n_rows`: {}, expected 1", shared.n_rows);
            return Err(Failure::new(Status::WrongLength, message));
        }
        let output = self::output(output)?;
        let n = candidates.n_rows;
        // SAFETY: the caller promises a buffer.
        let scores = unsafe { Buffer::new(scores, n, capacity, "scores") }?;
        let ordered = match order.is_null() {
            true => None,
            // SAFETY: as above.
            false => Some(unsafe { Buffer::new(order, n, capacity, "order") }?),
        };
        session.with(|model, scratch| {
            let slots = &mut scratch.slots;
            slots.begin(&model.columns);
            // SAFETY: the caller promises what the columns lead to.
            unsafe { slots.take_named(&shared, "shared", 0, true, &model.columns) }?;
            scratch.shared.clear();
            scratch.shared.extend(slots.taken());
            let before = shared.n_columns;
            // SAFETY: as above.
            unsafe { slots.take_named(&candidates, "candidates", before, false, &model.columns) }?;
            slots.finish("candidates.columns", &model.columns)?;
            scratch.rank(model, n)?;
            if let Some(ordered) = ordered {
                ordered.write(0, scratch.order());
            }
            if output == Output::Probability {
                let scorer = &model.scorer;
                scratch.logits.iter_mut().for_each(|value| *value = scorer.probability(*value));
            }
            scores.write(0, &scratch.logits);
            Ok(())
        })
    })
}

/// The counts of missing, unseen and other values in all rows that the session has scored, field by field.
///
/// `counts` is a buffer with room for `capacity` structs, at least the number of fields, which becomes `*n_fields`. To
/// learn the number, call it with a `capacity` of 0: the call then fails with `DEEPCROSS_STATUS_WRONG_LENGTH`, and
/// `*n_fields` is set all the same. `deepcross_model_fields` has the number, too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deepcross_session_counts(
    session: *mut Session,
    counts: *mut FieldCounts,
    capacity: usize,
    n_fields: *mut usize,
) -> Status {
    call(|| {
        // SAFETY: the caller promises a session and a place.
        let (session, place) = unsafe {
            (reference(session.cast_const(), "session")?, Place::new(n_fields, "n_fields")?)
        };
        let n = session.model.n_fields();
        place.put(n);
        // SAFETY: the caller promises a buffer.
        let buffer = unsafe { Buffer::new(counts, n, capacity, "counts") }?;
        session.with(|model, scratch| {
            for (field, (_, counts)) in scratch.counts.iter().enumerate() {
                let deepcross_features::FieldCounts { values, missing, unseen, rare, clipped, far } =
                    *counts;
                let name = model.field_name(field);
                let counts = FieldCounts { name, values, missing, unseen, rare, clipped, far };
                buffer.write(field, &[counts]);
            }
            Ok(())
        })
    })
}

/// Sets the counts of a session to zero.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deepcross_session_clear_counts(session: *mut Session) -> Status {
    call(|| {
        // SAFETY: the caller promises a session.
        let session = unsafe { reference(session.cast_const(), "session") }?;
        session.with(|_, scratch| {
            scratch.counts.clear();
            Ok(())
        })
    })
}

/// Warnings about values unlike those of training in all rows that the session has scored, such as a field that is spelled
/// in another way: a sentence a line, and an empty text if there are none.
///
/// `*text` becomes a text in UTF-8 that is valid until the next call with this session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deepcross_session_changes(
    session: *mut Session,
    text: *mut *const c_char,
) -> Status {
    call(|| {
        // SAFETY: the caller promises a session and a place.
        let (session, place) =
            unsafe { (reference(session.cast_const(), "session")?, Place::new(text, "text")?) };
        session.with(|model, scratch| {
            let changes = model.scorer.trained().value_changes(&scratch.counts);
            let lines: Vec<_> = changes.iter().map(ToString::to_string).collect();
            scratch.changes = c_text(&lines.join("\n"));
            place.put(scratch.changes.as_ptr());
            Ok(())
        })
    })
}
