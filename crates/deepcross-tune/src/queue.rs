//! Work that several jobs take from one queue, in order.

use std::sync::{Mutex, PoisonError};

/// Does `work` on all items, on `jobs` threads; after the first error no item is begun.
///
/// # Errors
/// The error that came first.
pub(crate) fn for_each<T: Send, E: Send>(
    items: impl IntoIterator<Item = T>,
    jobs: usize,
    work: impl Fn(T) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let items: Vec<_> = items.into_iter().collect();
    let jobs = jobs.min(items.len());
    let (queue, failed) = (Mutex::new(items.into_iter()), Mutex::new(None));
    let next = || match *lock(&failed) {
        None => lock(&queue).next(),
        Some(_) => None,
    };
    let job = || {
        while let Some(item) = next() {
            if let Err(error) = work(item) {
                lock(&failed).get_or_insert(error);
            }
        }
    };
    std::thread::scope(|scope| (0..jobs).for_each(|_| drop(scope.spawn(job))));
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// The threads of each of some jobs that share `threads`.
pub(crate) fn share(threads: usize, jobs: usize) -> usize {
    (threads / jobs.max(1)).max(1)
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn all_items_are_done_and_none_after_an_error() {
        for jobs in [1, 2, 8] {
            let sum = AtomicUsize::new(0);
            let add = |n| {
                sum.fetch_add(n, Ordering::Relaxed);
                Ok::<(), ()>(())
            };
            assert_eq!((for_each(0..10, jobs, add), sum.into_inner()), (Ok(()), 45));
        }
        let done = AtomicUsize::new(0);
        let fails = |n| {
            done.fetch_add(1, Ordering::Relaxed);
            if n == 2 { Err(n) } else { Ok(()) }
        };
        assert_eq!((for_each(0..10, 1, fails), done.into_inner()), (Err(2), 3));
    }
}
