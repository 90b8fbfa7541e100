//! Raw rows: their columns, and the values in these columns.

pub(crate) mod binding;
pub(crate) mod cell;
pub(crate) mod column_set;
pub(crate) mod field_spelling;
pub(crate) mod joint_text;
pub(crate) mod odd_number;
pub(crate) mod printed_list;
pub(crate) mod row_fields;
pub(crate) mod spelling;
pub(crate) mod value;
pub(crate) mod value_rules;
pub(crate) mod value_text;
