//! The effect of a pair of values beside what is known: a shift of the logit, from the residuals of other rows.
//!
//! A cell is a pair of values.
//! With the residuals y − p of its rows and their variances p (1 − p), its shift is Σ (y − p) / (Σ p (1 − p) + s): one
//! step of Newton's method for the shift, with a penalty of s / 2 times its square.
//! A row never sees the residuals of its own part.

use super::additive::probability;
use super::id_rows::{IdColumn, JUDGES, Numbered, PARTS, part};

/// The strengths of the penalty that are tried.
const STRENGTHS: [f32; 3] = [0.5, 2.0, 8.0];

/// The largest factor of a shift.
const MOST: f64 = 2.0;

/// The residuals of a cell by part.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    residuals: [f32; JUDGES],
    variances: [f32; JUDGES],
}

/// The shifts of a pair of columns, times the best factor.
#[derive(Clone, Debug)]
pub(super) struct PairEffect {
    cells: Vec<Cell>,
    cell_of_row: Vec<u32>,
    strength: f32,
    factor: f64,
    /// The estimated gain in log loss on the choosing rows, in nats a row.
    pub(super) score: f64,
    /// The mean log loss of the choosing rows without the pair.
    pub(super) additive_loss: f64,
}

/// The gain of a pair on the judging rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Judged {
    /// The mean log loss without the pair.
    pub(super) additive_loss: f64,
    /// The mean decrease of the log loss.
    pub(super) gain: f64,
    pub(super) standard_error: f64,
    pub(super) rows: u64,
}

impl PairEffect {
    /// The effect beside the prediction with the log-odds `logits`, of the first rows that have one.
    pub(super) fn new([a, b]: [&IdColumn; 2], positives: &[bool], logits: &[f32]) -> Self {
        let (cell_of_row, n_cells) = cells([a, b], logits.len());
        let mut cells = vec![Cell::default(); n_cells];
        let choosing =
            || (0..logits.len()).map(|row| (row, part(row))).filter(|(_, p)| *p != JUDGES);
        let expected: Vec<f32> =
            logits.iter().map(|logit| probability(f64::from(*logit)) as f32).collect();
        let residual = |row: usize| f32::from(u8::from(positives[row])) - expected[row];
        let variance = |row: usize| expected[row] * (1.0 - expected[row]);
        for (row, part) in choosing() {
            let cell = &mut cells[cell_of_row[row] as usize];
            cell.residuals[part] += residual(row);
            cell.variances[part] += variance(row);
        }
        let (mut gradients, mut curvatures) = ([0.0; STRENGTHS.len()], [0.0; STRENGTHS.len()]);
        for (row, part) in choosing() {
            let (sum, variances) = cells[cell_of_row[row] as usize].of_others(part);
            for (i, strength) in STRENGTHS.into_iter().enumerate() {
                let shift = sum / (variances + strength);
                gradients[i] += f64::from(shift * residual(row));
                curvatures[i] += f64::from(shift * shift * variance(row));
            }
        }
        let n_choosing = choosing().count().max(1) as f64;
        let of_strength = |i: usize| {
            let factor = f64::max(gradients[i] / f64::max(curvatures[i], 1e-12), 0.0).min(MOST);
            let score = factor * gradients[i] - factor * factor * curvatures[i] / 2.0;
            (score / n_choosing, factor, STRENGTHS[i])
        };
        let (score, factor, strength) = (0..STRENGTHS.len())
            .map(of_strength)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap_or_default();
        let loss: f64 =
            choosing().map(|(row, _)| log_loss(f64::from(logits[row]), positives[row])).sum();
        let additive_loss = loss / n_choosing;
        Self { cells, cell_of_row, strength, factor, score, additive_loss }
    }

    /// The number of different pairs of values.
    pub(super) fn n_cells(&self) -> usize {
        self.cells.len()
    }

    /// The shift of the logit of a row.
    pub(super) fn shift(&self, row: usize) -> f64 {
        let (sum, variances) = self.cells[self.cell_of_row[row] as usize].of_others(part(row));
        self.factor * f64::from(sum / (variances + self.strength))
    }

    /// The gain on the judging rows.
    pub(super) fn judged(&self, positives: &[bool], logits: &[f32]) -> Judged {
        let (mut rows, mut loss, mut sum, mut squares) = (0_u64, 0.0, 0.0, 0.0);
        for row in (0..logits.len()).filter(|row| part(*row) == JUDGES) {
            let logit = f64::from(logits[row]);
            let [before, after] =
                [logit, logit + self.shift(row)].map(|logit| log_loss(logit, positives[row]));
            let gain = before - after;
            rows += 1;
            loss += before;
            sum += gain;
            squares += gain * gain;
        }
        let n = rows.max(1) as f64;
        let gain = sum / n;
        let standard_error = ((squares / n - gain * gain).max(0.0) / n).sqrt();
        Judged { additive_loss: loss / n, gain, standard_error, rows }
    }
}

impl Cell {
    /// The sums of the residuals and variances of the choosing rows of other parts than `own`.
    #[inline]
    fn of_others(&self, own: usize) -> (f32, f32) {
        let (mut residuals, mut variances) = (0.0, 0.0);
        for part in (0..PARTS - 1).filter(|part| *part != own) {
            residuals += self.residuals[part];
            variances += self.variances[part];
        }
        (residuals, variances)
    }
}

/// The log loss of a row, from the log-odds.
fn log_loss(logit: f64, positive: bool) -> f64 {
    let logit = if positive { -logit } else { logit };
    f64::max(logit, 0.0) + libm::log1p(libm::exp(-logit.abs()))
}

/// The cell of each of the first rows, and the number of cells.
fn cells([a, b]: [&IdColumn; 2], n_rows: usize) -> (Vec<u32>, usize) {
    let mut known = Numbered::default();
    let cell = |(a, b): (&u32, &u32)| known.number(u64::from(*a) << 32 | u64::from(*b));
    let cell_of_row = a.ids[..n_rows].iter().zip(&b.ids).map(cell).collect();
    (cell_of_row, known.len())
}
