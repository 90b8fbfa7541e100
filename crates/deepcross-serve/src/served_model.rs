//! The served model, and its replacement by a reload.

use deepcross_model::scoring::{InputColumns, model_description};
use deepcross_model::{Scorer, TrainedModel};
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// A model to serve.
#[derive(Clone, Debug)]
pub struct ServedModel {
    /// The model.
    pub trained: TrainedModel,
    /// Whether white space around values is dropped, as it was in training.
    pub trim: bool,
}

/// Loads the model, at the start and at each reload; the error is a sentence that names the file or the place in it.
pub type ModelLoader = Box<dyn Fn() -> Result<ServedModel, String> + Send + Sync>;

/// A model, and everything that requests need from it.
#[derive(Debug)]
pub(crate) struct LoadedModel {
    pub(crate) scorer: Scorer,
    pub(crate) columns: InputColumns,
    pub(crate) fingerprint: u64,
    pub(crate) description: Value,
}

/// The served model, which a reload replaces.
pub(crate) struct CurrentModel {
    load: ModelLoader,
    /// Whether each row must name every field.
    fields_required: bool,
    current: RwLock<Arc<LoadedModel>>,
    /// Held while a new model is loaded, so that the later of two reloads wins.
    reloading: Mutex<()>,
}

impl LoadedModel {
    fn new(served: ServedModel, fields_required: bool) -> Result<Self, String> {
        let ServedModel { trained, trim } = served;
        let fingerprint = trained.fingerprint().map_err(|error| error.to_string())?;
        let columns =
            InputColumns::new(&trained.encoder, trim).map_err(|error| error.to_string())?;
        let description = model_description(&trained, &columns, fingerprint, fields_required);
        Ok(Self { scorer: Scorer::new(trained), columns, fingerprint, description })
    }
}

impl CurrentModel {
    pub(crate) fn new(load: ModelLoader, fields_required: bool) -> Result<Self, String> {
        let first = LoadedModel::new(load()?, fields_required)?;
        let current = RwLock::new(Arc::new(first));
        Ok(Self { load, fields_required, current, reloading: Mutex::new(()) })
    }

    pub(crate) fn get(&self) -> Arc<LoadedModel> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Loads the model again; on an error the old model stays.
    pub(crate) fn reload(&self) -> Result<Arc<LoadedModel>, String> {
        let _guard = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let new = Arc::new(LoadedModel::new((self.load)()?, self.fields_required)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&new);
        Ok(new)
    }
}

impl fmt::Debug for CurrentModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurrentModel").finish_non_exhaustive()
    }
}
