//! The scoring of candidates that share columns, as the candidates for one user do.
//!
//! The shared columns are encoded once, and their part of the first product is computed once.

use super::scorer::Scorer;
use deepcross_autodiff::{SharedColumns, Tape};
use deepcross_features::{Batch, Binding, Counts, FeatureError, RowFields};

/// The scratch memory of a caller that ranks candidates. After a call of the same size, ranking allocates
/// nothing.
///
/// [`Scorer::candidate_session`] makes it for the columns that candidates share:
///
/// 1. [`share`](Scorer::share) takes a row with the values that all candidates have in common;
/// 2. [`push_candidate`](Scorer::push_candidate) takes a candidate, and
///    [`push_candidates`](Scorer::push_candidates) takes several;
/// 3. [`rank`](Scorer::rank) returns their probabilities, or [`candidate_logits`](Scorer::candidate_logits) their
///    logits.
#[derive(Debug)]
pub struct CandidateSession {
    binding: Binding,
    /// The fields that read only shared columns.
    shared_fields: Vec<usize>,
    /// All other fields.
    own_fields: Vec<usize>,
    /// One row, with the columns of the shared fields.
    shared: Batch,
    /// Those of each member of the model.
    columns: Vec<SharedColumns<f32>>,
    batch: Batch,
    counts: Counts,
    tape: Tape<f32>,
    n_candidates: usize,
    /// Logits or probabilities.
    results: Vec<f32>,
}

impl Scorer {
    /// Scratch memory for one caller at a time, for candidates that share the columns at these positions of the header
    /// that `binding` was made for.
    ///
    /// A field that reads only shared columns is encoded once. A cross of a shared column and another one is encoded
    /// for each candidate.
    pub fn candidate_session(
        &self,
        binding: &Binding,
        shared_columns: &[usize],
    ) -> CandidateSession {
        let shared_fields = binding.fields_within(shared_columns);
        let is_own = |field: &usize| !shared_fields.contains(field);
        let encoder = self.encoder();
        CandidateSession {
            binding: binding.clone(),
            own_fields: (0..encoder.shapes().len()).filter(is_own).collect(),
            shared: encoder.new_batch(),
            columns: self.trained().predictor().shared_columns(&shared_fields),
            shared_fields,
            batch: encoder.new_batch(),
            counts: encoder.new_counts(),
            tape: Tape::new(),
            n_candidates: 0,
            results: Vec::new(),
        }
    }

    /// Encodes the values that all candidates have in common. They replace those of the call before, and candidates
    /// that were pushed since then are removed.
    ///
    /// Only the shared columns of `row` are read.
    ///
    /// # Errors
    /// [`FeatureError`] if a value cannot be encoded. Then nothing is shared, and no candidate can be pushed.
    pub fn share<R: RowFields + ?Sized>(
        &self,
        session: &mut CandidateSession,
        row: &R,
    ) -> Result<(), FeatureError> {
        let CandidateSession {
            binding, shared_fields, shared, batch, counts, n_candidates, ..
        } = session;
        shared.clear();
        batch.clear();
        *n_candidates = 0;
        let fields = shared_fields.iter().copied();
        self.encoder().encode_fields(fields, binding, row, shared, counts)
    }

    /// Encodes a candidate: a row of all columns, of which only crosses read the shared ones.
    ///
    /// # Errors
    /// [`FeatureError`] if a value cannot be encoded; the session is as before.
    pub fn push_candidate<R: RowFields + ?Sized>(
        &self,
        session: &mut CandidateSession,
        candidate: &R,
    ) -> Result<(), FeatureError> {
        let CandidateSession { binding, own_fields, shared, batch, counts, n_candidates, .. } =
            session;
        self.encoder().check_copies(shared, *n_candidates + 1)?;
        let fields = own_fields.iter().copied();
        self.encoder().encode_fields(fields, binding, candidate, batch, counts)?;
        *n_candidates += 1;
        Ok(())
    }

