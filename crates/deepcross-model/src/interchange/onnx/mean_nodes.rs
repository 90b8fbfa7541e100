//! The nodes from the logits of members to that of their mean probability.

use crate::graph::{GraphBuilder, Value, integer, integers};

/// Adds the nodes of the logit of the mean probability, `[rows, 1]`; a single member keeps its own logit.
///
/// ln Σ p − ln Σ (1 − p), each as the logarithm of a sum of exponentials: ln p = −softplus(−z), and ln (1 − p) =
/// −softplus(z). So the logit has an order where probabilities are rounded to 0 or 1.
pub(super) fn logit(graph: &mut GraphBuilder<'_>, mut logits: Vec<Value>) -> Value {
    if logits.len() == 1 {
        return logits.remove(0);
    }
    let logits = graph.concat(&logits.iter().collect::<Vec<_>>());
    let opposite = graph.node("Neg", &[&logits]);
    let [clicks, others] = [&opposite, &logits].map(|opposite| ln_sum(graph, opposite));
    graph.node("Sub", &[&clicks, &others])
}

/// The logarithm of the sum of the probabilities whose logits are these, with another sign.
fn ln_sum(graph: &mut GraphBuilder<'_>, opposite: &Value) -> Value {
    let softplus = graph.node("Softplus", &[opposite]);
    let ln = graph.node("Neg", &[&softplus]);
    let axes = vec![integers("axes", &[1]), integer("keepdims", 1)];
    graph.node_with("ReduceLogSumExp", &[&ln], axes)
}
