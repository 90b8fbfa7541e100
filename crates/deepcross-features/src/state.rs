//! The stored form of a fitted encoder.
//!
//! A field is stored as it encodes, without what follows from other parts, such as hash tables.
//! The types contain no hash map: equal encoders give equal bytes.
//! [`Encoder::from_state`](crate::Encoder::from_state) checks a decoded state before it is used.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::error::FeatureError;
use crate::kinds::KindEncoder;
use crate::raw::value_rules::ValueRules;
use crate::raw::value_text::shorten;

/// A stored encoder: the values that mean "missing", and its fields in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EncoderState {
    /// The raw values (after trimming) that mean "missing".
    pub missing: Vec<String>,
    /// The fields, in order.
    pub fields: Vec<FieldState>,
}

/// A stored field of an encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldState {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) kind: KindEncoder,
    /// What the field says of its raw values. It is stored on its own, only if it says anything.
    #[serde(skip)]
    pub rules: ValueRules,
}

impl EncoderState {
    /// Checks everything, and makes the parts that are not stored.
    pub(crate) fn restore(&mut self) -> Result<(), FeatureError> {
        check_names(&self.fields)?;
        self.fields.iter_mut().try_for_each(FieldState::restore)
    }
}

impl FieldState {
    /// The field's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn restore(&mut self) -> Result<(), FeatureError> {
        let wanted = self.kind.kind().column_rules().map_or(1, <[_]>::len);
        let found = self.columns.len();
        if found != wanted {
            let name = &self.name;
            let problem = format!("field `{name}`: reads {found} columns, but must read {wanted}");
            return Err(FeatureError::State { problem });
        }
        if self.rules.at_prediction.is_some() && found != 1 {
            let name = &self.name;
            let problem = format!("field `{name}`: has a value at prediction, but {found} columns");
            return Err(FeatureError::State { problem });
        }
        self.kind.kind_mut().restore(&self.name)
    }
}

fn check_names(fields: &[FieldState]) -> Result<(), FeatureError> {
    let error = |problem: String| Err(FeatureError::State { problem });
    if fields.is_empty() {
        return error("there must be at least 1 field, but there is none".to_owned());
    }
    let mut seen = BTreeSet::new();
    for field in fields {
        if field.name.is_empty() || field.columns.iter().any(String::is_empty) {
            return error("a field or its column has an empty name".to_owned());
        }
        if !seen.insert(&field.name) {
            return error(format!("there is more than one field `{}`", shorten(&field.name)));
        }
    }
    Ok(())
}
