#![doc = include_str!("../README.md")]

mod cache_store;
mod clock;
mod error;
mod event;
mod final_comparison;
mod final_rows;
mod importance;
mod journal;
pub mod outputs;
mod page;
mod queue;
mod record;
mod rungs;
mod runner;
mod sample;
mod search;
pub mod sentences;
pub mod space;
mod trial;
mod tune;
mod tuned;
mod value_check;

pub use error::TuneError;
pub use event::{RunName, TuneEvent};
pub use final_comparison::{FinalComparison, FinalMetrics, Gain, LEVEL, Verdict};
pub use importance::Importance;
pub use record::{Outcome, Records, Trained, TrialRecord};
pub use rungs::{Rung, promoted, rungs};
pub use sample::{Setting, settings};
pub use trial::Trial;
pub use tune::{TuneOptions, tune};
pub use tuned::Tuned;
