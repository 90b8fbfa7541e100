//! Profiles of small files, the format guessed for them, and the fields inferred from their columns.

mod crosses;
mod file_profile;
mod guess_format;
mod infer;
mod kinds;
mod number_order;
mod odd_tables;
mod tables;
mod unseen;
