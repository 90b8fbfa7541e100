//! Runs work on the threads of the caller's pool.
//!
//! Outside a pool, the caller's thread does all of the work, because rayon would start its global pool for it.

/// Runs both functions: in parallel on a thread of a pool, and one after the other elsewhere.
pub(crate) fn join(first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
    if rayon::current_thread_index().is_some() {
        rayon::join(first, second);
    } else {
        first();
        second();
    }
}

/// Calls `work` with the position of each item and the item, in parallel.
pub(crate) fn for_each<T: Send>(items: &mut [T], work: &(impl Fn(usize, &mut T) + Sync)) {
    for_each_from(0, items, work);
}

fn for_each_from<T: Send>(first: usize, items: &mut [T], work: &(impl Fn(usize, &mut T) + Sync)) {
    match items {
        [] => {}
        [item] => work(first, item),
        _ => {
            let middle = items.len() / 2;
            let (left, right) = items.split_at_mut(middle);
            join(
                || for_each_from(first, left, work),
                || for_each_from(first + middle, right, work),
            );
        }
    }
}
