//! The values of a table: in its own memory, or lent by something else, such as a file mapped into memory.

use std::fmt;
use std::sync::Arc;

/// Values that live elsewhere and do not change.
pub trait LentValues<F>: fmt::Debug + Send + Sync {
    /// The values, row after row: the same at each call.
    fn values(&self) -> &[F];
}

/// The table's own values, or lent ones instead.
#[derive(Clone, Debug)]
pub(crate) struct TableValues<F> {
    own: Vec<F>,
    lent: Option<Arc<dyn LentValues<F>>>,
}

impl<F: Clone> TableValues<F> {
    pub(crate) fn owned(own: Vec<F>) -> Self {
        Self { own, lent: None }
    }

    pub(crate) fn lent(values: Arc<dyn LentValues<F>>) -> Self {
        Self { own: Vec::new(), lent: Some(values) }
    }

    pub(crate) fn as_slice(&self) -> &[F] {
        self.lent.as_ref().map_or(&self.own, |lent| lent.values())
    }

    /// The values, mutable; lent values are copied first.
    pub(crate) fn to_mut(&mut self) -> &mut [F] {
        if let Some(lent) = self.lent.take() {
            self.own = lent.values().to_vec();
        }
        &mut self.own
    }
}
