//! The model that is served, and how another takes its place.

use crate::columns::Columns;
use crate::describe;
use deepcross_model::{Scorer, TrainedModel};
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// A model to serve.
#[derive(Clone, Debug)]
pub struct ServedModel {
    /// The model.
    pub trained: TrainedModel,
    /// Whether white space around values is dropped, as it was in the files of training.
    pub trim: bool,
}

/// Loads the model, at the start and for each reload; its error is a sentence with the place.
pub type Load = Box<dyn Fn() -> Result<ServedModel, String> + Send + Sync>;

/// A model with all that requests ask of it.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) scorer: Scorer,
    pub(crate) columns: Columns,
    pub(crate) fingerprint: u64,
    pub(crate) description: Value,
}

/// The model that is served now.
pub(crate) struct Models {
    load: Load,
    /// Whether each row must name each field.
    required: bool,
    current: RwLock<Arc<Loaded>>,
    /// Held while a new model is loaded, so that the later of two reloads wins.
    reloading: Mutex<()>,
}

impl Loaded {
    fn new(served: ServedModel, required: bool) -> Result<Self, String> {
        let ServedModel { trained, trim } = served;
        let fingerprint = trained.fingerprint().map_err(|error| error.to_string())?;
        let columns = Columns::new(&trained.encoder, trim).map_err(|error| error.to_string())?;
        let description = describe::model(&trained, &columns, fingerprint, required);
        Ok(Self { scorer: Scorer::new(trained), columns, fingerprint, description })
    }
}

impl Models {
    pub(crate) fn new(load: Load, required: bool) -> Result<Self, String> {
        let first = Loaded::new(load()?, required)?;
        let current = RwLock::new(Arc::new(first));
        Ok(Self { load, required, current, reloading: Mutex::new(()) })
    }

    pub(crate) fn current(&self) -> Arc<Loaded> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Loads the model anew; on an error the old one stays.
    pub(crate) fn reload(&self) -> Result<Arc<Loaded>, String> {
        let _guard = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let new = Arc::new(Loaded::new((self.load)()?, self.required)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&new);
        Ok(new)
    }
}

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Models").finish_non_exhaustive()
    }
}