    /// Encodes several candidates, with the same result as [`push_candidate`](Self::push_candidate) for each of them, or
    /// none of them.
    ///
    /// The values of one column are looked up side by side, which is much faster.
    /// Returns whether all candidates could be encoded. If not, the session is as before, and
    /// [`push_candidate`](Self::push_candidate) reports the candidate at fault.
    pub fn push_candidates<R: RowFields>(
        &self,
        session: &mut CandidateSession,
        candidates: &[R],
    ) -> bool {
        let CandidateSession { binding, own_fields, shared, batch, counts, n_candidates, .. } =
            session;
        let n_rows = *n_candidates + candidates.len();
        let fields = own_fields.iter().copied();
        let is_done = self.encoder().check_copies(shared, n_rows).is_ok()
            && self.encoder().encode_fields_of_rows(fields, binding, candidates, batch, counts);
        if is_done {
            *n_candidates = n_rows;
        }
        is_done
    }

    /// Computes the probability of a click for each candidate, in the order in which they were pushed. Afterwards, the
    /// session has no candidates, and the shared values stay for the next ones.
    ///
    /// The probabilities differ from those of [`score`](Self::score) by at most 1e-6, since sums have another order.
    ///
    /// # Panics
    /// If there are candidates, and [`share`](Self::share) was not called or failed.
    #[track_caller]
    pub fn rank<'r>(&self, session: &'r mut CandidateSession) -> &'r [f32] {
        self.candidate_logits(session);
        session.results.iter_mut().for_each(|value| *value = self.probability(*value));
        &session.results
    }

    /// As [`rank`](Self::rank), with the logits before any calibration, which have an order where probabilities are
    /// rounded to 0 or 1.
    ///
    /// # Panics
    /// As [`rank`](Self::rank).
    #[track_caller]
    pub fn candidate_logits<'r>(&self, session: &'r mut CandidateSession) -> &'r [f32] {
        let CandidateSession { shared_fields, shared, columns, batch, tape, results, .. } = session;
        let n = std::mem::take(&mut session.n_candidates);
        for &field in &*shared_fields {
            let column = &mut batch.columns_mut()[field];
            column.append_copies(&shared.columns()[field], n);
        }
        results.clear();
        results.resize(n, 0.0);
        let rows = batch.rows(0..n);
        self.trained().predictor().logits_sharing(tape, rows, columns, results);
        batch.clear();
        results
    }
}

impl CandidateSession {
    /// The number of candidates that were added.
    pub fn len(&self) -> usize {
        self.n_candidates
    }

    /// Whether there are no candidates.
    pub fn is_empty(&self) -> bool {
        self.n_candidates == 0
    }

