//! The configuration of a run: one TOML file, whose problems are all reported at once, each with its line.

mod differences;
mod distributed_config;
mod field_defaults;
mod field_tables;
mod key_path;
mod key_problems;
mod kind_sections;
mod known_keys;
mod lines;
mod optimizer_keys;
mod other_section;
mod overrides;
mod run_config;
mod schedule_keys;
mod section;
mod train_config;
mod valid_by;

pub(crate) use differences::{differences, differences_within};
pub use distributed_config::{DistributedConfig, DistributedMethod, TablePlacement};
pub use overrides::Overrides;
pub use run_config::{ColumnsOf, ConfigText, KindConfig, RunConfig};
pub use train_config::{Monitor, OptimizerKind, Schedule, Shuffle, TrainConfig, TrainPrecision};
pub use valid_by::ValidBy;
