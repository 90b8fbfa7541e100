//! The configuration of the fields, and the checks that it passes before anything is fitted.

pub(crate) mod field_config;
mod field_table;
pub(crate) mod schema;
mod value_key;
