//! Rules for the raw values of one field, whatever its kind: which of them mean "missing", and whether the value is known
//! only in training.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::raw::value_text::{Missing, MissingForms};

/// What a field says of its raw values, besides its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueRules {
    /// The values that mean "missing" in this field, besides those that do in all fields.
    pub missing: Vec<String>,
    /// The value of every row outside of training; the column is then read only in training.
    pub at_prediction: Option<String>,
}

impl ValueRules {
    /// Whether the field says nothing of its raw values.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for ValueRules {
    /// Writes what the field says, each part with a comma and a blank before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted: Vec<_> = self.missing.iter().map(|value| format!("`{value}`")).collect();
        if !quoted.is_empty() {
            write!(f, ", missing if {}", quoted.join(" or "))?;
        }
        match &self.at_prediction {
            Some(value) => write!(f, ", `{value}` at prediction"),
            None => Ok(()),
        }
    }
}

/// The raw values that mean "missing" in each field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MissingValues {
    in_all: FormedValues,
    /// For each field, all its values, if it has more than those of all fields; empty if no field has.
    of_fields: Vec<Option<FormedValues>>,
}

/// Values that mean "missing", with their forms.
#[derive(Clone, Debug, PartialEq)]
struct FormedValues {
    values: Vec<String>,
    forms: MissingForms,
}

impl FormedValues {
    fn new(values: Vec<String>) -> Self {
        let forms = MissingForms::of(&values);
        Self { values, forms }
    }

    #[inline]
    fn get(&self) -> Missing<'_> {
        Missing::of_forms(&self.values, self.forms)
    }
}

impl MissingValues {
    /// The values of all fields and those of each field.
    pub(crate) fn new<'r>(
        in_all: Vec<String>,
        rules: impl IntoIterator<Item = &'r ValueRules>,
    ) -> Self {
        let own = |rules: &ValueRules| FormedValues::new([&in_all[..], &rules.missing].concat());
        let of_fields =
            rules.into_iter().map(|rules| (!rules.missing.is_empty()).then(|| own(rules)));
        let mut of_fields: Vec<_> = of_fields.collect();
        if of_fields.iter().all(Option::is_none) {
            of_fields.clear();
        }
        Self { in_all: FormedValues::new(in_all), of_fields }
    }

    /// The values that mean "missing" in all fields.
    pub(crate) fn in_all(&self) -> &[String] {
        &self.in_all.values
    }

    /// The values that mean "missing" in the field at this position.
    #[inline]
    pub(crate) fn of(&self, field: usize) -> Missing<'_> {
        self.of_fields.get(field).and_then(Option::as_ref).unwrap_or(&self.in_all).get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_adds_to_the_values_of_all_fields() {
        let own = ValueRules { missing: vec!["0".to_owned()], at_prediction: None };
        let values = MissingValues::new(vec!["?".to_owned()], [&ValueRules::default(), &own]);
        for (value, expected) in
            [("?", [true; 2]), ("0", [false, true]), ("0.0", [false, true]), ("1", [false; 2])]
        {
            let found = [0, 1].map(|field| values.of(field).contains(value.as_bytes()));
            assert_eq!(found, expected, "{value}");
        }
    }
}
