//! Shows the progress of runs on standard error.

pub(crate) mod compare_progress;
pub(crate) mod json_lines;
pub(crate) mod train_progress;
pub(crate) mod tune_progress;

use crate::text::tables::grouped;
use deepcross_data::Drift;
use deepcross_train::MemberPlace;
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

/// The place of a member behind that of an epoch, if there are several.
fn of_several(member: MemberPlace) -> String {
    if member.of > 1 { format!(", {member}") } else { String::new() }
}

/// The line on rows that are shuffled as a whole since they are sorted.
fn drift_line(buffer: usize, drift: &Drift) -> String {
    let [low, high, mean] = [drift.low, drift.high, drift.mean].map(|share| 100.0 * share);
    format!(
        "the rows are sorted: in a shuffle buffer of {} rows, the share of positive rows would go from {low:.1} % to \
         {high:.1} %, and it is {mean:.1} % in all rows; they are shuffled as a whole (`train.shuffle` is \"auto\")",
        grouped(buffer as u64)
    )
}
