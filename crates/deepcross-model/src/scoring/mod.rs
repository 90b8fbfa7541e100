//! Scoring of raw rows, for services: one scorer for all threads, and scratch memory for each caller.

mod candidate_session;
mod scorer;

pub use candidate_session::CandidateSession;
pub use scorer::{Scorer, Session};
