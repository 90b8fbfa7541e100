//! The specification of a model of any kind, its stored form, and the kinds that a file may hold.

use crate::config::ModelKind;
use crate::erased::{ErasedSpec, SpecOf};
use crate::error::ModelError;
use crate::network::Network;
use deepcross_features::batch::FieldShape;
use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::fmt;
use std::sync::Arc;

/// The specification that a model is built from: the numbers of a network of some kind, without gaps.
#[derive(Clone)]
pub struct ModelSpec(Arc<dyn ErasedSpec>);

/// The stored form of a specification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSpec {
    /// The name of the kind.
    pub kind: String,
    /// The version of the specification.
    pub version: u32,
    /// The specification as JSON.
    pub bytes: Vec<u8>,
}

impl ModelSpec {
    /// The specification of a network of the kind `N`.
    ///
    /// # Panics
    /// If [`Network::KIND`] is the name of a kind of this crate, since [`TrainedModel::load`] would read the file as
    /// that kind.
    ///
    /// [`TrainedModel::load`]: crate::TrainedModel::load
    #[track_caller]
    pub fn of<N: Network>(spec: N::Spec) -> Self {
        check_name::<N>();
        Self::known::<N>(spec)
    }

    /// The specification of a network of the kind `N`, which may be a kind of this crate.
    pub(crate) fn known<N: Network>(spec: N::Spec) -> Self {
        Self(Arc::new(SpecOf::<N>(spec)))
    }

    /// The name of the kind.
    pub fn kind(&self) -> &'static str {
        self.0.kind()
    }

    /// The numbers, if the network is of the kind `N`.
    pub fn get<N: Network>(&self) -> Option<&N::Spec> {
        if self.kind() == N::KIND { self.0.value().downcast_ref() } else { None }
    }

    /// Checks that every number is in range, since a stored specification may come from anywhere.
    ///
    /// # Errors
    /// [`ModelError::Config`] with everything that is out of range.
    pub fn check(&self) -> Result<(), ModelError> {
        let problems = self.0.problems();
        if problems.is_empty() { Ok(()) } else { Err(ModelError::Config(problems)) }
    }

    /// The number of weights of a model of these fields; `None` if it does not fit a `usize`.
    pub fn n_parameters(&self, shapes: &[FieldShape]) -> Option<usize> {
        self.0.n_parameters(shapes)
    }

    /// The stored form.
    ///
    /// # Errors
    /// The reason if the specification cannot be written as JSON, such as a key that is not a text.
    pub fn to_stored(&self) -> Result<StoredSpec, String> {
        let bytes = self.0.to_bytes().map_err(|error| error.to_string())?;
        Ok(StoredSpec { kind: self.kind().to_owned(), version: self.0.version(), bytes })
    }

    pub(crate) fn erased(&self) -> &dyn ErasedSpec {
        &*self.0
    }
}

impl fmt::Debug for ModelSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialEq for ModelSpec {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(&*other.0)
    }
}

/// A map of the numbers by their keys, with the name of the kind as `kind`. A specification that is not a map, or has a
/// key `kind` of its own, is the value of the key `spec`. Keys without a value are left out, as in TOML.
impl Serialize for ModelSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut spec = self.0.to_json().map_err(S::Error::custom)?;
        remove_nulls(&mut spec);
        let mut keys = match spec {
            Json::Object(keys) if !keys.contains_key("kind") => keys,
            Json::Null => serde_json::Map::new(),
            other => serde_json::Map::from_iter([("spec".to_owned(), other)]),
        };
        keys.insert("kind".to_owned(), self.kind().into());
        keys.serialize(serializer)
    }
}

/// Removes the keys whose value is null, which TOML cannot write; in a list, a null becomes the text `null`.
fn remove_nulls(value: &mut Json) {
    match value {
        Json::Object(keys) => {
            keys.retain(|_, value| !value.is_null());
            keys.values_mut().for_each(remove_nulls);
        }
        Json::Array(values) => {
            for value in values {
                if value.is_null() {
                    *value = "null".into();
                }
                remove_nulls(value);
            }
        }
        _ => (),
    }
}

/// The kinds of model that a file may hold.
///
/// [`Kinds::standard`] has those of this crate, and [`with`](Self::with) adds another one.
#[derive(Clone, Debug)]
pub struct Kinds(Vec<StoredKind>);

/// A kind in a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoredKind {
    kind: &'static str,
    version: u32,
    decode: fn(&[u8]) -> serde_json::Result<ModelSpec>,
}

impl StoredKind {
    pub(crate) const fn of<N: Network>() -> Self {
        Self {
            kind: N::KIND,
            version: N::VERSION,
            decode: |bytes| serde_json::from_slice(bytes).map(ModelSpec::known::<N>),
        }
    }
}

impl Kinds {
    pub(crate) fn new(kinds: impl IntoIterator<Item = StoredKind>) -> Self {
        Self(kinds.into_iter().collect())
    }

    /// The same kinds and the kind `N`, which replaces a kind of the same name that was added before.
    ///
    /// # Panics
    /// If [`Network::KIND`] is the name of a kind of this crate.
    #[must_use]
    #[track_caller]
    pub fn with<N: Network>(mut self) -> Self {
        check_name::<N>();
        self.0.retain(|known| known.kind != N::KIND);
        self.0.push(StoredKind::of::<N>());
        self
    }

    /// The specification of a stored form; its numbers may be out of range.
    ///
    /// # Errors
    /// The reason if the kind or the version is unknown, or the bytes are not a specification of the kind.
    pub fn decode(&self, stored: &StoredSpec) -> Result<ModelSpec, String> {
        let StoredSpec { kind, version, bytes } = stored;
        let known = self.0.iter().find(|known| known.kind == *kind).ok_or_else(|| {
            let kinds: Vec<_> = self.0.iter().map(|known| known.kind).collect();
            format!(
                "the model is of the kind `{}`, which this program does not know; it knows {}. A program with the kind \
                 loads the file by `TrainedModel::load_with`",
                kind,
                kinds.join(", ")
            )
        })?;
        if *version != known.version {
            return Err(format!(
                "the layers of the kind `{kind}` have the version {version}, expected {}",
                known.version
            ));
        }
        (known.decode)(bytes)
            .map_err(|error| format!("the layers of the kind `{kind}` cannot be read: {error}"))
    }
}

/// Refuses a kind from outside of this crate with the name of a kind of this crate.
#[track_caller]
fn check_name<N: Network>() {
    let kind = N::KIND;
    let is_free = ModelKind::of_name(kind).is_none();
    assert!(is_free, "`{kind}` is a kind of deepcross-model; give `Network::KIND` another name");
}
