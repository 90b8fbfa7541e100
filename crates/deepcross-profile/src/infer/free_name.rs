//! Names of fields that no other column or field has.

use std::collections::BTreeSet;

use deepcross_features::FieldConfig;

use crate::profile::Profile;

/// In the name of a field, this stands for any text in the names of columns.
const PATTERN: char = '*';

/// The names that are taken: those of columns, of fields, and of companion counts.
#[derive(Clone, Debug)]
pub(crate) struct FreeNames(BTreeSet<String>);

impl FreeNames {
    /// Takes the names of all columns.
    pub(crate) fn beside(profile: &Profile) -> Self {
        Self(profile.columns.iter().map(|column| column.name().to_owned()).collect())
    }

    /// Takes the name of a field, and that of its companion counts.
    pub(crate) fn take(&mut self, field: &FieldConfig) {
        self.0.insert(field.name.clone());
        self.0.extend(field.companion());
    }

    /// The field under a name that is free; one that is called like its column keeps the name if its companion counts
    /// can have theirs.
    pub(crate) fn named(&mut self, mut field: FieldConfig) -> FieldConfig {
        let wanted = field.name.clone();
        let is_of_column = field.columns() == [&wanted];
        field.name = wanted.replace(PATTERN, "_");
        let is_taken = |field: &FieldConfig| {
            let is_own = is_of_column && field.name == wanted;
            let has = |name: String| self.0.contains(&name);
            (!is_own && self.0.contains(&field.name)) || field.companion().is_some_and(has)
        };
        while is_taken(&field) {
            field.name.push('_');
        }
        if is_of_column && field.name != wanted {
            field = field.column(wanted);
        }
        self.take(&field);
        field
    }
}
