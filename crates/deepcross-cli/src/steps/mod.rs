//! Steps that several commands take: reading a model and rows for it, and writing simulated rows and predictions.

mod model_rows;
mod predictions_file;
mod profiled_files;
mod simulated_file;
mod slice_columns;
mod thread_pool;

pub(crate) use model_rows::{load, map, reader, reader_of, say_unusual_values};
pub(crate) use predictions_file::{predict_to_file, write_predictions};
pub(crate) use profiled_files::{profiled, with_format, with_layout};
pub(crate) use simulated_file::write_simulated;
pub(crate) use slice_columns::slice_columns;
pub(crate) use thread_pool::on_threads;
