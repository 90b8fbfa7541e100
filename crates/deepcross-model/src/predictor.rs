//! The one way to a prediction: for validation, for files and for a service alike.
//!
//! Rows are cut into blocks of [`BLOCK`], and each block is one pass; a row's prediction depends on neither the cut nor the
//! number of threads.

use crate::Model;
use deepcross_autodiff::{Activation, Params, Tape};
use deepcross_features::{Batch, BatchRows};
use std::sync::{Mutex, PoisonError};

/// Rows a pass.
pub const BLOCK: usize = 256;

/// A model with weights.
#[derive(Clone, Copy, Debug)]
pub struct Predictor<'a> {
    /// The layers.
    pub model: &'a Model,
    /// Their weights.
    pub params: &'a Params<f32>,
}

/// Scratch memory: one tape for each thread that predicts at a time.
#[derive(Debug)]
pub struct Tapes {
    tapes: Vec<Mutex<Tape<f32>>>,
}

impl Tapes {
    /// For work on the current rayon pool.
    pub fn new() -> Self {
        Self::for_threads(rayon::current_num_threads())
    }

    /// For work on this many threads.
    pub fn for_threads(n: usize) -> Self {
        Self { tapes: (0..n.max(1)).map(|_| Mutex::new(Tape::new())).collect() }
    }

    /// Gives every tape the room of the largest, so that it does not matter to which thread a block falls next time.
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

    /// Lends the tape of the current thread; a pass begins by forgetting what a panic may have left on it.
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

impl Predictor<'_> {
    /// Writes the probability of a click for each row, block after block, on the current thread.
    ///
    /// # Panics
    /// If `out` is not as long as the rows, or the rows are not of the model's fields.
    #[track_caller]
    pub fn predict(&self, tape: &mut Tape<f32>, rows: BatchRows<'_>, out: &mut [f32]) {
        assert_eq!(out.len(), rows.n_rows(), "one probability a row");
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let first = block * BLOCK;
            let mut pass = tape.record(self.params);
            let logits = self.model.forward(&mut pass, rows.rows(first..first + out.len()));
            let logits = pass.value(logits);
            out.iter_mut()
                .zip(logits)
                .for_each(|(out, &logit)| *out = Activation::Sigmoid.apply(logit));
        }
    }

    /// [`predict`](Self::predict) with the blocks shared between the threads of the current rayon pool; the same bits.
    ///
    /// # Panics
    /// As [`predict`](Self::predict).
    pub fn predict_batch(&self, tapes: &Tapes, batch: &Batch, out: &mut Vec<f32>) {
        out.clear();
        out.resize(batch.n_rows(), 0.0);
        self.predict_shared(tapes, batch.rows(0..batch.n_rows()), out);
    }

    fn predict_shared(&self, tapes: &Tapes, rows: BatchRows<'_>, out: &mut [f32]) {
        if out.len() <= BLOCK {
            return tapes.with(|tape| self.predict(tape, rows, out));
        }
        let middle = out.len().div_ceil(BLOCK) / 2 * BLOCK;
        let (left, right) = out.split_at_mut(middle);
        rayon::join(
            || self.predict_shared(tapes, rows.rows(0..middle), left),
            || self.predict_shared(tapes, rows.rows(middle..rows.n_rows()), right),
        );
    }
}
