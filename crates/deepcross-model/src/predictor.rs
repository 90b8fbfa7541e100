//! The computation of predictions, for validation, files and services alike.
//!
//! Rows are cut into blocks of [`BLOCK`], and each block is one pass. The prediction of a row depends neither on the
//! cut nor on the number of threads.
//! The members of a model take turns with each block, and the logit of a row is that of the mean of their
//! probabilities. So ranking, calibration and all else that takes a logit take that of one model.

use crate::mean_logit::{MAX_MEMBERS, mean_logits};
use crate::model::Model;
use deepcross_autodiff::{Activation, Params, SharedColumns, Tape};
use deepcross_calibration::Calibrator;
use deepcross_features::Batch;
use deepcross_features::batch::BatchRows;
use ndarray::ArrayView2;
use std::sync::{Mutex, PoisonError};

/// The greatest number of rows in a pass.
pub const BLOCK: usize = 96;

/// A model with weights and an optional calibrator.
#[derive(Clone, Copy, Debug)]
pub struct Predictor<'a> {
    /// The layers.
    pub model: &'a Model,
    /// Their weights, which are those of the first member if there are several.
    pub params: &'a Params<f32>,
    /// The weights of further members: their probabilities are averaged with those of `params`.
    pub others: &'a [Params<f32>],
    /// The map from logits to probabilities; `None` stands for the logistic function.
    pub calibrator: Option<&'a Calibrator>,
}

/// Scratch memory: one tape for each thread that predicts at the same time.
#[derive(Debug)]
pub struct Tapes {
    tapes: Vec<Mutex<Tape<f32>>>,
}

impl Tapes {
    /// Tapes for work on the current rayon pool.
    pub fn new() -> Self {
        Self::for_threads(rayon::current_num_threads())
    }

    /// Tapes for work on this many threads.
    pub fn for_threads(n: usize) -> Self {
        Self { tapes: (0..n.max(1)).map(|_| Mutex::new(Tape::new())).collect() }
    }

    /// Gives every tape the capacity of the largest, so that any thread can take any block next time without
    /// allocating.
    pub fn level(&mut self) {
        let Some((first, others)) = self.tapes.split_first_mut() else { return };
        let first = first.get_mut().unwrap_or_else(PoisonError::into_inner);
        for other in others.iter_mut() {
            first.reserve_like(other.get_mut().unwrap_or_else(PoisonError::into_inner));
        }
        for other in others {
            other.get_mut().unwrap_or_else(PoisonError::into_inner).reserve_like(first);
        }
    }

