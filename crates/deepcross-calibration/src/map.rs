//! Maps from a logit to a probability, and their common contract.

use crate::{CalibrationError, Isotonic, Observation, Platt, Temperature};

/// The kind of map that is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// One number, which scales how sure the model is.
    Temperature,
    /// Two numbers: one scales how sure the model is, one moves the base rate.
    Platt,
    /// A rising function of any form.
    Isotonic,
}

/// A function from logits to probabilities that never falls.
#[derive(Clone, Debug, PartialEq)]
pub enum CalibrationMap {
    /// `sigmoid(logit / temperature)`.
    Temperature(Temperature),
    /// `sigmoid(slope · logit + intercept)`.
    Platt(Platt),
    /// Flat pieces, and straight lines between them.
    Isotonic(Isotonic),
}

impl CalibrationMap {
    /// Fits the map of this kind that suits the rows best.
    ///
    /// The result does not depend on threads; the order of the rows changes only its last bits.
    ///
    /// # Errors
    /// As [`Temperature::fit`], [`Platt::fit`] and [`Isotonic::fit`].
    pub fn fit(method: Method, rows: &[Observation]) -> Result<Self, CalibrationError> {
        match method {
            Method::Temperature => Temperature::fit(rows).map(Self::Temperature),
            Method::Platt => Platt::fit(rows).map(Self::Platt),
            Method::Isotonic => Isotonic::fit(rows).map(Self::Isotonic),
        }
    }

    /// The probability of label 1, in [0, 1]; NaN only if the logit is NaN.
    ///
    /// Computed in `f64` and rounded once. Allocates nothing.
    #[inline]
    pub fn probability(&self, logit: f32) -> f32 {
        match self {
            Self::Temperature(map) => map.probability(logit),
            Self::Platt(map) => map.probability(logit),
            Self::Isotonic(map) => map.probability(logit),
        }
    }

    /// The kind of the map.
    pub fn method(&self) -> Method {
        match self {
            Self::Temperature(_) => Method::Temperature,
            Self::Platt(_) => Method::Platt,
            Self::Isotonic(_) => Method::Isotonic,
        }
    }
}

impl Method {
    /// All methods.
    pub const ALL: [Self; 3] = [Self::Temperature, Self::Platt, Self::Isotonic];

    /// `temperature`, `platt` or `isotonic`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Temperature => "temperature",
            Self::Platt => "platt",
            Self::Isotonic => "isotonic",
        }
    }
}
