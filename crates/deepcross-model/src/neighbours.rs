//! The nearest neighbours of a value: the values whose embeddings point in nearly the same direction.
//!
//! Vectors are compared as the layers above see them, after bias and activation. A ReLU removes everything below 0, and
//! two rows of a table may differ only there.
//!
//! All values are compared. Rejected: an index of approximate neighbours, since a call asks for one value, and even a
//! million rows take less time than the file takes to load.

use crate::trained_model::TrainedModel;
use deepcross_features::batch::ShapeKind;
use deepcross_features::suggest;
use deepcross_layers::Lookup;
use deepcross_layers::fields::StackedField;
use std::borrow::Cow;
use thiserror::Error;

/// A value and its similarity to another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbour {
    /// The value.
    pub value: String,
    /// The cosine of the angle between the two embeddings, in [−1, 1].
    pub similarity: f64,
    /// The training rows with the value, if the field has companion counts.
    pub training_counts: Option<TrainingCounts>,
}

/// The number of training rows with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainingCounts {
    /// Rows with the value.
    pub rows: u64,
    /// Clicks among them.
    pub positives: u64,
}

/// The reason why a value has no neighbours.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum NeighbourError {
    /// The model has no such field.
    #[error("the model has no field `{field}`")]
    UnknownField {
        /// The name asked for.
        field: String,
    },
    /// The field's vocabulary does not have the value.
    #[error(
        "field `{field}`: `{value}` is not in its vocabulary, {}",
        if *.rare { "since it was too rare" } else { "since it never occurred in training" }
    )]
    UnknownValue {
        /// The field.
        field: String,
        /// The value asked for.
        value: String,
        /// Whether the value occurred in training.
        rare: bool,
    },
    /// The ids of the field are buckets of a hash.
    #[error(
        "field `{field}`: its values are hashed into buckets, and all values of a bucket share an \
         embedding and have no names: train with a vocabulary, which is a field without `buckets`"
    )]
    Hashed {
        /// The field.
        field: String,
    },
    /// The values of the field do not have a name and an embedding each.
    #[error(
        "field `{field}`: its values do not have a name and an embedding each; its encoding is {encoding}"
    )]
    NoValues {
        /// The field.
        field: String,
        /// The description of its encoding.
        encoding: String,
    },
    /// The field is stacked without an embedding.
    #[error(
        "field `{field}`: has {dimensions} dimensions, below `model.bypass_below`, so its values are stacked raw, without \
         an embedding"
    )]
    Raw {
        /// The field.
        field: String,
        /// Its values and reserved slots.
        dimensions: usize,
    },
    /// The model has one weight for each value, as a logistic regression has.
    #[error(
        "the model is of kind `{kind}`, which has one weight for each value and no embeddings, so \
         values have no neighbours"
    )]
    NoEmbeddings {
        /// The name of the kind.
        kind: &'static str,
    },
    /// The embedding of the value has no direction.
    #[error(
        "field `{field}`: the embedding of `{value}` is 0 everywhere, so it has no direction and no \
         neighbours"
    )]
    Zero {
        /// The field.
        field: String,
        /// The value asked for.
        value: String,
    },
}

impl NeighbourError {
    /// The name of a field, or the value of a vocabulary, that was most likely meant instead of an unknown one.
    pub fn nearest(&self, trained: &TrainedModel) -> Option<String> {
        match self {
            Self::UnknownField { field } => {
                suggest::nearest(field, trained.model.field_names()).map(str::to_owned)
            }
            Self::UnknownValue { field, value, .. } => {
                suggest::nearest(value, &vocabulary(trained, field)).map(str::to_owned)
            }
            _ => None,
        }
    }
}

/// The values of a field's vocabulary, in the order of their ids.
fn vocabulary<'t>(trained: &'t TrainedModel, field: &str) -> Vec<Cow<'t, str>> {
    let shapes = trained.encoder.shapes().iter().enumerate();
    let found = shapes.filter(|(_, shape)| shape.name == field).find_map(|(index, shape)| {
        let ShapeKind::Sparse { dimensions, .. } = shape.kind else { return None };
        let ids = 0..u32::try_from(dimensions).unwrap_or(u32::MAX);
        Some(ids.filter_map(|id| trained.encoder.value(index, id)).collect())
    });
    found.unwrap_or_default()
}

