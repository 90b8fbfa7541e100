//! Tests that graphs are complete: each value is defined once, before it is used. The tests of the program check the
//! results with a runtime.

use super::*;
use crate::interchange::tests::{fields, model, specs};
use std::collections::BTreeSet;

fn name(name: Option<&String>) -> String {
    name.cloned().unwrap()
}

/// The names of all values in a graph. Panics if a name is defined twice or after its use.
fn check_values(graph: &proto::Graph) -> BTreeSet<String> {
    let inputs = graph.input.iter().map(|input| name(input.name.as_ref()));
    let initializers = graph.initializer.iter().map(|tensor| name(tensor.name.as_ref()));
    let mut known = BTreeSet::new();
    for name in inputs.chain(initializers) {
        assert!(known.insert(name.clone()), "{name} is defined twice");
    }
    for node in &graph.node {
        assert!(node.input.iter().all(|input| known.contains(input)), "{node:?}");
        for output in &node.output {
            assert!(known.insert(output.clone()), "{output} is defined twice");
        }
    }
    known
}

#[test]
fn graphs_of_every_kind_are_complete() {
    for (kind, spec) in specs() {
        let (layers, params) = model(&spec, 1);
        let message = message(&Predictor::new(&layers, &params), kind, &fields()).unwrap();
        let again = proto::Model::decode(&message.encode_to_vec()[..]).unwrap();
        assert_eq!(again, message, "{kind}");
        let graph = again.graph.unwrap();
        let known = check_values(&graph);
        let inputs: Vec<_> = graph.input.iter().map(|input| name(input.name.as_ref())).collect();
        assert_eq!(
            inputs,
            ["ad.ids", "words.ids", "words.weights", "age.numbers", "hours.numbers"],
            "{kind}"
        );
        let outputs: Vec<_> = graph.output.iter().map(|out| name(out.name.as_ref())).collect();
        assert_eq!(outputs, ["probability", "logit"], "{kind}");
        let parameters = crate::interchange::tensors::tensors(&params);
        for tensor in parameters {
            assert!(known.contains(&tensor.name), "{kind}: {} is missing", tensor.name);
        }
    }
}

#[test]
fn too_many_weights_are_refused() {
    assert_eq!(check_size(LIMIT), Ok(()));
    let error = check_size(LIMIT + 1).unwrap_err().to_string();
    let expected = "its weights take 2080374784 bytes, expected at most 2080374783: ";
    assert!(error.starts_with(expected), "{error}");
}
