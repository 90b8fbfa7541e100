//! Properties as functions: a search for a case for which one does not hold.
//!
//! A property is a function, and not a macro's, so that a test can also call it to see it fail, while the code under
//! test has a mistake.

use std::fmt;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseResult, TestRng, TestRunner};

/// Whether a property holds for all drawn cases.
pub type Holds = Result<(), Counterexample>;

/// The smallest case found for which a property does not hold, and why.
pub struct Counterexample(String);

impl fmt::Debug for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A search for a counterexample.
#[derive(Clone, Debug)]
pub struct Search {
    config: Config,
    is_fixed: bool,
}

impl Default for Search {
    /// Draws as many cases as `PROPTEST_CASES` says, or 256, from the seed `PROPTEST_RNG_SEED`; without one, each run
    /// draws others.
    fn default() -> Self {
        let config = Config { failure_persistence: None, ..Config::default() };
        Self { config, is_fixed: false }
    }
}

impl Search {
    /// Draws the same `cases` in each run.
    pub fn fixed(cases: u32) -> Self {
        let Self { config, .. } = Self::default();
        Self { config: Config { cases, ..config }, is_fixed: true }
    }

    /// Looks for no smaller counterexample than the first, which takes long: for tests that only ask whether there is one.
    pub fn unshrunk(mut self) -> Self {
        self.config.max_shrink_iters = 0;
        self
    }

    /// Draws cases and looks for one for which the property does not hold.
    ///
    /// # Errors
    /// If there is one.
    pub fn holds<S: Strategy>(
        self,
        cases: S,
        property: impl Fn(S::Value) -> TestCaseResult,
    ) -> Holds {
        let mut runner = if self.is_fixed {
            let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
            TestRunner::new_with_rng(self.config, rng)
        } else {
            TestRunner::new(self.config)
        };
        runner.run(&cases, property).map_err(|error| Counterexample(error.to_string()))
    }
}

/// Draws cases, as many as `PROPTEST_CASES` says, and looks for one for which the property does not hold.
///
/// # Errors
/// If there is one.
pub fn holds<S: Strategy>(cases: S, property: impl Fn(S::Value) -> TestCaseResult) -> Holds {
    Search::default().holds(cases, property)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn below_ten(n: u32) -> TestCaseResult {
        prop_assert!(n < 10, "{} is too large", n);
        Ok(())
    }

    #[test]
    fn a_property_holds_or_has_a_smallest_counterexample() {
        holds(0u32..10, below_ten).unwrap();
        let message = format!("{:?}", holds(0u32..1000, below_ten).unwrap_err());
        assert!(message.contains("10 is too large"), "{message}");
    }

    #[test]
    fn fixed_cases_are_the_same_in_each_run() {
        let drawn = || {
            let seen = RefCell::new(Vec::new());
            let note = |n| {
                seen.borrow_mut().push(n);
                Ok(())
            };
            Search::fixed(20).holds(any::<u64>(), note).unwrap();
            seen.into_inner()
        };
        assert_eq!((drawn(), drawn().len()), (drawn(), 20));
    }

    #[test]
    fn an_unshrunk_search_stops_at_the_first_counterexample() {
        let calls = RefCell::new(0);
        let fail = |_: u64| {
            *calls.borrow_mut() += 1;
            Err(TestCaseError::fail("always"))
        };
        assert!(Search::fixed(20).unshrunk().holds(any::<u64>(), fail).is_err());
        assert_eq!(*calls.borrow(), 1);
    }
}
