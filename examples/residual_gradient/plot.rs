//! The norms at each depth as curves, on an axis of powers of ten.
//!
//! The axis is a linear axis of exponents with our own ticks: whole powers, however far apart the norms lie.
//! A norm of 0 has no place on such an axis: the curve ends there, and its legend says how often this happens.

use crate::flow::Flow;
use crate::report::in_words;
use crate::stack::Kind;
use deepcross::autodiff::Activation;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::error::Error;
use std::ops::Range;

const SIZE: (u32, u32) = (960, 560);
const LEGEND_WIDTH: i32 = 230;
const LEGEND_LINE: i32 = 48;
const GREY: RGBColor = RGBColor(90, 90, 90);
/// The lengths of a dash and of the gap after it, in pixels.
const DASH: (i32, i32) = (7, 5);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Points = Vec<(f64, f64)>;

/// A linear axis from the first tick to the end.
struct Axis {
    ticks: Vec<f64>,
    end: f64,
    label: fn(f64) -> String,
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, &value: &f64, (from, to): (i32, i32)) -> i32 {
        let Range { start, end } = self.range();
        from + ((value - start) / (end - start) * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.ticks[0]..self.end
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, &value: &f64) -> String {
        (self.label)(value)
    }
}

/// One curve for each stack; all stacks have the same depth.
pub(crate) struct Plot<'a> {
    pub(crate) title: String,
    pub(crate) flows: Vec<(Kind, &'a Flow)>,
    /// The ticks of the axis of norms, as powers of ten; the axis goes from the first to the last.
    pub(crate) exponents: Vec<f64>,
}

impl Plot<'_> {
    pub(crate) fn svg(&self) -> Result<String, Box<dyn Error>> {
        let mut svg = String::new();
        {
            let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            root.fill(&WHITE)?;
            let (chart, legend) = root.split_horizontally(SIZE.0 as i32 - LEGEND_WIDTH);
            self.draw_chart(&chart)?;
            self.draw_legend(&legend)?;
            root.present()?;
        }
        Ok(svg)
    }

    fn depth(&self) -> usize {
        self.flows.iter().map(|(_, flow)| flow.norms.len() - 1).max().unwrap_or(0)
    }

    fn draw_chart(&self, area: &Area<'_>) -> Result<(), Box<dyn Error>> {
        let depth = self.depth();
        let every = depth.div_ceil(8).max(1);
        let depths = Axis {
            ticks: (0..=depth).step_by(every).map(|i| i as f64).collect(),
            end: depth as f64,
            label: |i| format!("{i}"),
        };
        let norms = Axis {
            ticks: self.exponents.clone(),
            end: self.exponents[self.exponents.len() - 1],
            label: power_of_ten,
        };
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, ("sans-serif", 24))
            .margin(14)
            .x_label_area_size(52)
            .y_label_area_size(74)
            .build_cartesian_2d(depths, norms)?;
        chart
            .configure_mesh()
            .x_desc(format!(
                "depth i, from the stacked input h(0) up to h({depth}) under the score"
            ))
            .y_desc("norm of ∂L/∂h(i)")
            .axis_desc_style(("sans-serif", 18))
            .label_style(("sans-serif", 16))
            .light_line_style(TRANSPARENT)
            .bold_line_style(RGBColor(225, 225, 225))
            .draw()?;
        // The last curve is drawn first, so that its thick line lies under the others.
        for &(kind, flow) in self.flows.iter().rev() {
            for points in pieces(&flow.norms) {
                if let [point] = points[..] {
                    chart.draw_series([Circle::new(point, 3, colour(kind).filled())])?;
                } else if matches!(kind, Kind::Plain(_)) {
                    let (dash, gap) = DASH;
                    chart.draw_series(DashedLineSeries::new(points, dash, gap, line(kind)))?;
                } else {
                    chart.draw_series(LineSeries::new(points, line(kind)))?;
                }
            }
        }
        Ok(())
    }

    fn draw_legend(&self, area: &Area<'_>) -> Result<(), Box<dyn Error>> {
        let left = Pos::new(HPos::Left, VPos::Center);
        let name = TextStyle::from(("sans-serif", 18)).pos(left);
        let note = TextStyle::from(("sans-serif", 15)).pos(left).color(&GREY);
        let depth = self.depth();
        let head = format!("from h({depth}) down to h(0), it");
        area.draw(&Text::new(head, (4, 50), note.clone()))?;
        for (i, &(kind, flow)) in self.flows.iter().enumerate() {
            let y = 84 + LEGEND_LINE * i as i32;
            let sample = [(4, y), (40, y)];
            if matches!(kind, Kind::Plain(_)) {
                let (dash, gap) = DASH;
                area.draw(&DashedPathElement::new(sample, dash, gap, line(kind)))?;
            } else {
                area.draw(&PathElement::new(sample, line(kind)))?;
            }
            area.draw(&Text::new(kind.to_string(), (50, y), name.clone()))?;
            area.draw(&Text::new(legend_note(flow), (50, y + 18), note.clone()))?;
        }
        Ok(())
    }
}

/// The legend's note on a curve: how the gradient changes, or why the curve has gaps.
fn legend_note(flow: &Flow) -> String {
    let n_zeros = flow.norms.iter().filter(|&&norm| norm == 0.0).count();
    let n_bad = flow.norms.iter().filter(|norm| !norm.is_finite()).count();
    let n = flow.norms.len();
    match (n_zeros, n_bad) {
        (0, 0) => in_words(flow.orders()),
        (_, 0) => format!("is 0 at {n_zeros} of {n} depths"),
        _ => format!("is not finite at {n_bad} of {n} depths"),
    }
}

