//! Categorical fields: a value is one id.

use crate::batch::column::Column;
use crate::batch::shape::FieldShape;
use crate::config::field_config::FieldConfig;
use crate::counts::FieldCounts;
use crate::description::Encoding;
use crate::error::FeatureError;
use crate::lookup::{Lookup, LookupFitter};
use crate::raw::value::Run;
use crate::raw::value_text::ValueError;
use crate::state::CategoricalState;

/// Learns the ids of the values.
#[derive(Clone, Debug)]
pub(crate) struct CategoricalFitter {
    lookup: LookupFitter,
}

/// Writes one id per row.
#[derive(Clone, Debug)]
pub(crate) struct CategoricalEncoder {
    lookup: Lookup,
}

impl CategoricalFitter {
    pub(crate) fn new(config: &FieldConfig) -> Self {
        Self { lookup: LookupFitter::new(config) }
    }

    pub(crate) fn observe(&mut self, text: Option<&str>, positive: bool) -> Result<(), ValueError> {
        text.map_or(Ok(()), |value| self.lookup.observe(value, positive))
    }

    pub(crate) fn finish(self) -> CategoricalEncoder {
        CategoricalEncoder { lookup: self.lookup.finish() }
    }
}

impl CategoricalEncoder {
    pub(crate) fn encode(&self, text: Option<&str>, column: &mut Column, counts: &mut FieldCounts) {
        column.sparse_mut().push_id(self.lookup.encode(text, counts));
    }

    /// As [`encode`](Self::encode), for each value of the run.
    pub(crate) fn encode_run(&self, run: &Run<'_>, column: &mut Column, counts: &mut FieldCounts) {
        let ids = self.lookup.encode_run(run, counts);
        column.sparse_mut().push_ids(&ids[..run.len()]);
    }

    pub(crate) fn shape(&self, name: &str) -> FieldShape {
        self.lookup.shape(name, false)
    }

    pub(crate) fn lookup(&self) -> &Lookup {
        &self.lookup
    }

    pub(crate) fn describe(&self) -> Encoding {
        Encoding::Categorical { ids: self.lookup.describe() }
    }

    pub(crate) fn to_state(&self) -> CategoricalState {
        CategoricalState { lookup: self.lookup.to_state() }
    }

    pub(crate) fn from_state(field: &str, state: CategoricalState) -> Result<Self, FeatureError> {
        Ok(Self { lookup: Lookup::from_state(field, state.lookup)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(config: FieldConfig, expected: &[(Option<&str>, u32)], counted: FieldCounts) {
        let mut fitter = CategoricalFitter::new(&config);
        for text in [Some("a"), None, Some("b"), Some("a")] {
            fitter.observe(text, false).expect("few values");
        }
        let encoder = fitter.finish();
        let mut column = Column::new(&encoder.shape("f"));
        let mut counts = FieldCounts::default();
        for &(text, _) in expected {
            encoder.encode(text, &mut column, &mut counts);
        }
        let ids: Vec<_> = expected.iter().map(|&(_, id)| id).collect();
        assert_eq!(column.sparse_mut().ids(), ids);
        assert_eq!(counts, counted);
    }

    #[test]
    fn a_value_is_one_id() {
        let config = FieldConfig { min_count: Some(2), ..FieldConfig::categorical("f") };
        let counted = FieldCounts { values: 4, missing: 1, unseen: 1, rare: 1, clipped: 0 };
        check(config, &[(Some("a"), 3), (None, 0), (Some("c"), 1), (Some("b"), 2)], counted);

        let config = FieldConfig { buckets: Some(1), ..FieldConfig::categorical("f") };
        let counted = FieldCounts { values: 3, missing: 1, ..FieldCounts::default() };
        check(config, &[(Some("a"), 1), (None, 0), (Some("c"), 1)], counted);
    }
}
