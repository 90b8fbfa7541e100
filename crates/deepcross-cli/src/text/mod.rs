//! Results as text: tables for people and the values of `--json`.
//!
//! Nothing here reads, writes or prints; the commands print what these modules return.

pub(crate) mod calibration_json;
pub(crate) mod calibration_text;
pub(crate) mod comparison_text;
pub(crate) mod epoch_table;
pub(crate) mod evaluation_report;
pub(crate) mod evaluation_text;
pub(crate) mod group_report;
pub(crate) mod pace;
pub(crate) mod quantisation_text;
pub(crate) mod skipped_rows;
pub(crate) mod tables;
pub(crate) mod threshold_report;
pub(crate) mod traffic_table;
pub(crate) mod tune_text;
pub(crate) mod undefined_metrics;
pub(crate) mod unit_table;
pub(crate) mod unusual_values;
