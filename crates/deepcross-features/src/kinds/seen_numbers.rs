//! The numbers that a field was fitted on, in short: what tells a number that is far outside of them.

use serde::{Deserialize, Serialize};

use crate::kinds::statistics::Statistics;
use crate::limits::in_range;

/// The number of standard deviations beyond the range from which on a number is far outside.
///
/// So many are rare beyond the greatest of some thousand numbers, even if the logarithms of the numbers are those that
/// spread like a bell.
const FAR: f64 = 10.0;

/// The range of the numbers of fitting, and their standard deviation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SeenNumbers {
    pub(crate) min: f64,
    pub(crate) max: f64,
    deviation: f64,
}

impl SeenNumbers {
    /// The numbers of `statistics`, if there are any.
    pub(crate) fn of(statistics: &Statistics) -> Option<Self> {
        let ((min, max), deviation) = (statistics.range(), statistics.deviation());
        (!statistics.is_empty()).then_some(Self { min, max, deviation })
    }

    /// The range beyond which a number is far outside.
    pub(crate) fn usual(self) -> (f64, f64) {
        let beyond = FAR * self.deviation;
        (self.min - beyond, self.max + beyond)
    }

    /// Whether a number is far outside.
    pub(crate) fn is_far(self, number: f64) -> bool {
        let (low, high) = self.usual();
        number < low || number > high
    }

    /// Whether fitting could have given these numbers.
    pub(crate) fn are_valid(self) -> bool {
        let Self { min, max, deviation } = self;
        in_range(min) && in_range(max) && min <= max && deviation >= 0.0 && deviation.is_finite()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::by_chunk::Summary;

    #[test]
    fn the_usual_range_is_wider_by_ten_deviations() {
        let mut statistics = Statistics::default();
        assert_eq!(SeenNumbers::of(&statistics), None);
        [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter().for_each(|x| statistics.push(x));
        let seen = SeenNumbers::of(&statistics).expect("there are numbers");
        assert_eq!((seen.min, seen.max, seen.usual()), (2.0, 9.0, (-18.0, 29.0)));
        assert!(seen.are_valid());
        for bad in [
            SeenNumbers { min: 3.0, max: 2.0, ..seen },
            SeenNumbers { deviation: -1.0, ..seen },
            SeenNumbers { deviation: f64::NAN, ..seen },
            SeenNumbers { max: 1e300, ..seen },
        ] {
            assert!(!bad.are_valid(), "{bad:?}");
        }
    }
}
