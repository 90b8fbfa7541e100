//! Runs work on the threads of the caller's pool.
//!
//! Outside of a pool all is done by the caller's thread: rayon would start a pool of its own for it.

/// Does both, side by side where this is a thread of a pool; elsewhere a pool would have to be started for it.
pub(crate) fn join(first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
    if rayon::current_thread_index().is_some() {
        rayon::join(first, second);
    } else {
        first();
        second();
    }
}

/// Does `work` on each item with its position, side by side.
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
