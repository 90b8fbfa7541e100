//! Crosses: the values of several columns together are one id.
//!
//! A cross is a [categorical](crate::kinds::categorical) field whose value is the
//! [joint text](crate::raw::joint_text) of its columns.
//! Each column has its own spelling.
//! A missing value is a value of the combination, and differs from an empty one; if all values are missing, so is the
//! combination.

use crate::keys::KeyVisitor;
use crate::kind::{CompanionKeys, Kind};
use crate::kinds::categorical::{CROSS, CategoricalFitter, companion};
use crate::limits::CROSS_COLUMNS;
use crate::lookup::id_keys::IdKeys;
use crate::problem::Problem;
use crate::raw::field_spelling::FieldSpellingFitter;
use crate::raw::spelling::Spelling;
use crate::smoothing::CountKeys;

/// The keys of a cross.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cross {
    /// The columns to read, two to eight different ones; must be given.
    pub columns: Option<Vec<String>>,
    /// The ids of the combinations of values.
    pub ids: IdKeys,
    /// The companion counts of the combinations.
    pub counts: CountKeys,
    /// The spelling of the values of all columns, `number`, `boolean` or `text`; by default, each column has its own,
    /// which is learned.
    pub spelling: Option<Spelling>,
}

impl Cross {
    fn n_columns(&self) -> usize {
        self.columns.as_ref().map_or(0, Vec::len)
    }

    /// The problem of the columns.
    fn bad_columns(&self) -> Option<Problem> {
        let Some(columns) = &self.columns else {
            return Some(Problem::new("columns", "must be given, as two to eight names"));
        };
        let is_good =
            |(index, name): (usize, &String)| !name.is_empty() && !columns[..index].contains(name);
        let good =
            CROSS_COLUMNS.contains(&columns.len()) && columns.iter().enumerate().all(is_good);
        let must = "be the names of two to eight different columns";
        Problem::unless(good, "columns", must, format!("{columns:?}"))
    }
}

impl Kind for Cross {
    type Fitter = CategoricalFitter;

    fn name(&self) -> &'static str {
        CROSS
    }

    fn keys(&mut self, visitor: &mut impl KeyVisitor) {
        visitor.key("columns", &mut self.columns);
        self.ids.keys(visitor);
        self.counts.keys(visitor);
        visitor.key("spelling", &mut self.spelling);
    }

    fn problems(&self) -> Vec<Problem> {
        let columns = self.bad_columns().into_iter().collect();
        [columns, self.ids.problems(), self.counts.problems()].concat()
    }

    fn columns(&self) -> Option<&[String]> {
        Some(self.columns.as_deref().unwrap_or_default())
    }

    fn companion(&self) -> Option<CompanionKeys> {
        companion(&self.ids, &self.counts, self.spelling, self.n_columns())
    }

    fn fitter(&self, field: &str) -> CategoricalFitter {
        let spelling = FieldSpellingFitter::new(self.spelling, self.n_columns());
        CategoricalFitter::new(&self.ids, field, spelling)
    }
}
