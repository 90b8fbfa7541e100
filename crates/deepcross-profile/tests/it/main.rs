//! Profiles of small files, the format guessed for them, and the fields inferred from their columns.

mod file_profile;
mod guess_format;
mod infer;
mod kinds;
mod tables;
