//! The reciprocal rank of the first positive row of a list, whose mean over lists is the MRR (Voorhees 1999, "The
//! TREC-8 Question Answering Track Report").

use crate::{Ranked, Score};

impl<S: Score> Ranked<S> {
    /// 1 over the rank of the first positive row, in (0, 1], where the row of the highest score has rank 1; `None` if no
    /// positive row has weight.
    ///
    /// Tied rows have no order: the value is its mean over all their orders (McSherry and Najork 2008, "Computing
    /// Information Retrieval Performance Measures Efficiently in the Presence of Tied Scores", section 2.3).
    /// Rows without weight are left out, and a weight does not change a rank: a rank is a place in a list.
    pub fn reciprocal_rank(&self) -> Option<f64> {
        let (mut above, mut found) = (0, None);
        self.for_each_tied(|tied| {
            if found.is_none() && tied.positive_rows > 0 {
                found = Some(first_among_tied(above, tied.rows, tied.positive_rows));
            }
            above += tied.rows;
        });
        found
    }
}

/// The expected reciprocal rank of the first positive row among `rows` tied rows, below `above` others.
fn first_among_tied(above: u64, rows: u64, positives: u64) -> f64 {
    let (mut expected, mut none_before) = (0.0, 1.0);
    for before in 0..=rows - positives {
        let left = (rows - before) as f64;
        let is_first = none_before * (positives as f64 / left);
        expected += is_first / (above + before + 1) as f64;
        none_before *= (left - positives as f64) / left;
    }
    // Rounding may lift a certain first place above 1 by the last bit.
    f64::min(expected, 1.0)
}

#[cfg(test)]
mod tests {
    use crate::ScoredRows;
    use crate::test_support::assert_close;

    #[track_caller]
    fn check(rows: &[(f64, u8, f64)], expected: Option<f64>) {
        let mut scored = ScoredRows::default();
        for &(score, label, weight) in rows {
            scored.push(score, label, weight).expect("rows of the table are good");
        }
        assert_close(scored.into_ranked().reciprocal_rank(), expected);
    }

    #[test]
    fn is_1_over_the_rank_of_the_first_positive_row() {
        check(&[(0.9, 1, 1.0), (0.5, 0, 1.0)], Some(1.0));
        check(&[(0.9, 0, 1.0), (0.5, 0, 1.0), (0.4, 1, 1.0), (0.3, 1, 1.0)], Some(1.0 / 3.0));
        check(&[(0.9, 0, 1.0)], None);
        check(&[], None);
    }

    #[test]
    fn tied_rows_count_in_all_orders() {
        check(&[(0.5, 1, 1.0), (0.5, 0, 1.0)], Some(0.75));
        // Behind one row: 2 of 3 orders begin with a positive row.
        let tied = [(0.9, 0, 1.0), (0.5, 1, 1.0), (0.5, 1, 1.0), (0.5, 0, 1.0)];
        check(&tied, Some(2.0 / 3.0 / 2.0 + 1.0 / 3.0 / 3.0));
    }

    #[test]
    fn a_weight_is_not_a_place() {
        check(&[(0.9, 0, 5.0), (0.5, 1, 0.25)], Some(0.5));
        check(&[(0.9, 0, 0.0), (0.5, 1, 1.0)], Some(1.0));
        check(&[(0.9, 0, 1.0), (0.5, 1, 0.0)], None);
    }
}
