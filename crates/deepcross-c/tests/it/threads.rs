//! Several threads at once, and the memory that calls take.
#![expect(unsafe_code, reason = "functions of C are called")]

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use deepcross_c::{
    Column, Columns, Model, Output, Session, Status, deepcross_rank, deepcross_score_columns,
    deepcross_score_rows, deepcross_session_free, deepcross_session_new,
};
use deepcross_model::Scorer;
use deepcross_testing::{CountingAllocator, allocations};

use crate::common::{COLUMNS, Handles, Texts, last_error, model_path, ok, rows};
use crate::scoring::strings;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// A pointer that threads share.
struct Shared<T>(*mut T);

// SAFETY: models are for any number of threads, and sessions refuse a second one.
unsafe impl<T> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    fn get(&self) -> *mut T {
        self.0
    }
}

#[test]
fn eight_threads_with_a_session_each_score_as_one() {
    let handles = Handles::new("calibrated");
    let model: Shared<Model> = Shared(handles.model);
    let expected = handles.score(&Texts::of_rows(&rows(500)).rows(7), Output::Probability);
    let expected = expected.expect("good rows");
    let begin = Barrier::new(8);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (expected, begin, model) = (&expected, &begin, &model);
            scope.spawn(move || {
                let mut session = std::ptr::null_mut();
                // SAFETY: the model lives.
                ok(unsafe { deepcross_session_new(model.get(), &raw mut session) });
                let texts = Texts::of_rows(&rows(500));
                let own = Handles { model: std::ptr::null_mut(), session };
                begin.wait();
                for n in 1..40 {
                    let n = 1 + (n * 7 + thread) % 500;
                    let rows = deepcross_c::Rows { n_rows: n, ..texts.rows(7) };
                    let found = own.score(&rows, Output::Probability).expect("good rows");
                    assert_eq!(found, expected[..n]);
                }
            });
        }
    });
}

#[test]
fn a_session_that_is_in_use_refuses_a_second_thread() {
    let handles = Handles::new("plain");
    let session: Shared<Session> = Shared(handles.session);
    let (is_done, refused, scored) =
        (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let expected = handles.score(&Texts::of_rows(&rows(300)).rows(7), Output::Logit);
    let expected = expected.expect("good rows");
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let texts = Texts::of_rows(&rows(300));
                let rows = texts.rows(7);
                let mut scores = vec![0.0; 300];
                // Until both have happened, on any machine.
                while !is_done.load(Ordering::Relaxed) {
                    let start = scores.as_mut_ptr();
                    // SAFETY: the buffers live.
                    let status = unsafe {
                        deepcross_score_rows(session.get(), &raw const rows, 1, start, 300)
                    };
                    match status {
                        Status::Ok => {
                            assert_eq!(scores, expected);
                            scored.fetch_add(1, Ordering::Relaxed);
                        }
                        Status::Busy => {
                            assert!(last_error().contains("another thread is using it"));
                            refused.fetch_add(1, Ordering::Relaxed);
                        }
                        other => panic!("{other:?}: {}", last_error()),
                    }
                    let both = [&scored, &refused].map(|count| count.load(Ordering::Relaxed));
                    if both[0] > 20 && both[1] > 20 {
                        is_done.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
}

/// The allocations of a call after two of the same kind.
fn warm(mut call: impl FnMut()) -> u64 {
    call();
    call();
    allocations(call)
}

#[test]
fn a_warm_call_allocates_no_more_than_the_scorer() {
    const N: usize = 300;
    let handles = Handles::new("plain");
    let (texts, names) = (Texts::of_rows(&rows(N)), Texts::new(COLUMNS.map(Some)));
    let by_position = texts.rows(7);
    let by_name = deepcross_c::Rows { names: names.pointers.as_ptr(), ..by_position };
    let own: Vec<Texts> =
        (0..7).map(|at| Texts::new(rows(N).iter().map(|row| row[at].as_deref()))).collect();
    let each = own.iter().zip(&names.pointers);
    let columns: Vec<_> = each.map(|(own, &name)| Column { name, ..strings(own) }).collect();
    let part = |from: usize, to: usize, n_rows| Columns {
        columns: columns[from..to].as_ptr(),
        n_columns: to - from,
        n_rows,
    };
    let (all, shared, candidates) = (part(0, 7, N), part(0, 2, 1), part(2, 7, N));
    let (mut scores, mut order) = (vec![0.0; N], vec![0; N]);
    let (start, positions, session) = (scores.as_mut_ptr(), order.as_mut_ptr(), handles.session);
    // SAFETY: the buffers live.
    let found = unsafe {
        [
            warm(|| ok(deepcross_score_rows(session, &by_position, 0, start, N))),
            warm(|| ok(deepcross_score_rows(session, &by_name, 1, start, N))),
            warm(|| ok(deepcross_score_columns(session, &all, 0, start, N))),
            warm(|| ok(deepcross_rank(session, &shared, &candidates, 0, start, positions, N))),
        ]
    };

    let scorer = Scorer::load(&model_path("plain")).expect("the model");
    let header: Vec<_> = scorer.encoder().columns().into_iter().map(str::to_owned).collect();
    let binding = scorer.encoder().bind(&header).expect("its own columns");
    let texts = rows(N).into_iter().map(|row| row.map(Option::unwrap_or_default));
    let texts: Vec<_> = texts.collect();
    let mut session = scorer.session();
    let of_scorer = warm(|| {
        assert!(scorer.push_all(&mut session, &binding, &texts));
        scorer.score(&mut session);
    });
    let mut session = scorer.candidate_session(&binding, &[0, 1]);
    let of_ranking = warm(|| {
        scorer.share(&mut session, &texts[0]).expect("a good row");
        assert!(scorer.push_candidates(&mut session, &texts));
        scorer.rank(&mut session);
    });
    assert_eq!(found, [of_scorer, of_scorer, of_scorer, of_ranking]);
}

#[test]
fn a_session_outlives_its_model() {
    let mut handles = Handles::new("plain");
    // SAFETY: the model is not used afterwards, and NULL is freed at the end.
    unsafe { deepcross_c::deepcross_model_free(handles.model) };
    handles.model = std::ptr::null_mut();
    let texts = Texts::of_rows(&rows(3));
    assert!(handles.score(&texts.rows(7), Output::Probability).is_ok());
    // SAFETY: NULL is allowed.
    unsafe { deepcross_session_free(std::ptr::null_mut()) };
}
