//! Groups of arguments that several commands take, with the steps that belong to them.

mod characters;
mod config_file;
mod data_files;
mod file_format;
mod help_texts;
mod label;
mod model_file;
mod report_page;
mod shown_examples;
mod threads;

pub(crate) use characters::Characters;
pub(crate) use config_file::{ConfigChanges, ConfigFile, RunChanges, read_config, read_data};
pub(crate) use data_files::{DataFiles, FILES_HELP, TrainingFiles, TrainingPaths, files_help};
pub(crate) use file_format::{FormatOverride, format_parser};
pub(crate) use help_texts::{help_texts, required_unless};
pub(crate) use label::{LabelColumn, Layout};
pub(crate) use model_file::{ModelFile, ModelFiles};
pub(crate) use report_page::{Json, ReportPage};
pub(crate) use shown_examples::ShownExamples;
pub(crate) use threads::Threads;