    /// The counts of unseen, missing and other values so far. Those of shared fields are counted once for each
    /// [`share`](Scorer::share).
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Removes the candidates and the shared values, and sets the counts to zero: [`share`](Scorer::share) comes next.
    pub fn clear(&mut self) {
        self.shared.clear();
        self.batch.clear();
        self.counts.clear();
        self.n_candidates = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ModelKind;
    use crate::kinds_test::{normalised_samples, sample_model};
    use crate::predictor::BLOCK;
    use deepcross_testing::peak;

    const HEADER: [&str; 3] = ["click", "ad", "age"];

    fn row(ad: usize, age: usize) -> [String; 3] {
        let ads = ["hats", "shoes", "none", "", "\u{fe}?"];
        ["0".to_owned(), ads[ad % ads.len()].to_owned(), (20 + age % 60).to_string()]
    }

    /// Candidates that have equal values in the columns at `shared` and differ in the others.
    fn rows(shared: &[usize], n: usize) -> Vec<[String; 3]> {
        let own = |column, i| if shared.contains(&column) { 1 } else { i };
        (0..n).map(|i| row(own(1, i), own(2, i))).collect()
    }

    fn scored(scorer: &Scorer, binding: &Binding, rows: &[[String; 3]]) -> Vec<f32> {
        let mut session = scorer.session();
        rows.iter().for_each(|row| scorer.push(&mut session, binding, &row[..]).unwrap());
        scorer.score(&mut session).to_vec()
    }

    #[test]
    fn candidates_have_the_probabilities_of_whole_rows() {
        let samples = ModelKind::ALL.map(|kind| (kind, sample_model(kind)));
        for (kind, model) in samples.into_iter().chain(normalised_samples()) {
            let scorer = Scorer::new(model);
            let binding = scorer.encoder().bind(&HEADER.map(str::to_owned)).unwrap();
            for shared in [&[][..], &[1], &[2], &[0, 1, 2]] {
                let mut session = scorer.candidate_session(&binding, shared);
                for n in [2 * BLOCK + 9, 0, 1, 5] {
                    let mut rows = rows(shared, n);
                    // Two users, one after the other.
                    for user in ["44", "21"] {
                        if shared.contains(&2) {
                            rows.iter_mut().for_each(|row| row[2] = user.to_owned());
                        }
                        let first = rows.first().cloned().unwrap_or_else(|| row(1, 1));
                        scorer.share(&mut session, &first[..]).unwrap();
                        for row in &rows {
                            let is_shared = |at| shared.contains(&at);
                            let own = |at: usize| if is_shared(at) { "not read" } else { &row[at] };
                            let own: Vec<_> = (0..3).map(|at| own(at).to_owned()).collect();
                            scorer.push_candidate(&mut session, &own[..]).unwrap();
                        }
                        assert_eq!((session.len(), session.is_empty()), (n, n == 0));
                        let whole = scored(&scorer, &binding, &rows);
                        let found = scorer.rank(&mut session);
                        let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-6;
                        assert!(found.iter().zip(&whole).all(near), "{kind:?} {found:?} {whole:?}");
                        assert_eq!(found.len(), n);
                    }
                }
            }
        }
    }

    #[test]
    fn logits_are_those_of_the_probabilities() {
        let scorer = Scorer::new(sample_model(ModelKind::DeepCrossing));
        let binding = scorer.encoder().bind(&HEADER.map(str::to_owned)).unwrap();
        let rows = rows(&[2], 7);
        let (mut whole, mut ranked) = (scorer.session(), scorer.candidate_session(&binding, &[2]));
        let mut logits = [Vec::new(), Vec::new()];
        for _ in 0..2 {
            assert!(scorer.push_all(&mut whole, &binding, &rows));
            scorer.share(&mut ranked, &rows[0][..]).unwrap();
            assert!(scorer.push_candidates(&mut ranked, &rows));
            if logits[0].is_empty() {
                let found = [scorer.logits(&mut whole), scorer.candidate_logits(&mut ranked)];
                logits = found.map(<[f32]>::to_vec);
                continue;
            }
            let found = [scorer.score(&mut whole), scorer.rank(&mut ranked)].map(<[f32]>::to_vec);
            let of = |logits: &Vec<f32>| -> Vec<f32> {
                logits.iter().map(|&logit| scorer.probability(logit)).collect()
            };
            assert_eq!(found, logits.each_ref().map(of));
        }
    }

    #[test]
    fn shared_values_are_counted_once_and_bad_rows_change_nothing() {
        let scorer = Scorer::new(sample_model(ModelKind::DeepCrossing));
        let binding = scorer.encoder().bind(&HEADER.map(str::to_owned)).unwrap();
        let mut session = scorer.candidate_session(&binding, &[1]);
        let new = ["0", "never seen", "30"].map(str::to_owned);
        scorer.share(&mut session, &new[..]).unwrap();
        for _ in 0..3 {
            scorer.push_candidate(&mut session, &new[..]).unwrap();
        }
        let bad = ["0", "hats", "thirty"].map(str::to_owned);
        assert!(scorer.push_candidate(&mut session, &bad[..]).is_err());
        assert!(!scorer.push_candidates(&mut session, &[new.clone(), bad.clone()]));
        assert_eq!(session.len(), 3);
        let count = |session: &CandidateSession, field| session.counts().get(field).unwrap().values;
        assert_eq!((count(&session, "ad"), count(&session, "age")), (1, 3));
        assert_eq!(scorer.rank(&mut session).len(), 3);
        let mut session = scorer.candidate_session(&binding, &[2]);
        assert!(scorer.share(&mut session, &bad[..]).is_err());
        scorer.share(&mut session, &new[..]).unwrap();
        scorer.push_candidate(&mut session, &bad[..]).unwrap();
        assert_eq!(scorer.rank(&mut session).len(), 1);
    }

    #[test]
    fn cleared_sessions_have_no_rows_and_no_counts() {
        let scorer = Scorer::new(sample_model(ModelKind::DeepCrossing));
        let binding = scorer.encoder().bind(&HEADER.map(str::to_owned)).unwrap();
        let (mut whole, mut ranked) = (scorer.session(), scorer.candidate_session(&binding, &[2]));
        let rows = rows(&[2], 5);
        let before = scored(&scorer, &binding, &rows);
        for _ in 0..2 {
            assert!(scorer.push_all(&mut whole, &binding, &rows));
            scorer.share(&mut ranked, &rows[0][..]).unwrap();
            assert!(scorer.push_candidates(&mut ranked, &rows));
            whole.clear();
            ranked.clear();
            assert_eq!((ranked.len(), scorer.rank(&mut ranked).len()), (0, 0));
            let none = scorer.encoder().new_counts();
            assert_eq!((whole.counts(), ranked.counts()), (&none, &none));
        }
        assert!(scorer.push_all(&mut whole, &binding, &rows));
        assert_eq!(scorer.score(&mut whole), before);
    }

    #[test]
    fn rows_together_score_as_rows_one_after_the_other() {
        for kind in ModelKind::ALL {
            let scorer = Scorer::new(sample_model(kind));
            let binding = scorer.encoder().bind(&HEADER.map(str::to_owned)).unwrap();
            let rows = rows(&[2], BLOCK + 9);
            let (mut each, mut all) = (scorer.session(), scorer.session());
            rows.iter().for_each(|row| scorer.push(&mut each, &binding, &row[..]).unwrap());
            let (head, tail) = rows.split_at(5);
            assert!(scorer.push_all(&mut all, &binding, head));
            assert!(scorer.push_all(&mut all, &binding, tail));
            let bad = ["0", "hats", "thirty"].map(str::to_owned);
            assert!(!scorer.push_all(&mut all, &binding, &[rows[0].clone(), bad]));
            assert_eq!(all.counts(), each.counts());
            assert_eq!(scorer.score(&mut all), scorer.score(&mut each));
            let (mut each, mut all) = (
                scorer.candidate_session(&binding, &[2]),
                scorer.candidate_session(&binding, &[2]),
            );
            scorer.share(&mut each, &rows[0][..]).unwrap();
            scorer.share(&mut all, &rows[0][..]).unwrap();
            rows.iter().for_each(|row| scorer.push_candidate(&mut each, &row[..]).unwrap());
            assert!(
                scorer.push_candidates(&mut all, head) && scorer.push_candidates(&mut all, tail)
            );
            assert_eq!((all.len(), all.counts()), (each.len(), each.counts()));
            assert_eq!(scorer.rank(&mut all), scorer.rank(&mut each));
        }
    }

    #[test]
    fn a_warm_call_allocates_nothing() {
        for kind in ModelKind::ALL {
            let scorer = Scorer::new(sample_model(kind));
            let binding = scorer.encoder().bind(&HEADER.map(str::to_owned)).unwrap();
            let (mut session, mut candidates) =
                (scorer.session(), scorer.candidate_session(&binding, &[2]));
            let rows = rows(&[2], 2 * BLOCK + 9);
            let mut score = |n: usize| {
                let (one, all) = rows[..n].split_at(1);
                scorer.push(&mut session, &binding, &one[0][..]).unwrap();
                assert!(scorer.push_all(&mut session, &binding, all));
                scorer.score(&mut session).len()
            };
            let mut rank = |n: usize| {
                scorer.share(&mut candidates, &rows[0][..]).unwrap();
                let (one, all) = rows[..n].split_at(1);
                scorer.push_candidate(&mut candidates, &one[0][..]).unwrap();
                assert!(scorer.push_candidates(&mut candidates, all));
                scorer.rank(&mut candidates).len()
            };
            assert!(peak(|| score(rows.len()) + rank(rows.len())).1 > 0);
            for n in [rows.len(), 1, 7] {
                assert_eq!(peak(|| score(n) + rank(n)), (2 * n, 0), "{kind:?}, {n} rows");
            }
        }
    }
}
