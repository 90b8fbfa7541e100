//! Categorical fields: a value is one id. A cross is one, too, whose value is the joint text of several columns.

use serde::{Deserialize, Serialize};

use crate::batch::column::Column;
use crate::batch::shape::FieldShape;
use crate::counts::FieldCounts;
use crate::description::ValueForm;
use crate::error::FeatureError;
use crate::keys::KeyVisitor;
use crate::kind::{CompanionKeys, Encode, Fit, Kind};
use crate::lookup::id_keys::IdKeys;
use crate::lookup::{Lookup, LookupFitter};
use crate::problem::Problem;
use crate::raw::field_spelling::FieldSpellingFitter;
use crate::raw::spelling::{Spelling, SpellingRule};
use crate::raw::value::Run;
use crate::raw::value_text::ValueError;
use crate::smoothing::CountKeys;

/// The name of the kind.
const NAME: &str = "categorical";

/// The name of the kind of a field that reads several columns.
pub(crate) const CROSS: &str = "cross";

/// The keys of a categorical field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Categorical {
    /// The ids of the values.
    pub ids: IdKeys,
    /// The companion counts of the values.
    pub counts: CountKeys,
    /// The spelling of the values, `number`, `boolean` or `text`; by default, it is learned.
    pub spelling: Option<Spelling>,
}

/// Learns the ids of the values.
#[derive(Clone, Debug)]
pub(crate) struct CategoricalFitter {
    lookup: LookupFitter,
}

/// Writes one id per row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CategoricalEncoder {
    lookup: Lookup,
}

impl Kind for Categorical {
    type Fitter = CategoricalFitter;

    fn name(&self) -> &'static str {
        NAME
    }

    fn keys(&mut self, visitor: &mut impl KeyVisitor) {
        self.ids.keys(visitor);
        self.counts.keys(visitor);
        visitor.key("spelling", &mut self.spelling);
    }

    fn problems(&self) -> Vec<Problem> {
        [self.ids.problems(), self.counts.problems()].concat()
    }

    fn companion(&self) -> Option<CompanionKeys> {
        companion(&self.ids, &self.counts, self.spelling, 1)
    }

    fn fitter(&self, field: &str) -> CategoricalFitter {
        CategoricalFitter::new(&self.ids, field, FieldSpellingFitter::new(self.spelling, 1))
    }
}

/// What a field of ids says of its companion counts, if it has them.
pub(crate) fn companion(
    ids: &IdKeys,
    counts: &CountKeys,
    spelling: Option<Spelling>,
    n_columns: usize,
) -> Option<CompanionKeys> {
    let smoothing = counts.smoothing.clone().unwrap_or_default();
    let keys = CompanionKeys { hash: ids.hash, smoothing, spelling, n_columns };
    counts.is_given().then_some(keys)
}

impl CategoricalFitter {
    /// The fitter of the field called `field`, which learns the `spelling` of its values.
    pub(crate) fn new(ids: &IdKeys, field: &str, spelling: FieldSpellingFitter) -> Self {
        Self { lookup: LookupFitter::with_spelling(ids, field, spelling) }
    }
}

impl Fit for CategoricalFitter {
    type Encoder = CategoricalEncoder;

    fn observe(&mut self, text: Option<&str>, positive: bool) -> Result<(), ValueError> {
        text.map_or(Ok(()), |value| self.lookup.observe(value, positive))
    }

    fn lookup(&mut self) -> Option<&mut LookupFitter> {
        Some(&mut self.lookup)
    }

    fn has_rounded_ids(&self) -> bool {
        self.lookup.is_rounded()
    }

    fn finish(self) -> CategoricalEncoder {
        CategoricalEncoder { lookup: self.lookup.finish() }
    }
}

impl Encode for CategoricalEncoder {
    fn restore(&mut self, field: &str) -> Result<(), FeatureError> {
        self.lookup.restore(field)
    }

    fn shape(&self, name: &str) -> FieldShape {
        self.lookup.shape(name, false)
    }

    fn kind(&self) -> &'static str {
        if self.column_rules().is_some() { CROSS } else { NAME }
    }

    fn column_rules(&self) -> Option<&[SpellingRule]> {
        self.lookup.spelling().of_columns()
    }

    fn describe(&self) -> String {
        format!("{}, spelling: {}", self.lookup, self.lookup.spelling())
    }

    fn form(&self) -> ValueForm {
        ValueForm::Text
    }

    fn encode(
        &self,
        text: Option<&str>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> Result<(), ValueError> {
        column.sparse_mut().push_id(self.lookup.encode(text, counts));
        Ok(())
    }

    fn encode_run(&self, run: &Run<'_>, column: &mut Column, counts: &mut FieldCounts) -> bool {
        let ids = self.lookup.encode_run(run, counts);
        column.sparse_mut().push_ids(&ids[..run.len()]);
        true
    }

    fn lookup(&self) -> Option<&Lookup> {
        Some(&self.lookup)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::id_keys::{HashKeys, VocabularyKeys};

    #[track_caller]
    fn check(ids: IdKeys, expected: &[(Option<&str>, u32)], counted: FieldCounts) {
        let mut fitter = Categorical { ids, ..Categorical::default() }.fitter("f");
        for text in [Some("a"), None, Some("b"), Some("a")] {
            fitter.observe(text, false).expect("few values");
        }
        let encoder = fitter.finish();
        let mut column = Column::new(&encoder.shape("f"));
        let mut counts = FieldCounts::default();
        for &(text, _) in expected {
            encoder.encode(text, &mut column, &mut counts).expect("any text");
        }
        let ids: Vec<_> = expected.iter().map(|&(_, id)| id).collect();
        assert_eq!(column.sparse_mut().ids(), ids);
        assert_eq!(counts, counted);
    }

    #[test]
    fn a_value_is_one_id() {
        let vocabulary = VocabularyKeys { min_count: Some(2), ..VocabularyKeys::default() };
        let ids = IdKeys { vocabulary, ..IdKeys::default() };
        let counted = FieldCounts { values: 4, missing: 1, unseen: 1, rare: 1, clipped: 0, far: 0 };
        check(ids, &[(Some("a"), 3), (None, 0), (Some("c"), 1), (Some("b"), 2)], counted);

        let hash = HashKeys { buckets: Some(1), ..HashKeys::default() };
        let ids = IdKeys { hash, ..IdKeys::default() };
        let counted = FieldCounts { values: 3, missing: 1, ..FieldCounts::default() };
        check(ids, &[(Some("a"), 1), (None, 0), (Some("c"), 1)], counted);
    }
}
