//! The memory that a scoring thread keeps for one model from batch to batch.

use crate::job_queue::{Job, Score, Scored};
use crate::metrics::Metrics;
use crate::problem::RowError;
use crate::served_model::LoadedModel;
use crate::text_rows::TextRow;
use deepcross_features::{Counts, FeatureError};
use deepcross_model::Scorer;
use deepcross_model::scoring::{CandidateSession, Session};
use std::sync::Arc;

/// The largest number of sets of shared columns that keep scratch memory at a time: callers of one service use few sets.
const RANKINGS: usize = 4;

/// Scratch memory, and the model for which it was made.
pub(crate) struct ScoringSession {
    model: Arc<LoadedModel>,
    session: Session,
    reported: Counts,
    /// The ranking that was used last is first.
    rankings: Vec<SharedRanking>,
}

/// Scratch memory for candidates that share these columns.
struct SharedRanking {
    columns: Vec<usize>,
    ranking: CandidateSession,
    reported: Counts,
}

/// The number of a job's rows that wait in the session, and the errors of its other rows.
struct Pushed {
    n_rows: usize,
    errors: Vec<RowError>,
}

/// The state of a job: its rows wait in the session, or it is done.
enum Progress {
    Pushed(Pushed),
    Ranked(Scored),
}

impl ScoringSession {
    /// The session for this model, created if `kept` is empty or belongs to another model.
    pub(crate) fn for_model<'d>(
        kept: &'d mut Option<Self>,
        model: &Arc<LoadedModel>,
    ) -> &'d mut Self {
        let old = kept.take().filter(|kept| Arc::ptr_eq(&kept.model, model));
        kept.insert(old.unwrap_or_else(|| {
            let session = model.scorer.session();
            let reported = session.counts().clone();
            Self { model: Arc::clone(model), session, reported, rankings: Vec::new() }
        }))
    }

    /// Scores the whole rows of all jobs in one go, and candidates that share columns job by job.
    pub(crate) fn score(&mut self, jobs: &[Job], metrics: &Metrics) -> Vec<Scored> {
        let begin = |job: &Job| match job.rows.shared() {
            [] => Progress::Pushed(self.push(job)),
            _ => Progress::Ranked(self.rank(job, metrics)),
        };
        let progress: Vec<_> = jobs.iter().map(begin).collect();
        report(self.session.counts(), &mut self.reported, metrics);
        let scorer = &self.model.scorer;
        let scores = scores(scorer, scorer.logits(&mut self.session));
        if !scores.is_empty() {
            metrics.count_batch(&scores);
        }
        let mut scores = &scores[..];
        let end = |progress| match progress {
            Progress::Ranked(scored) => scored,
            Progress::Pushed(Pushed { n_rows, errors }) => {
                let (own, others) = scores.split_at(n_rows);
                scores = others;
                if errors.is_empty() { Ok(own.to_vec()) } else { Err(errors) }
            }
        };
        progress.into_iter().map(end).collect()
    }

    fn push(&mut self, job: &Job) -> Pushed {
        let Self { model, session, .. } = self;
        let (scorer, binding) = (&model.scorer, &model.columns.binding);
        if scorer.push_all(session, binding, &rows(job)) {
            return Pushed { n_rows: job.range.len(), errors: Vec::new() };
        }
        let mut pushed = Pushed { n_rows: 0, errors: Vec::new() };
        for index in job.range.clone() {
            match scorer.push(session, binding, &job.rows.row(index)) {
                Ok(()) => pushed.n_rows += 1,
                Err(error) => pushed.errors.push(row_error(job, Some(index), error)),
            }
        }
        pushed
    }

    fn rank(&mut self, job: &Job, metrics: &Metrics) -> Scored {
        let first = job.rows.row(job.range.start);
        let model = Arc::clone(&self.model);
        let SharedRanking { ranking, reported, .. } = self.ranking(job.rows.shared());
        // If a request was cut into several jobs, all of them fail here, and only the first reports the error.
        if let Err(error) = model.scorer.share(ranking, &first) {
            let reports = job.range.start == 0;
            return Err(reports.then(|| row_error(job, None, error)).into_iter().collect());
        }
        let errors = match model.scorer.push_candidates(ranking, &rows(job)) {
            true => Vec::new(),
            false => add_each(&model.scorer, ranking, job),
        };
        report(ranking.counts(), reported, metrics);
        let scores = scores(&model.scorer, model.scorer.candidate_logits(ranking));
        metrics.count_batch(&scores);
        if errors.is_empty() { Ok(scores) } else { Err(errors) }
    }

    /// The scratch memory for candidates that share these columns, created if there is none.
    fn ranking(&mut self, columns: &[usize]) -> &mut SharedRanking {
        let found = self.rankings.iter().position(|ranking| ranking.columns == columns);
        let used = match found {
            Some(index) => self.rankings.remove(index),
            None => {
                self.rankings.truncate(RANKINGS - 1);
                let LoadedModel { scorer, columns: known, .. } = &*self.model;
                let ranking = scorer.candidate_session(&known.binding, columns);
                let reported = ranking.counts().clone();
                SharedRanking { columns: columns.to_vec(), ranking, reported }
            }
        };
        self.rankings.insert(0, used);
        &mut self.rankings[0]
    }
}

/// The scores of rows with these logits.
fn scores(scorer: &Scorer, logits: &[f32]) -> Vec<Score> {
    let score = |&logit: &f32| Score { logit, probability: scorer.probability(logit) };
    logits.iter().map(score).collect()
}

/// The rows of a job, to be encoded together.
fn rows(job: &Job) -> Vec<TextRow<'_>> {
    job.range.clone().map(|index| job.rows.row(index)).collect()
}

/// Adds candidates one by one, because at least one is bad; returns the errors.
fn add_each(scorer: &Scorer, ranking: &mut CandidateSession, job: &Job) -> Vec<RowError> {
    let mut errors = Vec::new();
    for index in job.range.clone() {
        if let Err(error) = scorer.push_candidate(ranking, &job.rows.row(index)) {
            errors.push(row_error(job, Some(index), error));
        }
    }
    errors
}

/// The error of a row, or of the shared values.
fn row_error(job: &Job, row: Option<usize>, error: FeatureError) -> RowError {
    let (column, expected) = match error {
        FeatureError::Value { column, expected, .. } => (Some(column), expected.to_owned()),
        FeatureError::Utf8 { column, .. } => (Some(column), "valid UTF-8".to_owned()),
        FeatureError::TooManyValues { column, .. } => (Some(column), "fewer elements".to_owned()),
        _ => (None, "a row that can be encoded".to_owned()),
    };
    let position = column.as_ref().and_then(|name| job.model.columns.position(name));
    let at = row.unwrap_or(job.range.start);
    let found = position.map(|position| job.rows.kind(at, position).name());
    RowError { row, place: "shared", field: column, found, expected }
}

/// Adds the counts since the last report to the metrics.
fn report(now: &Counts, reported: &mut Counts, metrics: &Metrics) {
    metrics.count_values(now.iter().zip(reported.iter()).map(|((name, now), (_, reported))| {
        let mut new = *now;
        new -= *reported;
        (name, new)
    }));
    reported.clone_from(now);
}
