//! Raw rows: their columns, and the values that fields read from these.

pub(crate) mod binding;
pub(crate) mod row_fields;
pub(crate) mod value;
pub(crate) mod value_text;
