//! Tests of every calibrator, on rows of any kind.

mod properties;
mod simulation;
