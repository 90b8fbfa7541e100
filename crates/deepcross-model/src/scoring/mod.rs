//! Scoring of raw rows, for services: one scorer for all threads, and scratch memory for each caller.

mod candidate_session;
mod input_columns;
mod model_description;
mod scorer;

pub use candidate_session::CandidateSession;
pub use input_columns::{InputColumn, InputColumns};
pub use model_description::model_description;
pub use scorer::{Scorer, Session};
