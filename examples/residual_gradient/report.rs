//! The measurements, as a table and in sentences that follow from its numbers.

use crate::flow::Measured;
use std::fmt::Write;

const HEAD: &str = "\
gradient at the bottom h(0) by that at the top h(n), in orders of magnitude: − decay, + growth

                              gradient              log loss
stack                depth    start    trained      start    trained
";

/// One line for each measurement.
pub(crate) fn table(all: &[Measured]) -> String {
    let mut table = HEAD.to_owned();
    for Measured { kind, depth, start, trained } in all {
        let [from, to] = [start, trained].map(|flow| orders(flow.orders()));
        let [before, after] = [start, trained].map(|flow| loss(flow.loss));
        writeln!(table, "{kind:20} {depth:5} {from:>8} {to:>10} {before:>10} {after:>10}")
            .expect("a string takes any text");
    }
    table
}

/// A sentence about a kind of stack: how its gradient changes, and what the stack has learned. `base` is the log loss
/// of the click rate alone.
pub(crate) fn sentence(measured: &Measured, base: f64) -> String {
    let Measured { kind, start, trained, .. } = measured;
    let [from, to] = [start, trained].map(|flow| in_words(flow.orders()));
    let [before, after] = [start, trained].map(|flow| loss(flow.loss));
    let learned = format!("the log loss goes from {before} to {after}");
    let side = if trained.loss < base { "below" } else { "not below" };
    let held = format!("{side} the {} of the click rate alone", loss(base));
    format!("{kind}: {from} at the start, and {to} after training; {learned}, {held}.")
}

/// A change of size in words, beginning with a verb.
pub(crate) fn in_words(orders: f64) -> String {
    match orders {
        f64::NEG_INFINITY => "is exactly 0 at the bottom".to_owned(),
        f64::INFINITY => "overflows".to_owned(),
        _ if orders.is_nan() => "cannot be compared".to_owned(),
        _ if orders.abs() < 0.05 => "keeps its size".to_owned(),
        _ if orders < 0.0 => format!("falls by {:.1} orders", -orders),
        _ => format!("grows by {orders:.1} orders"),
    }
}

/// A change of size as a cell of the table.
fn orders(orders: f64) -> String {
    match orders {
        f64::NEG_INFINITY => "to 0".to_owned(),
        f64::INFINITY => "to ∞".to_owned(),
        _ if orders.is_nan() => "?".to_owned(),
        // Not -0.0.
        _ => format!("{:+.1}", (orders * 10.0).round() / 10.0 + 0.0),
    }
}

/// A loss as text. A deep stack can start with extreme scores, so its loss has no upper bound.
fn loss(loss: f64) -> String {
    if loss < 1e3 { format!("{loss:.4}") } else { format!("{loss:.1e}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Flow;
    use crate::stack::Kind;

    fn flow(norms: [f64; 3]) -> Flow {
        Flow { norms: norms.to_vec(), loss: 0.25 }
    }

    #[track_caller]
    fn check(norms: [f64; 3], cell: &str, words: &str) {
        let found = flow(norms).orders();
        assert_eq!((orders(found).as_str(), in_words(found).as_str()), (cell, words), "{norms:?}");
    }

    #[test]
    fn every_change_of_size_is_reported() {
        check([1e-12, 1.0, 10.0], "-13.0", "falls by 13.0 orders");
        check([2e3, 1.0, 2.0], "+3.0", "grows by 3.0 orders");
        check([0.99, 1.0, 1.0], "+0.0", "keeps its size");
        check([1.2, 1.0, 1.0], "+0.1", "grows by 0.1 orders");
        check([0.0, 0.0, 1.0], "to 0", "is exactly 0 at the bottom");
        check([f64::INFINITY, 1.0, 1.0], "to ∞", "overflows");
        check([0.0, 0.0, 0.0], "?", "cannot be compared");
        check([1.0, 1.0, f64::NAN], "?", "cannot be compared");
        check([1e-320, 1.0, 1e300], "-620.0", "falls by 620.0 orders");
    }

    #[test]
    fn columns_stand_under_their_heads() {
        let (start, trained) = (flow([0.0, 0.0, 1.0]), flow([1e-300, 1.0, 1e300]));
        let measured = Measured { kind: Kind::TwoLayer, depth: 2, start, trained };
        let table = table(&[measured]);
        let mut lines = table.lines().rev();
        let (row, heads) = (lines.next().unwrap(), lines.next().unwrap());
        assert_eq!(row.chars().count(), heads.chars().count(), "{table}");
        let cells = ["to 0", "-600.0", "0.2500", "0.2500"];
        assert!(
            row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).eq([
                "paper's units, ReLU",
                "2",
                cells[0],
                cells[1],
                cells[2],
                cells[3]
            ]),
            "{row}"
        );
    }

    #[test]
    fn a_sentence_follows_from_the_numbers() {
        let (start, trained) = (flow([1e-2, 1.0, 1.0]), flow([1e3, 1.0, 1.0]));
        let measured = Measured { kind: Kind::TwoLayer, depth: 2, start, trained };
        for (base, side) in [(0.3, "below the 0.3000"), (0.2, "not below the 0.2000")] {
            let expected = format!(
                "paper's units, ReLU: falls by 2.0 orders at the start, and grows by 3.0 orders after training; \
                 the log loss goes from 0.2500 to 0.2500, {side} of the click rate alone."
            );
            assert_eq!(sentence(&measured, base), expected);
        }
    }

    #[test]
    fn a_loss_without_end_still_fits() {
        let cases = [(0.25, "0.2500"), (123456.0, "1.2e5"), (f64::INFINITY, "inf")];
        for (value, expected) in cases {
            assert_eq!(loss(value), expected);
        }
    }
}
