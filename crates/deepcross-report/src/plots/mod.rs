//! The plots, one file for each kind.

mod calibration;
mod curves;
mod intervals;
mod lines;
mod reliability;
mod scores;

pub use intervals::{IntervalRow, Reference};
pub use lines::{Series, YScale};

use crate::markup::{Escaped, STYLE};
use std::fmt::{Display, Formatter, Result};

/// A plot: a title, and an SVG with the same title and a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plot {
    title: String,
    svg: String,
}

impl Plot {
    /// The title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The style of plots and their colours, for the elements of another page that the selector `within` names.
    pub fn style(within: &str) -> String {
        let colours = STYLE.split("* {").next().unwrap_or_default();
        let colours = colours.replace("color-scheme: light dark;", "").replace(":root", within);
        let of_plots = STYLE.lines().filter(|line| line.starts_with("svg"));
        let of_plots = of_plots.map(|line| line.replace("svg", &format!("{within} svg")) + "\n");
        colours + &of_plots.collect::<String>()
    }
}

impl Display for Plot {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let Self { title, svg } = self;
        let title = Escaped(title);
        write!(out, "<figure class=\"plot\"><figcaption>{title}</figcaption>\n{svg}</figure>\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_of_plots_concerns_nothing_else_of_a_page() {
        let style = Plot::style(".here");
        assert!(style.contains(".here svg .s0 { stroke: var(--s0); } .here svg .f0 {"), "{style}");
        let rules = style.split('}').map(str::trim_start).filter(|rule| !rule.is_empty());
        for rule in rules {
            assert!(rule.starts_with(".here") || rule.starts_with("@media"), "{rule}");
        }
        assert_eq!(style.matches('{').count(), style.matches('}').count());
        assert!(style.contains("--card") && style.contains("prefers-color-scheme: dark"));
    }
}
