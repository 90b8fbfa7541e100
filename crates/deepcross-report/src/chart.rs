//! The parts of every plot: a frame, axes with ticks, a legend, and a description for screen readers.
//!
//! An SVG is as many units wide as a phone is in pixels, so that text has its nominal size on a phone, and grows on a
//! larger screen.

use crate::markup::Escaped;
use crate::scale::Scale;
use std::fmt::Write;

const WIDTH: f64 = 360.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 346.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 226.0;
/// The vertical position at which the legend begins.
const LEGEND: f64 = 282.0;
const LEGEND_LINE: f64 = 18.0;

/// A chart that plots draw on.
pub(crate) struct Chart<'a> {
    x: Scale,
    y: Scale,
    names: [&'a str; 2],
    marks: String,
    legend: Vec<(String, String)>,
}

impl<'a> Chart<'a> {
    /// An empty chart with these axes and their names.
    pub(crate) fn new(x: Scale, y: Scale, names: [&'a str; 2]) -> Self {
        Self { x, y, names, marks: String::new(), legend: Vec::new() }
    }

    /// Draws a line of this class through points; points that are not finite are gaps.
    pub(crate) fn line(&mut self, points: &[(f64, f64)], class: &str) {
        let mut path = String::new();
        let mut begins = true;
        for &(x, y) in points {
            if !(x.is_finite() && y.is_finite()) {
                begins = true;
                continue;
            }
            let command = if begins { 'M' } else { 'L' };
            begins = false;
            self.put_into(
                &mut path,
                format_args!("{command}{:.1} {:.1}", self.at_x(x), self.at_y(y)),
            );
        }
        self.put(format_args!("<path class=\"{class}\" d=\"{path}\"/>\n"));
    }

    /// Draws a dot.
    pub(crate) fn dot(&mut self, (x, y): (f64, f64), class: &str) {
        if x.is_finite() && y.is_finite() {
            let (x, y) = (self.at_x(x), self.at_y(y));
            self.put(format_args!(
                "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>\n"
            ));
        }
    }

    /// Draws a ring around a point, to mark it.
    pub(crate) fn ring(&mut self, (x, y): (f64, f64), class: &str) {
        if x.is_finite() && y.is_finite() {
            let (x, y) = (self.at_x(x), self.at_y(y));
            self.put(format_args!(
                "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5.5\"/>\n"
            ));
        }
    }

    /// Draws a vertical stroke with caps.
    pub(crate) fn whisker(&mut self, x: f64, (low, high): (f64, f64), class: &str) {
        let (x, low, high) = (self.at_x(x), self.at_y(low), self.at_y(high));
        self.put(format_args!(
            "<path class=\"{class}\" fill=\"none\" d=\"M{:.1} {low:.1}h6m-3 0V{high:.1}m-3 0h6\"/>\n",
            x - 3.0
        ));
    }

    /// Draws bars on the axis as one outline, by the width of a bin and the height of each.
    pub(crate) fn bars(&mut self, width: f64, heights: &[f64], class: &str) {
        let mut path = format!("M{:.1} {BOTTOM}", self.at_x(0.0));
        for (place, &height) in heights.iter().enumerate() {
            let (y, end) = (self.at_y(height), self.at_x((place + 1) as f64 * width));
            self.put_into(&mut path, format_args!("V{y:.1}H{end:.1}"));
        }
        self.put(format_args!("<path class=\"{class}\" d=\"{path}V{BOTTOM}Z\"/>\n"));
    }

    /// Adds an entry of the legend: a piece of SVG of 22 by 12, and its words.
    pub(crate) fn entry(&mut self, sign: impl Into<String>, words: impl Into<String>) {
        self.legend.push((sign.into(), words.into()));
    }

    /// The sample of a line, for the legend.
    pub(crate) fn line_sign(class: &str) -> String {
        format!("<path class=\"{class}\" d=\"M0 6H22\"/>")
    }

    /// The whole picture.
    pub(crate) fn finish(self, title: &str, description: &str) -> String {
        let (legend, height) = self.legend();
        let body = format!("{}{}{legend}", self.frame(), self.marks);
        picture(title, description, height, &body)
    }

    fn frame(&self) -> String {
        let mut out = String::new();
        for (value, label) in &self.y.ticks {
            let y = self.at_y(*value);
            self.put_into(
                &mut out,
                format_args!(
                    "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>\
                 <text class=\"tick\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>\n",
                    LEFT - 6.0,
                    y + 4.0
                ),
            );
        }
        for (value, label) in &self.x.ticks {
            let x = self.at_x(*value);
            self.put_into(&mut out, format_args!(
                "<path class=\"axis\" d=\"M{x:.1} {BOTTOM}v4\"/>\
                 <text class=\"tick\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>\n",
                BOTTOM + 18.0
            ));
        }
        let [x_name, y_name] = self.names.map(Escaped);
        self.put_into(&mut out, format_args!(
            "<path class=\"axis\" d=\"M{LEFT} {BOTTOM}H{RIGHT}\"/>\
             <text x=\"{:.0}\" y=\"{}\" text-anchor=\"middle\">{x_name}</text>\
             <text transform=\"translate(12 {:.0}) rotate(-90)\" text-anchor=\"middle\">{y_name}</text>\n",
            (LEFT + RIGHT) / 2.0,
            BOTTOM + 38.0,
            (TOP + BOTTOM) / 2.0
        ));
        out
    }

    /// The entries, in as many lines as they need, and the height of the picture.
    fn legend(&self) -> (String, f64) {
        let (mut x, mut y, mut out) = (LEFT, LEGEND, String::new());
        for (sign, words) in &self.legend {
            let width = 30.0 + 6.6 * words.chars().count() as f64;
            if x > LEFT && x + width > RIGHT + 8.0 {
                (x, y) = (LEFT, y + LEGEND_LINE);
            }
            self.put_into(&mut out, format_args!(
                "<g transform=\"translate({x:.0} {:.0})\">{sign}</g><text x=\"{:.0}\" y=\"{y:.0}\">{}</text>\n",
                y - 10.0,
                x + 28.0,
                Escaped(words)
            ));
            x += width + 14.0;
        }
        (out, if self.legend.is_empty() { LEGEND - 10.0 } else { y + 8.0 })
    }

    fn at_x(&self, value: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * self.x.place(value)
    }

    fn at_y(&self, value: f64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * self.y.place(value)
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.marks.write_fmt(text);
    }

    fn put_into(&self, out: &mut String, text: std::fmt::Arguments<'_>) {
        let _ = out.write_fmt(text);
    }
}

/// An SVG of the common width, with a description for screen readers.
pub(crate) fn picture(title: &str, description: &str, height: f64, body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"{0}\">\n<title>{0}</title>\n<desc>{1}</desc>\n{body}</svg>\n",
        Escaped(title),
        Escaped(description)
    )
}
