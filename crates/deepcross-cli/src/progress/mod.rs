//! Shows the progress of runs on standard error.

pub(crate) mod compare_progress;
pub(crate) mod train_progress;

use crate::text::tables::grouped;
use indicatif::{ProgressState, ProgressStyle};
use std::fmt::Write;

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("rows_per_s", rows_per_s)
}

fn rows_per_s(state: &ProgressState, out: &mut dyn Write) {
    // An error of the bar's own buffer could not be shown anyway.
    let _ = out.write_str(&grouped(state.per_sec() as u64));
}
