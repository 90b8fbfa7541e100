//! Checks the number of weights of the model of the paper, with the sizes of its table 1 and section 5.

use deepcross::autodiff::Params;
use deepcross::features::batch::FieldShape;
use deepcross::model::config::Preset;
use deepcross::model::{LayerSummary, Model, ModelConfig};

/// The fields of table 1.
fn fields() -> Vec<FieldShape> {
    vec![
        FieldShape::multi_hot("query", 49_292),
        FieldShape::multi_hot("keyword", 49_292),
        FieldShape::multi_hot("title", 49_292),
        FieldShape::one_hot("match_type", 4),
        FieldShape::one_hot("campaign", 10_001),
        FieldShape::dense("campaign_counts", 5),
    ]
}

/// The number of weights of all layers with a matching name.
fn weights(layers: &[LayerSummary], is_meant: impl Fn(&str) -> bool) -> usize {
    let meant = layers.iter().filter(|layer| is_meant(&layer.name));
    meant.map(|layer| layer.n_parameters).sum()
}

#[test]
fn the_papers_model_has_the_papers_size() {
    let spec = ModelConfig { preset: Some(Preset::Paper), ..Default::default() }.check().unwrap();
    let mut params = Params::<f32>::new();
    let model = Model::new(&spec, &fields(), &mut params, 2016).unwrap();

    // Four embeddings of 256, the match type without an embedding, and five counts.
    assert_eq!(model.stack_width(), 4 * 256 + 4 + 5);
    let layers = model.layers();
    assert_eq!(weights(layers, |name| name.ends_with("(embedding)")), 40_417_536);
    assert_eq!(weights(layers, |name| name.starts_with("residual unit")), 3_047_789);
    assert_eq!(weights(layers, |name| name == "scoring"), 1_034);
    assert_eq!(params.n_parameters(), 43_466_359);
}