/// Splits a curve at the norms that have no finite logarithm.
fn pieces(norms: &[f64]) -> Vec<Points> {
    let points: Points =
        norms.iter().enumerate().map(|(i, norm)| (i as f64, norm.log10())).collect();
    let pieces = points.split(|(_, exponent)| !exponent.is_finite());
    pieces.filter(|piece| !piece.is_empty()).map(<[_]>::to_vec).collect()
}

/// Ticks for these norms, at most 16: whole powers of ten at equal distances.
pub(crate) fn exponents<'a>(flows: impl Iterator<Item = &'a Flow>) -> Vec<f64> {
    let exponents = flows.flat_map(|flow| &flow.norms).map(|norm| norm.log10());
    let (lowest, highest) = exponents
        .filter(|exponent| exponent.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    // If there is no finite norm, the axis goes from 0.1 to 1.
    let (lowest, highest) = if lowest <= highest { (lowest, highest) } else { (-1.0, 0.0) };
    let fits = |step: &f64| (highest / step).ceil() - (lowest / step).floor() <= 15.0;
    let step = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0].into_iter().find(fits).unwrap_or(100.0);
    let first = (lowest / step).floor();
    let last = (highest / step).ceil().max(first + 1.0);
    (0..=(last - first) as usize).map(|i| (first + i as f64) * step).collect()
}

/// A power of ten as text, such as `10⁻⁵`.
fn power_of_ten(exponent: f64) -> String {
    let raised = |digit: char| match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '0' | '4'..='9' => {
            char::from_u32('⁰' as u32 + digit as u32 - '0' as u32).expect("they are in a row")
        }
        other => other,
    };
    format!("10{}", format!("{exponent:.0}").chars().map(raised).collect::<String>())
}

fn line(kind: Kind) -> ShapeStyle {
    colour(kind).stroke_width(if kind == Kind::TwoLayer { 3 } else { 2 })
}

/// Colours of Okabe and Ito, which colour-blind people can distinguish.
fn colour(kind: Kind) -> RGBColor {
    match kind {
        Kind::TwoLayer => BLACK,
        Kind::Plain(activation) | Kind::OneLayer(activation) => match activation {
            Activation::Sigmoid => RGBColor(0, 114, 178),
            Activation::Tanh => RGBColor(213, 94, 0),
            Activation::Relu => RGBColor(0, 158, 115),
            Activation::Identity => RGBColor(204, 121, 167),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(norms: &[f64]) -> Flow {
        Flow { norms: norms.to_vec(), loss: 0.25 }
    }

    #[test]
    fn zeros_are_reported_and_not_drawn() {
        let norms = [0.0, 0.0, 1e-9, 0.0, 1e-3, 1.0];
        assert_eq!(pieces(&norms), [vec![(2.0, -9.0)], vec![(4.0, -3.0), (5.0, 0.0)]]);
        let (vanished, whole) = (flow(&norms), flow(&[10.0, 1.0]));
        let flows = vec![(Kind::TwoLayer, &vanished), (Kind::Plain(Activation::Tanh), &whole)];
        let exponents = exponents([&vanished, &whole].into_iter());
        let svg = Plot { title: "norms".to_owned(), flows, exponents }.svg().unwrap();
        for wanted in ["is 0 at 3 of 6 depths", "grows by 1.0 orders", "10⁻⁹", "<circle"] {
            assert!(svg.contains(wanted), "{wanted} in {svg}");
        }
        for unwanted in ["NaN", "inf"] {
            assert!(!svg.contains(unwanted), "{unwanted} in {svg}");
        }
    }

    #[test]
    fn a_stack_without_gradient_still_has_axes() {
        let (nothing, too_much) = (flow(&[0.0, 0.0]), flow(&[f64::INFINITY, f64::NAN]));
        assert_eq!(legend_note(&too_much), "is not finite at 2 of 2 depths");
        let flows = vec![(Kind::TwoLayer, &nothing), (Kind::TwoLayer, &too_much)];
        let exponents = exponents([&nothing, &too_much].into_iter());
        assert_eq!(exponents, [-1.0, 0.0]);
        assert!(Plot { title: "norms".to_owned(), flows, exponents }.svg().is_ok());
    }

    #[test]
    fn ticks_are_whole_powers_around_the_norms() {
        let cases: [(&[f64], &[f64]); 4] = [
            (&[0.02, 5.0], &[-2.0, -1.0, 0.0, 1.0]),
            (&[1.0], &[0.0, 1.0]),
            (
                &[1e-19, 1.0, 0.0],
                &[-20.0, -18.0, -16.0, -14.0, -12.0, -10.0, -8.0, -6.0, -4.0, -2.0, 0.0],
            ),
            (
                &[1e-60, 1e2],
                &[
                    -60.0, -55.0, -50.0, -45.0, -40.0, -35.0, -30.0, -25.0, -20.0, -15.0, -10.0,
                    -5.0, 0.0, 5.0,
                ],
            ),
        ];
        for (norms, expected) in cases {
            assert_eq!(exponents([&flow(norms)].into_iter()), expected, "{norms:?}");
        }
        assert_eq!(power_of_ten(-1234567890.0), "10⁻¹²³⁴⁵⁶⁷⁸⁹⁰");
    }
}
