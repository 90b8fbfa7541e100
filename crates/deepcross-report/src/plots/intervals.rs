//! The forest plot: estimates with their intervals, a line each.

use super::Plot;
use crate::chart::picture;
use crate::markup::Escaped;
use crate::scale::Scale;
use deepcross_metrics::Interval;
use std::fmt::Write;

/// The number of lines that are drawn, from the first; nobody would read more.
const MAX_ROWS: usize = 40;
const RIGHT: f64 = 346.0;
const TOP: f64 = 10.0;
const LINE: f64 = 18.0;
/// The greatest and the least width for names, and the width of a letter.
const NAMES: (f64, f64, f64) = (165.0, 58.0, 6.6);

/// A line of [`Plot::intervals`].
#[derive(Clone, Debug, PartialEq)]
pub struct IntervalRow {
    /// The name of the estimate; a long one is cut in the plot.
    pub name: String,
    /// The estimate; one that is not finite is not drawn.
    pub estimate: f64,
    /// The interval of the true value; without one, a dot alone is drawn.
    pub interval: Option<Interval>,
}

/// A named value that the lines of [`Plot::intervals`] are compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reference<'a> {
    /// The value, at which a vertical line is drawn.
    pub value: f64,
    /// The entry of the line in the legend.
    pub name: &'a str,
}

impl Plot {
    /// Estimates on one axis, each with its interval, in the order given; at most the first 40 are drawn.
    ///
    /// A full dot is an estimate whose interval does not contain the reference; the dots of all others are open.
    pub fn intervals(
        title: impl Into<String>,
        x_name: &str,
        rows: &[IntervalRow],
        reference: Option<Reference<'_>>,
    ) -> Self {
        let title = title.into();
        let drawn = &rows[..rows.len().min(MAX_ROWS)];
        let forest = Forest::new(drawn, reference);
        let mut body = forest.axis(x_name);
        drawn.iter().enumerate().for_each(|(place, row)| forest.row(&mut body, place, row));
        let height = forest.legend(&mut body, rows.len() - drawn.len());
        let description = described(rows, reference);
        Self { svg: picture(&title, &description, height, &body), title }
    }
}

/// The layout of the plot.
struct Forest<'a> {
    scale: Scale,
    left: f64,
    bottom: f64,
    reference: Option<Reference<'a>>,
}

impl<'a> Forest<'a> {
    fn new(rows: &[IntervalRow], reference: Option<Reference<'a>>) -> Self {
        let ends =
            |row: &IntervalRow| row.interval.map_or([row.estimate; 2], |own| [own.low, own.high]);
        let values = rows.iter().flat_map(|row| [row.estimate].into_iter().chain(ends(row)));
        let scale = Scale::linear(values.chain(reference.map(|line| line.value)), 3);
        let longest = rows.iter().map(|row| width(&row.name)).fold(0.0, f64::max);
        let left = (longest + 14.0).clamp(NAMES.1, NAMES.0);
        let bottom = TOP + LINE * rows.len().max(1) as f64 + 4.0;
        Self { scale, left, bottom, reference }
    }

    fn axis(&self, name: &str) -> String {
        let Self { left, bottom, .. } = *self;
        let mut out = String::new();
        for (value, label) in &self.scale.ticks {
            let x = self.at(*value);
            // A centred label at the edge would leave the picture.
            let anchor = if x > RIGHT - 12.0 { "end" } else { "middle" };
            put(
                &mut out,
                format_args!(
                    "<path class=\"grid\" d=\"M{x:.1} {TOP}V{bottom}\"/>\
                     <text class=\"tick\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{label}</text>\n",
                    bottom + 18.0
                ),
            );
        }
        put(
            &mut out,
            format_args!(
                "<path class=\"axis\" d=\"M{left:.1} {bottom}H{RIGHT}\"/>\
                 <text x=\"{:.0}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                (left + RIGHT) / 2.0,
                bottom + 38.0,
                Escaped(name)
            ),
        );
        if let Some(Reference { value, .. }) = self.reference.filter(|line| line.value.is_finite())
        {
            let x = self.at(value);
            put(&mut out, format_args!("<path class=\"ideal\" d=\"M{x:.1} {TOP}V{bottom}\"/>\n"));
        }
        out
    }

    fn row(&self, out: &mut String, place: usize, row: &IntervalRow) {
        let y = TOP + LINE * (place as f64 + 0.5) + 2.0;
        let (x, base) = (self.left - 8.0, y + 4.0);
        let short = shortened(&row.name, self.left - 14.0);
        put(
            out,
            format_args!(
                "<text x=\"{x:.1}\" y=\"{base}\" text-anchor=\"end\">{}<title>{}</title></text>\n",
                Escaped(&short),
                Escaped(&row.name)
            ),
        );
        if !row.estimate.is_finite() {
            return;
        }
        if let Some(Interval { low, high }) = row.interval {
            let (low, high) = (self.at(low), self.at(high));
            put(
                out,
                format_args!(
                    "<path class=\"whisker s0\" fill=\"none\" d=\"M{low:.1} {}v6m0 -3H{high:.1}m0 -3v6\"/>\n",
                    y - 3.0
                ),
            );
        }
        let class = if self.is_apart(row) { "f0" } else { "open s0" };
        let x = self.at(row.estimate);
        put(out, format_args!("<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y}\" r=\"3.5\"/>\n"));
    }

