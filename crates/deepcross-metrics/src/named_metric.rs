//! The words by which programs show a metric, so that no program has to know each metric.

/// A metric of a [`Summary`](crate::Summary), with its names and the value to compare it with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NamedMetric {
    /// The field of the summary, which is also the key in its serialised form, such as `log_loss`.
    pub key: &'static str,
    /// The name within a table or a sentence, such as "log loss".
    pub label: &'static str,
    /// The name as a heading, such as "Log loss".
    pub title: &'static str,
    /// The value; `None` if the rows do not define it.
    pub value: Option<f64>,
    /// The value to compare it with.
    pub reference: Reference,
}

/// The value to compare a metric with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reference {
    /// A value that does not depend on the rows.
    Constant {
        /// The predictions that reach the value: "chance", "base rate" or "ideal".
        name: &'static str,
        /// The value.
        value: f64,
    },
    /// The value of always predicting the base rate; `None` if the rows do not define it.
    BaseRate(Option<f64>),
}

impl Reference {
    /// The value of predictions by chance.
    pub(crate) const fn chance(value: f64) -> Self {
        Self::Constant { name: "chance", value }
    }

    /// The value of always predicting the base rate, if it does not depend on that rate.
    pub(crate) const fn base_rate(value: f64) -> Self {
        Self::Constant { name: "base rate", value }
    }

    /// The value of perfect probabilities.
    pub(crate) const fn ideal(value: f64) -> Self {
        Self::Constant { name: "ideal", value }
    }

    /// The value to compare with.
    pub fn value(self) -> Option<f64> {
        match self {
            Self::Constant { value, .. } => Some(value),
            Self::BaseRate(value) => value,
        }
    }
}