/// Finds the values of a field's vocabulary that are nearest to one of them: at most `top`, the nearest first.
///
/// Equally near values come in the order of the vocabulary, which begins with the most frequent ones.
/// Values whose embedding is 0 everywhere have no direction and are left out.
/// The cost is a pass over the field's table.
///
/// # Errors
/// [`NeighbourError`] with the reason why there are no neighbours.
pub fn neighbours(
    trained: &TrainedModel,
    field: &str,
    value: &str,
    top: usize,
) -> Result<Vec<Neighbour>, NeighbourError> {
    let index = trained.model.field_names().iter().position(|name| name == field);
    let index = index.ok_or_else(|| NeighbourError::UnknownField { field: field.to_owned() })?;
    let vectors = Vectors { lookup: lookup(trained, index)?, trained };
    let id = id(trained, index, value)?;
    let own = vectors.unit(id);
    let own =
        own.ok_or_else(|| NeighbourError::Zero { field: field.into(), value: value.into() })?;
    let mut found = Vec::new();
    for other in (0..vectors.len()).filter(|&other| other != id) {
        if let Some((name, unit)) = trained.encoder.value(index, other).zip(vectors.unit(other)) {
            let cosine: f64 = own.iter().zip(&unit).map(|(a, b)| a * b).sum();
            found.push((cosine.clamp(-1.0, 1.0), name));
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let neighbour = |(similarity, name): (f64, Cow<'_, str>)| Neighbour {
        training_counts: training_counts(trained, index, &name),
        value: name.into_owned(),
        similarity,
    };
    Ok(found.into_iter().take(top).map(neighbour).collect())
}

/// The number of training rows with a value of the field at index `field`, if the field has companion counts.
pub fn training_counts(
    trained: &TrainedModel,
    field: usize,
    value: &str,
) -> Option<TrainingCounts> {
    let (rows, positives) = trained.encoder.companion_counts(field, value)?;
    Some(TrainingCounts { rows, positives })
}

/// The look-up of a field whose values have a name and an embedding each.
fn lookup(trained: &TrainedModel, field: usize) -> Result<Lookup, NeighbourError> {
    let description = trained.encoder.fields().swap_remove(field);
    let name = || description.name.clone();
    let no_values = || {
        let encoding = description.encoding.clone();
        NeighbourError::NoValues { field: name(), encoding }
    };
    if !trained.model.has_embeddings() {
        return Err(NeighbourError::NoEmbeddings { kind: trained.spec.kind() });
    }
    if !trained.encoder.has_vocabulary(field) {
        return Err(match trained.encoder.is_hashed(field) {
            true => NeighbourError::Hashed { field: name() },
            false => no_values(),
        });
    }
    match trained.model.embedding_of(field) {
        StackedField::Embedding(embedding) => Ok(embedding.lookup),
        StackedField::OneHot(raw) => {
            Err(NeighbourError::Raw { field: name(), dimensions: raw.dimensions })
        }
        _ => Err(no_values()),
    }
}

fn id(trained: &TrainedModel, field: usize, value: &str) -> Result<u32, NeighbourError> {
    let unknown = |rare| NeighbourError::UnknownValue {
        field: trained.model.field_names()[field].clone(),
        value: value.to_owned(),
        rare,
    };
    let id = trained.encoder.id(field, value).ok_or_else(|| unknown(false))?;
    if trained.encoder.value(field, id).is_some() {
        return Ok(id);
    }
    let ShapeKind::Sparse { reserved, .. } = trained.encoder.shapes()[field].kind else {
        return Err(unknown(false));
    };
    Err(unknown(reserved.rare == Some(id)))
}

/// The embeddings of a field.
struct Vectors<'a> {
    lookup: Lookup,
    trained: &'a TrainedModel,
}

impl Vectors<'_> {
    fn len(&self) -> u32 {
        self.trained.params.table_shape(self.lookup.table).0 as u32
    }

    /// The embedding of an id, scaled to the length 1; `None` if it is 0.
    fn unit(&self, id: u32) -> Option<Vec<f64>> {
        let Lookup { table, bias, activation } = self.lookup;
        let params = &self.trained.params;
        let mut row = vec![0.0; params.table_width(table)];
        params.stored_rows(table).copy_row(id, &mut row);
        let bias = bias.map(|bias| params.dense_slice(bias));
        let value = |(place, &weight): (usize, &f32)| {
            f64::from(activation.apply(weight + bias.map_or(0.0, |bias| bias[place])))
        };
        let vector: Vec<f64> = row.iter().enumerate().map(value).collect();
        let length = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
        (length > 0.0).then(|| vector.iter().map(|value| value / length).collect())
    }
}