    /// Draws the legend, and returns the height of the picture.
    fn legend(&self, out: &mut String, left_out: usize) -> f64 {
        let whisker = "<path class=\"whisker s0\" fill=\"none\" d=\"M1 3v6m0 -3h20m0 -3v6\"/>";
        let dot =
            |class| format!("{whisker}<circle class=\"{class}\" cx=\"11\" cy=\"6\" r=\"3.5\"/>");
        let mut entries = Vec::new();
        if let Some(Reference { name, .. }) = self.reference {
            entries.push((dot("f0"), "interval that does not reach the line".to_owned()));
            entries.push((dot("open s0"), "interval that reaches the line".to_owned()));
            entries.push(("<path class=\"ideal\" d=\"M0 6H22\"/>".to_owned(), name.to_owned()));
        } else {
            entries.push((dot("open s0"), "estimate and interval".to_owned()));
        }
        if left_out > 0 {
            entries.push((String::new(), format!("and {left_out} more, not drawn")));
        }
        let mut y = self.bottom + 62.0;
        for (sign, words) in entries {
            put(
                out,
                format_args!(
                    "<g transform=\"translate(14 {})\">{sign}</g><text x=\"42\" y=\"{y}\">{}</text>\n",
                    y - 10.0,
                    Escaped(&words)
                ),
            );
            y += LINE;
        }
        y - LINE + 8.0
    }

    fn is_apart(&self, row: &IntervalRow) -> bool {
        let ends = row.interval.zip(self.reference);
        ends.is_some_and(|(own, line)| own.low > line.value || own.high < line.value)
    }

    fn at(&self, value: f64) -> f64 {
        self.left + (RIGHT - self.left) * self.scale.place(value)
    }
}

fn described(rows: &[IntervalRow], reference: Option<Reference<'_>>) -> String {
    const DESCRIBED: usize = 10;
    let mut out = String::new();
    if let Some(Reference { value, name }) = reference {
        put(&mut out, format_args!("The line of reference is at {value} ({name}). "));
    }
    for IntervalRow { name, estimate, interval } in rows.iter().take(DESCRIBED) {
        match interval {
            _ if !estimate.is_finite() => put(&mut out, format_args!("{name}: not defined. ")),
            Some(Interval { low, high }) => {
                put(&mut out, format_args!("{name}: {estimate:.4}, {low:.4} to {high:.4}. "));
            }
            None => put(&mut out, format_args!("{name}: {estimate:.4}. ")),
        }
    }
    if rows.len() > DESCRIBED {
        put(&mut out, format_args!("And {} more.", rows.len() - DESCRIBED));
    }
    out
}

/// The approximate width of a text.
fn width(text: &str) -> f64 {
    text.chars().map(letter).sum()
}

/// The width of a character; those of East Asian scripts are twice as wide.
fn letter(c: char) -> f64 {
    if c < '\u{2e80}' { NAMES.2 } else { 2.0 * NAMES.2 }
}

/// The beginning of a text that fits, with an ellipsis if the text is longer.
fn shortened(text: &str, room: f64) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut taken = letter('…');
    let fits = |c: &char| {
        taken += letter(*c);
        taken <= room
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, estimate: f64, ends: Option<(f64, f64)>) -> IntervalRow {
        let interval = ends.map(|(low, high)| Interval { low, high });
        IntervalRow { name: name.to_owned(), estimate, interval }
    }

    #[test]
    fn dots_show_whether_the_reference_is_in_the_interval() {
        let rows = [
            row("above", 2.0, Some((1.5, 2.5))),
            row("below", 0.5, Some((0.4, 0.9))),
            row("around", 1.1, Some((0.9, 1.3))),
            row("alone", 1.2, None),
            row("nothing", f64::NAN, None),
        ];
        let line = Some(Reference { value: 1.0, name: "ideal" });
        let svg = Plot::intervals("t", "x", &rows, line).svg;
        // One more of each is in the legend.
        assert_eq!(svg.matches("<circle class=\"f0\"").count(), 3, "{svg}");
        assert_eq!(svg.matches("<circle class=\"open s0\"").count(), 3, "{svg}");
        assert_eq!(svg.matches("class=\"whisker s0\"").count(), 5, "{svg}");
        assert!(svg.contains("above: 2.0000, 1.5000 to 2.5000. "), "{svg}");
        assert!(svg.contains("nothing: not defined."), "{svg}");
        assert!(!svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn names_and_lines_beyond_the_room_are_cut() {
        let long = "a_name_that_is_much_longer_than_the_room_for_it";
        let rows = vec![row(long, 0.5, None); MAX_ROWS + 3];
        let svg = Plot::intervals("t", "x", &rows, None).svg;
        assert!(svg.contains(&format!("…<title>{long}</title>")), "{svg}");
        assert!(svg.contains("and 3 more, not drawn"), "{svg}");
        assert_eq!(svg.matches(&format!("<title>{long}")).count(), MAX_ROWS);
        assert_eq!(shortened("好好好好好好", 60.0), "好好好好…");
        assert_eq!(shortened("short", 60.0), "short");
        assert!(Plot::intervals("t", "x", &[], None).svg.contains("class=\"tick\""));
    }
}