    /// Lends the tape of the current thread. A pass clears the tape first, so the remains of a panicked pass do no
    /// harm.
    pub fn with<R>(&self, work: impl FnOnce(&mut Tape<f32>) -> R) -> R {
        let thread = rayon::current_thread_index().unwrap_or(0) % self.tapes.len();
        work(&mut self.tapes[thread].lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for Tapes {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> Predictor<'a> {
    /// A predictor of layers and weights, without a calibrator.
    pub fn new(model: &'a Model, params: &'a Params<f32>) -> Self {
        Self { model, params, others: &[], calibrator: None }
    }

    /// The same predictor with these further members in place of its own.
    ///
    /// # Panics
    /// If there are more than [`MAX_MEMBERS`] with the first one.
    #[must_use]
    #[track_caller]
    pub fn with_others(self, others: &'a [Params<f32>]) -> Self {
        assert!(others.len() < MAX_MEMBERS, "a model has at most {MAX_MEMBERS} members");
        Self { others, ..self }
    }

    /// The members, each with the calibrator.
    pub fn members(self) -> impl ExactSizeIterator<Item = Self> {
        let params = move |member| match member {
            0 => self.params,
            _ => &self.others[member - 1],
        };
        (0..1 + self.others.len()).map(move |member| Self {
            params: params(member),
            others: &[],
            ..self
        })
    }

    /// The same predictor with this calibrator in place of its own, or without one.
    #[must_use]
    pub fn with_calibrator(self, calibrator: Option<&'a Calibrator>) -> Self {
        Self { calibrator, ..self }
    }

    /// The probability that belongs to a logit of the model.
    #[inline]
    pub fn probability(&self, logit: f32) -> f32 {
        match self.calibrator {
            Some(calibrator) => calibrator.probability(logit),
            None => Activation::Sigmoid.apply(logit),
        }
    }

    /// Writes the probability of a click for each row, block after block, on the current thread.
    ///
    /// # Panics
    /// If `out` is not as long as the rows, or the rows are not of the model's fields.
    #[track_caller]
    pub fn predict(&self, tape: &mut Tape<f32>, rows: BatchRows<'_>, out: &mut [f32]) {
        self.logits(tape, rows, out);
        out.iter_mut().for_each(|value| *value = self.probability(*value));
    }

    /// Writes the logit of each row, before any calibration, block after block, on the current thread.
    ///
    /// # Panics
    /// As [`predict`](Self::predict).
    #[track_caller]
    pub fn logits(&self, tape: &mut Tape<f32>, rows: BatchRows<'_>, out: &mut [f32]) {
        self.for_blocks(rows, out, |member, params, rows, out| {
            let mut pass = tape.record_at(member, params);
            let logits = self.model.forward(&mut pass, rows);
            write(out, pass.value(logits));
        });
    }

    /// [`logits`](Self::logits) for rows that are equal in the `shared` columns of the stacked input, whose part of
    /// the first product is computed once. The results are the same up to rounding.
    ///
    /// Each member has columns of its own: see [`shared_columns`](Self::shared_columns).
    ///
    /// # Panics
    /// As [`predict`](Self::predict), and if the columns are of another model.
    #[track_caller]
    pub fn logits_sharing(
        &self,
        tape: &mut Tape<f32>,
        rows: BatchRows<'_>,
        shared: &mut [SharedColumns<f32>],
        out: &mut [f32],
    ) {
        shared.iter_mut().for_each(SharedColumns::invalidate);
        self.for_blocks(rows, out, |member, params, rows, out| {
            let mut pass = tape.record_at(member, params);
            let logits = self.model.forward_sharing(&mut pass, rows, &mut shared[member]);
            write(out, pass.value(logits));
        });
    }

    /// The columns of the stacked input, one entry for each member, if all rows have the same values in the fields at
    /// these positions.
    pub fn shared_columns(&self, fields: &[usize]) -> Vec<SharedColumns<f32>> {
        self.members().map(|member| member.model.shared_columns(fields)).collect()
    }

    /// Writes the logit of each row from those of the members, which `of_member` writes for the rows of a block.
    #[track_caller]
    fn for_blocks<'b>(
        &self,
        rows: BatchRows<'b>,
        out: &mut [f32],
        mut of_member: impl FnMut(usize, &'a Params<f32>, BatchRows<'b>, &mut [f32]),
    ) {
        for (rows, out) in blocks(rows, out) {
            of_member(0, self.params, rows, out);
            if self.others.is_empty() {
                continue;
            }
            let mut logits = [[0.0; BLOCK]; MAX_MEMBERS];
            let logits = &mut logits[..1 + self.others.len()];
            logits[0][..out.len()].copy_from_slice(out);
            for (other, params) in self.others.iter().enumerate() {
                of_member(other + 1, params, rows, &mut logits[other + 1][..out.len()]);
            }
            mean_logits(logits, out);
        }
    }

    /// [`predict`](Self::predict) with the blocks divided among the threads of the current rayon pool. The results are
    /// equal to the bit.
    ///
    /// # Panics
    /// As [`predict`](Self::predict).
    pub fn predict_batch(&self, tapes: &Tapes, batch: &Batch, out: &mut Vec<f32>) {
        fill(tapes, batch, out, &|tape, rows, out| self.predict(tape, rows, out));
    }

    /// [`logits`](Self::logits) with the blocks divided among the threads of the current rayon pool. The results are
    /// equal to the bit.
    ///
    /// # Panics
    /// As [`predict`](Self::predict).
    pub fn logits_batch(&self, tapes: &Tapes, batch: &Batch, out: &mut Vec<f32>) {
        fill(tapes, batch, out, &|tape, rows, out| self.logits(tape, rows, out));
    }
}

/// The rows of each pass, with the slice for their results.
#[track_caller]
fn blocks<'b, 'o>(
    rows: BatchRows<'b>,
    out: &'o mut [f32],
) -> impl Iterator<Item = (BatchRows<'b>, &'o mut [f32])> {
    assert_eq!(out.len(), rows.n_rows(), "there must be one value for each row");
    out.chunks_mut(BLOCK).enumerate().map(move |(block, out)| {
        let first = block * BLOCK;
        (rows.rows(first..first + out.len()), out)
    })
}

fn write(out: &mut [f32], values: ArrayView2<'_, f32>) {
    out.iter_mut().zip(values).for_each(|(out, &value)| *out = value);
}

/// Fills `out` with a value for each row of a batch by `work`, which is called for blocks.
fn fill<W>(tapes: &Tapes, batch: &Batch, out: &mut Vec<f32>, work: &W)
where
    W: Fn(&mut Tape<f32>, BatchRows<'_>, &mut [f32]) + Sync,
{
    out.clear();
    out.resize(batch.n_rows(), 0.0);
    fill_halves(tapes, batch.rows(0..batch.n_rows()), out, work);
}

fn fill_halves<W>(tapes: &Tapes, rows: BatchRows<'_>, out: &mut [f32], work: &W)
where
    W: Fn(&mut Tape<f32>, BatchRows<'_>, &mut [f32]) + Sync,
{
    if out.len() <= BLOCK {
        return tapes.with(|tape| work(tape, rows, out));
    }
    let middle = out.len().div_ceil(BLOCK) / 2 * BLOCK;
    let (left, right) = out.split_at_mut(middle);
    rayon::join(
        || fill_halves(tapes, rows.rows(0..middle), left, work),
        || fill_halves(tapes, rows.rows(middle..rows.n_rows()), right, work),
    );
}
