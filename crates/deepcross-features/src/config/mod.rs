//! The configuration of fields: what a user writes, and the checks that it passes before anything is fitted.

pub(crate) mod field_config;
pub(crate) mod limits;
pub(crate) mod missing_number;
mod problems;
pub(crate) mod schema;
pub(crate) mod utc_offset;
