//! A key figure.

use crate::markup::Escaped;
use deepcross_metrics::Interval;
use std::fmt::{Display, Formatter, Result};

/// A metric with a name, shown large.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The name of the metric.
    pub name: String,
    /// The value; shown as a dash if it is not defined.
    pub value: Option<f64>,
    /// The interval of the true value, at a level that the report states elsewhere.
    pub interval: Option<Interval>,
    /// A few words to compare the value with; may be empty.
    pub note: String,
}

impl Figure {
    /// A figure without interval and note.
    pub fn new(name: impl Into<String>, value: Option<f64>) -> Self {
        Self { name: name.into(), value, interval: None, note: String::new() }
    }

    /// Adds an interval, if there is one.
    #[must_use]
    pub fn with_interval(self, interval: Option<Interval>) -> Self {
        Self { interval, ..self }
    }

    /// Adds a few words.
    #[must_use]
    pub fn with_note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }
}

impl Display for Figure {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let value = self.value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"));
        write!(out, "<div class=\"figure\"><dt>{}</dt><dd><b>{value}</b>", Escaped(&self.name))?;
        if let Some(Interval { low, high }) = self.interval {
            write!(out, "<span class=\"interval\">{low:.4} to {high:.4}</span>")?;
        }
        if !self.note.is_empty() {
            write!(out, "<small>{}</small>", Escaped(&self.note))?;
        }
        out.write_str("</dd></div>\n")
    }
}
