//! Shows a loss on the tape, its gradients, and the check that the gradients are right.
//!
//! ```text
//! cargo run --release --example autodiff_basics
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use deepcross::autodiff::{
    Activation, DenseId, Gradients, Lookup, Params, Pass, TableId, Tape, Var, check,
};
use ndarray::array;

/// Three rows: which of four ads was shown, one number, and whether the ad was clicked.
const ADS: [u32; 3] = [2, 0, 2];
const LABELS: [f64; 3] = [1.0, 0.0, 1.0];

/// Handles into [`Params`], which holds the weights.
struct Net {
    ads: TableId,
    hidden: DenseId,
    output: DenseId,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut params = Params::new();
    let net = net(&mut params);

    // The tape and the gradients are memory; each recording begins a new pass on it.
    let (mut tape, mut gradients) = (Tape::new(), Gradients::new(&params));
    let mut pass = tape.record(&params);
    let loss = net.loss(&mut pass);
    println!("mean log loss of three rows: {:.4}", pass.scalar(loss));

    pass.backward(loss, &mut gradients);
    gradients.coalesce();
    for id in [net.hidden, net.output] {
        if let Some(gradient) = gradients.dense(id) {
            println!("\ngradient of `{}`:\n{gradient:8.4}", params.dense_name(id));
        }
    }

    let touched = gradients.table(net.ads);
    println!("\nof the table's 4 rows, the batch touched {:?}:", Vec::from_iter(touched.rows()));
    for (row, gradient) in touched.rows().zip(touched.values().chunks(touched.width())) {
        println!("  row {row}: {gradient:8.4?}");
    }

    // Moves every entry of every parameter a little in both directions.
    check::gradients(&params, |pass| net.loss(pass))?;
    println!("\nall {} derivatives agree with central differences", params.n_parameters());
    Ok(())
}

fn net(params: &mut Params<f64>) -> Net {
    Net {
        ads: params.add_table("ads", array![[0.1, -0.2], [0.3, 0.1], [-0.4, 0.2], [0.0, 0.5]]),
        hidden: params.add_dense("hidden", array![[0.5, -0.3, 0.8], [-0.6, 0.9, 0.2]]),
        output: params.add_dense("output", array![[0.7, -0.5]]),
    }
}

impl Net {
    fn loss(&self, pass: &mut Pass<'_, f64>) -> Var {
        let ads = pass.gather(Lookup::plain(self.ads), &ADS);
        let numbers = pass.input(array![[0.5], [1.5], [-1.0]].view());
        let stacked = pass.concat(&[ads, numbers]);
        let hidden = pass.affine(stacked, self.hidden, None, Activation::Tanh);
        let logits = pass.affine(hidden, self.output, None, Activation::Identity);
        pass.log_loss(logits, &LABELS, None)
    }
}
