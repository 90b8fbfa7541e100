//! Ranking: candidates have the scores of whole rows, and the best comes first.
#![expect(unsafe_code, reason = "functions of C are called")]

use std::ffi::CString;
use std::ptr::{null, null_mut};

use deepcross_c::{Column, Columns, Output, Status, deepcross_rank};

use crate::common::{COLUMNS, Handles, Row, Texts, fails, ok, row};
use crate::describing::counts;
use crate::scoring::strings;

/// Rows that share the columns at these positions.
fn alike(n: usize, shared: &[usize]) -> Vec<Row> {
    let first = row(3);
    let own = |i: usize| {
        let mut row = row(i);
        shared.iter().for_each(|&at| row[at] = first[at].clone());
        row
    };
    (0..n).map(own).collect()
}

/// Columns of texts with names.
struct Named {
    _names: Vec<CString>,
    _texts: Vec<Texts>,
    columns: Vec<Column>,
    n_rows: usize,
}

impl Named {
    fn new(rows: &[Row], columns: impl Iterator<Item = usize> + Clone) -> Self {
        let names = columns.clone().map(|at| CString::new(COLUMNS[at]).expect("a name"));
        let names: Vec<_> = names.collect();
        let texts = columns.map(|at| Texts::new(rows.iter().map(|row| row[at].as_deref())));
        let texts: Vec<_> = texts.collect();
        let named = names.iter().zip(&texts);
        let columns =
            named.map(|(name, texts)| Column { name: name.as_ptr(), ..strings(texts) }).collect();
        Self { _names: names, _texts: texts, columns, n_rows: rows.len() }
    }

    fn get(&self) -> Columns {
        let Self { columns, n_rows, .. } = self;
        Columns { columns: columns.as_ptr(), n_columns: columns.len(), n_rows: *n_rows }
    }
}

fn rank(
    handles: &Handles,
    shared: &Columns,
    candidates: &Columns,
    output: Output,
) -> (Vec<f32>, Vec<usize>) {
    let n = candidates.n_rows;
    let (mut scores, mut order) = (vec![f32::NAN; n], vec![usize::MAX; n]);
    let into = (scores.as_mut_ptr(), order.as_mut_ptr());
    // SAFETY: the buffers live.
    ok(unsafe {
        deepcross_rank(handles.session, shared, candidates, output as u32, into.0, into.1, n)
    });
    (scores, order)
}

#[test]
fn candidates_have_the_scores_of_whole_rows_and_are_ordered() {
    for model in ["plain", "calibrated"] {
        let handles = Handles::new(model);
        for shared in [&[2, 3, 5][..], &[], &[0, 1, 2, 3, 4, 5, 6], &[6]] {
            let is_own = |at: &usize| !shared.contains(at);
            for n in [4096 + 100, 1, 0] {
                let rows = alike(n, shared);
                let common = Named::new(&[row(3)], shared.iter().copied());
                let own = Named::new(&rows, (0..7).rev().filter(is_own));
                for output in [Output::Probability, Output::Logit] {
                    let texts = Texts::of_rows(&rows);
                    let whole = handles.score(&texts.rows(7), output).expect("good rows");
                    let (scores, order) = rank(&handles, &common.get(), &own.get(), output);
                    let is_near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
                    assert_eq!(scores.len(), whole.len());
                    assert!(scores.iter().zip(&whole).all(is_near), "{scores:?} {whole:?}");
                    let mut sorted = order.clone();
                    sorted.sort_unstable();
                    assert!(sorted.iter().copied().eq(0..n), "each position once");
                    let is_sorted = order.windows(2).all(|pair| {
                        let [a, b] = [scores[pair[0]], scores[pair[1]]];
                        a > b || (a == b && (output == Output::Probability || pair[0] < pair[1]))
                    });
                    assert!(is_sorted, "{output:?}");
                }
            }
        }
    }
}

#[test]
fn shared_values_are_counted_once_and_need_not_be_given() {
    let handles = Handles::new("plain");
    let rows = alike(5, &[2, 3]);
    let shared = Named::new(&[row(3)], [2, 3].into_iter());
    let own = Named::new(&rows, [0, 1, 4, 5, 6].into_iter());
    let (scores, _) = rank(&handles, &shared.get(), &own.get(), Output::Logit);
    let found = counts(&handles);
    let values: Vec<_> = found.iter().map(|counts| counts.values).collect();
    // The fields: ad and its counts, tags, age (shared), the cross, title, hour, place and is_new.
    assert_eq!((values[0], values[3], values[4]), (5, 1, 5), "{values:?}");

    let all = Named::new(&rows, 0..7);
    let mut again = [0.0; 5];
    let (scored, n) = (again.as_mut_ptr(), again.len());
    // SAFETY: the buffers live, and NULL stands for no shared values and no order.
    ok(unsafe { deepcross_rank(handles.session, null(), &all.get(), 1, scored, null_mut(), n) });
    assert!(again.iter().zip(&scores).all(|(a, b)| (a - b).abs() < 1e-5));
}

#[test]
fn wrong_columns_are_refused() {
    let handles = Handles::new("plain");
    let rows = alike(2, &[2]);
    let one = [row(3)];
    let age = Named::new(&one, [2].into_iter());
    let mut scores = [0.0; 2];
    let start = scores.as_mut_ptr();
    let rank = |shared: &Columns, own: &Columns| {
        // SAFETY: the buffers live.
        unsafe { deepcross_rank(handles.session, shared, own, 0, start, null_mut(), 2) }
    };
    let own = Named::new(&rows, [0, 1, 3, 4, 5, 6].into_iter());
    ok(rank(&age.get(), &own.get()));
    let all = Named::new(&rows, 0..7);
    let status = rank(&age.get(), &all.get());
    fails(
        status,
        Status::DuplicateColumn,
        "`candidates.columns[2].name`: the column `age` is given twice",
    );
    let few = Named::new(&rows, [0, 1].into_iter());
    let status = rank(&age.get(), &few.get());
    fails(
        status,
        Status::AbsentColumn,
        "`candidates.columns`: the column `device` and 3 others is not given",
    );
    let two = Named::new(&rows, [2].into_iter());
    fails(rank(&two.get(), &own.get()), Status::WrongLength, "`shared.n_rows`: 2, expected 1");
    let unnamed: Vec<_> =
        all.columns.iter().map(|column| Column { name: null(), ..*column }).collect();
    let unnamed = Columns { columns: unnamed.as_ptr(), ..all.get() };
    let none = Columns { columns: null(), n_columns: 0, n_rows: 1 };
    let status = rank(&none, &unnamed);
    fails(status, Status::NullPointer, "`candidates.columns[0].name`: is NULL");

    let bad = [Row::from([const { None }; 7].map(|_: Option<String>| Some("odd".to_owned())))];
    let bad = Named::new(&bad, [2].into_iter());
    let status = rank(&bad.get(), &own.get());
    fails(status, Status::BadValue, "`shared`: field `age`, column `age`: `odd` is not");
    assert_eq!(deepcross_c::deepcross_last_error_row(), -1);
    let mut later = rows.clone();
    later[1][2] = Some("late".to_owned());
    let all = Named::new(&later, 0..7);
    let status = rank(&none, &all.get());
    fails(status, Status::BadValue, "`candidates[1]`: field `age`, column `age`: `late` is not");
    assert_eq!(deepcross_c::deepcross_last_error_row(), 1);
    ok(rank(&age.get(), &own.get()));
}
