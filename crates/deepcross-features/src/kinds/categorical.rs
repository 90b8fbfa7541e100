//! Categorical fields: a value is one id.

use serde::{Deserialize, Serialize};

use crate::batch::column::Column;
use crate::batch::shape::FieldShape;
use crate::counts::FieldCounts;
use crate::description::ValueForm;
use crate::error::FeatureError;
use crate::keys::KeyVisitor;
use crate::kind::{CompanionKeys, Encode, Fit, Kind};
use crate::limits::is_smoothing;
use crate::lookup::id_keys::IdKeys;
use crate::lookup::{Lookup, LookupFitter};
use crate::problem::Problem;
use crate::raw::spelling::Spelling;
use crate::raw::value::Run;
use crate::raw::value_text::{Texts, ValueError};

/// The name of the kind.
pub(crate) const NAME: &str = "categorical";

/// The keys of a categorical field.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Categorical {
    /// The ids of the values.
    pub ids: IdKeys,
    /// Whether to add a field of companion counts, named like this field with `_counts` appended; by default not.
    pub counts: Option<bool>,
    /// With `counts`: the strength of smoothing of the click rate, in clicks; 0.001 to 10⁹, by default 4.
    pub smoothing: Option<f64>,
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
        visitor.key("counts", &mut self.counts);
        visitor.key("smoothing", &mut self.smoothing);
        visitor.key("spelling", &mut self.spelling);
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = self.ids.problems();
        let Some(smoothing) = self.smoothing else { return problems };
        if self.counts != Some(true) {
            let message = format!("has no meaning without `counts = true`, but is {smoothing}");
            problems.push(Problem::new("smoothing", message));
        }
        let good = is_smoothing(smoothing);
        problems.extend(Problem::unless(good, "smoothing", "be from 0.001 to 1e9", smoothing));
        problems
    }

    fn companion(&self) -> Option<CompanionKeys> {
        let Self { ids, smoothing, spelling, .. } = *self;
        let keys = CompanionKeys { hash: ids.hash, smoothing, spelling };
        (self.counts == Some(true)).then_some(keys)
    }

    fn fitter(&self, field: &str) -> CategoricalFitter {
        CategoricalFitter { lookup: LookupFitter::new(&self.ids, field, self.spelling) }
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
        NAME
    }

    fn describe(&self) -> String {
        format!("{}, spelling: {}", self.lookup, self.lookup.spelling())
    }

    fn form(&self) -> ValueForm {
        ValueForm::Text
    }

    fn encode(
        &self,
        texts: Texts<'_>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> Result<(), ValueError> {
        column.sparse_mut().push_id(self.lookup.encode(texts.first, counts));
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
            encoder.encode(Texts::one(text), &mut column, &mut counts).expect("any text");
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
