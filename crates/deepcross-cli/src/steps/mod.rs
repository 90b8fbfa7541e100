//! Steps that several commands take: profiling files, writing simulated rows and predictions, and reporting unusual rows.

mod predictions_file;
mod profiled_files;
mod simulated_file;
mod thread_pool;
mod unusual_rows;

pub(crate) use predictions_file::predict_to;
pub(crate) use profiled_files::{absent_labels, profiled, settings};
pub(crate) use simulated_file::{Truth, write_simulated};
pub(crate) use thread_pool::on_threads;
pub(crate) use unusual_rows::{
    say_given_values, say_unusual_values, say_unusual_values_of, warn_of_rows, warn_of_rows_of,
    warn_of_skipped,
};
