//! A member of the model in training, and what several of them have in common.

use super::engine::Engine;
use crate::checkpoint::MemberSnapshot;
use crate::error::TrainError;
use crate::ranks::Ranks;
use deepcross_autodiff::Params;
use deepcross_features::Batch;
use deepcross_model::{Predictor, mean_logits};

/// A member of the model in training.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) engine: Engine,
    /// The weights of the best epoch; `None` while the engine's own weights are the best.
    pub(super) best: Option<Params<f32>>,
}

impl Member {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine, best: None }
    }

    /// Keeps a copy of the weights, unless no step follows that would change them.
    pub(super) fn keep(&mut self, is_last: bool) {
        let params = self.engine.params();
        match &mut self.best {
            kept if is_last => *kept = None,
            Some(kept) => kept.copy_from(params),
            kept => *kept = Some(params.clone()),
        }
    }

    pub(super) fn snapshot(&self) -> MemberSnapshot<'_> {
        MemberSnapshot {
            n_steps: self.engine.n_steps(),
            weights: self.engine.params(),
            optimizer: self.engine.optimizer_state(),
            best: self.best.as_ref(),
        }
    }

    /// The kept weights.
    pub(super) fn into_kept(self) -> Params<f32> {
        self.best.unwrap_or_else(|| self.engine.into_parts().1)
    }
}

/// Predicts rows by the mean over members, with their present weights.
#[derive(Default)]
pub(super) struct MeanOfMembers {
    /// The logits of each member.
    logits: Vec<Vec<f32>>,
}

impl MeanOfMembers {
    /// Writes the probability of each row of a batch; several ranks have one member together.
    pub(super) fn predict(
        &mut self,
        members: &mut [Member],
        ranks: Option<&Ranks<'_>>,
        batch: &Batch,
        out: &mut Vec<f32>,
    ) -> Result<(), TrainError> {
        if let (Some(ranks), [member]) = (ranks, &mut *members) {
            return member.engine.predict_among(ranks, batch, out);
        }
        self.logits.resize_with(members.len(), Vec::new);
        for (Member { engine, .. }, logits) in members.iter().zip(&mut self.logits) {
            let predictor = Predictor::new(engine.model(), engine.params());
            predictor.logits_batch(engine.tapes(), batch, logits);
        }
        out.resize(batch.n_rows(), 0.0);
        mean_logits(&self.logits, out);
        let Some(Member { engine, .. }) = members.first() else { return Ok(()) };
        let predictor = Predictor::new(engine.model(), engine.params());
        out.iter_mut().for_each(|value| *value = predictor.probability(*value));
        Ok(())
    }
}
