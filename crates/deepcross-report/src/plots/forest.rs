//! Values with their intervals, one below the other.

use super::Plot;
use crate::chart::picture;
use crate::markup::Escaped;
use crate::scale::Scale;
use deepcross_metrics::Interval;
use std::fmt::Write;

const LEFT: f64 = 14.0;
const RIGHT: f64 = 346.0;
/// The height of a row: its words, and below them its interval.
const ROW: f64 = 40.0;
/// The colours that the style has.
const COLOURS: usize = 8;

/// A row of [`Plot::forest`].
#[derive(Clone, Debug, PartialEq)]
pub struct ForestRow {
    /// What it is of.
    pub name: String,
    /// The value.
    pub value: f64,
    /// Where its true value lies, at a level that the report tells elsewhere.
    pub interval: Interval,
}

impl Plot {
    /// Values with intervals on one axis, one below the other, each with the colour that [`Plot::lines`] has at its place;
    /// a dashed line stands at the value of the row at place `best`.
    ///
    /// Values and ends that are not finite are left out.
    pub fn forest(title: impl Into<String>, axis: &str, rows: &[ForestRow], best: usize) -> Self {
        let title = title.into();
        let ends = rows.iter().flat_map(|row| [row.value, row.interval.low, row.interval.high]);
        let scale = Scale::linear(ends, 5);
        let at = |value: f64| LEFT + (RIGHT - LEFT) * scale.place(value);
        let bottom = 4.0 + ROW * rows.len() as f64;
        let mut body = frame(&scale, &at, (axis, bottom));
        let best = rows.get(best).filter(|row| row.value.is_finite()).map(|row| at(row.value));
        for (place, row) in rows.iter().enumerate() {
            // Beside the intervals alone, so that it crosses no words; writing to a string does not fail.
            let y = 4.0 + ROW * place as f64 + 19.0;
            let _ = best
                .map_or(Ok(()), |x| writeln!(body, "<path class=\"ideal\" d=\"M{x:.1} {y}v16\"/>"));
            body += &drawn(row, &at, place);
        }
        let told: Vec<_> = rows.iter().map(described).collect();
        Self { svg: picture(bottom + 46.0, &title, &told.join(" "), &body), title }
    }
}

fn frame(scale: &Scale, at: &dyn Fn(f64) -> f64, (axis, bottom): (&str, f64)) -> String {
    let mut out = String::new();
    for (place, (value, label)) in scale.ticks.iter().enumerate() {
        // The labels at both ends would stand out of the picture if they were centred.
        let anchor = match place {
            0 => "start",
            last if last + 1 == scale.ticks.len() => "end",
            _ => "middle",
        };
        let x = at(*value);
        let _ = writeln!(
            out,
            "<path class=\"grid\" d=\"M{x:.1} 4V{bottom}\"/>\
             <text class=\"tick\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{label}</text>",
            bottom + 18.0
        );
    }
    let _ = writeln!(
        out,
        "<path class=\"axis\" d=\"M{LEFT} {bottom}H{RIGHT}\"/>\
         <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        (LEFT + RIGHT) / 2.0,
        bottom + 38.0,
        Escaped(axis)
    );
    out
}

fn drawn(
    ForestRow { name, value, interval }: &ForestRow,
    at: &dyn Fn(f64) -> f64,
    place: usize,
) -> String {
    let (top, colour) = (4.0 + ROW * place as f64, place % COLOURS);
    let Interval { low, high } = *interval;
    let mut out = format!("<text x=\"{LEFT}\" y=\"{0}\">{1}</text>\n", top + 14.0, Escaped(name));
    if !(value.is_finite() && low.is_finite() && high.is_finite()) {
        return out;
    }
    let (y, start) = (top + 27.0, at(low));
    let _ = writeln!(
        out,
        "<text class=\"tick\" x=\"{RIGHT}\" y=\"{}\" text-anchor=\"end\">{value:.4} ({low:.4} to {high:.4})</text>\
         <path class=\"whisker s{colour}\" fill=\"none\" d=\"M{start:.1} {:.1}v8m0 -4H{:.1}m0 -4v8\"/>\
         <circle class=\"f{colour}\" cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4\"/>",
        top + 14.0,
        y - 4.0,
        at(high),
        at(*value)
    );
    out
}

fn described(ForestRow { name, value, interval }: &ForestRow) -> String {
    match value.is_finite() && interval.low.is_finite() && interval.high.is_finite() {
        true => format!("{name}: {value:.4}, from {:.4} to {:.4}.", interval.low, interval.high),
        false => format!("{name}: nothing."),
    }
}
