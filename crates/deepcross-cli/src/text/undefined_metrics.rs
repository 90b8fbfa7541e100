//! Metrics that the rows do not define, with the reason, as text and as JSON.

use deepcross_metrics::{NamedMetric, Summary};
use std::fmt;

/// Metrics that the rows do not define for the same reason; displays as one sentence.
pub(crate) struct UndefinedMetrics {
    /// The key and the name of each.
    pub(crate) metrics: Vec<(String, String)>,
    pub(crate) reason: String,
}

impl UndefinedMetrics {
    /// The metrics of a summary that its rows do not define, if there are any.
    pub(crate) fn of(summary: &Summary) -> Option<Self> {
        let (metrics, reason) = summary.undefined()?;
        let names = |metric: &NamedMetric| (metric.key.to_owned(), metric.label.to_owned());
        Some(Self { metrics: metrics.iter().map(names).collect(), reason: reason.to_string() })
    }

    /// A single metric.
    pub(crate) fn one(key: &str, label: &str, reason: &str) -> Self {
        let metrics = vec![(key.to_owned(), label.to_owned())];
        Self { metrics, reason: reason.to_owned() }
    }
}

impl fmt::Display for UndefinedMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { metrics, reason } = self;
        let labels: Vec<_> = metrics.iter().map(|(_, label)| label.as_str()).collect();
        let verb = if labels.len() == 1 { "is" } else { "are" };
        write!(f, "{} {verb} not defined: {reason}", labels.join(", "))
    }
}
