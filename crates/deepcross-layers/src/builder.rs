//! Creates initialised parameters, each from its own random stream.
//!
//! The parameter's name selects the stream, so that adding, dropping or reordering layers leaves all other initial
//! weights unchanged, and two models can be compared layer by layer.
//! Within it, the number of the row selects the place, so that a machine can draw its own rows of a table.
//! Rejected: one stream for the whole model, with which each change of a layer would change all later ones.

use crate::Init;
use crate::init::Start;
use deepcross_autodiff::{DenseId, Params, Real, TableId};
use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use xxhash_rust::xxh3::xxh3_64;

/// The words of random bits that a row has: more than any row needs.
const WORDS_A_ROW: u128 = 1 << 24;

/// Adds initialised parameters to a [`Params`].
///
/// Numbers are drawn as `f64` and rounded to `F`, so that `f32` and `f64` models start with the same weights.
#[derive(Debug)]
pub struct Builder<'a, F> {
    params: &'a mut Params<F>,
    /// The seed; `None` if every weight is 0.
    seed: Option<u64>,
}

impl<'a, F: Real> Builder<'a, F> {
    /// A builder that adds to `params`; the same seed and names give the same numbers.
    pub fn new(params: &'a mut Params<F>, seed: u64) -> Self {
        Self { params, seed: Some(seed) }
    }

    /// A builder whose weights all start at 0, whatever their [`Init`], for layers that get their weights from
    /// elsewhere.
    pub fn zeros(params: &'a mut Params<F>) -> Self {
        Self { params, seed: None }
    }

    /// Adds the matrix of a linear map, or a bias, whose shape is then `(1, outputs)`.
    ///
    /// # Shapes
    /// `shape`: `(outputs, inputs)`
    ///
    /// # Panics
    /// If a parameter of this name already exists, or [`Init::Normal`] has a standard deviation that is negative or not
    /// finite.
    #[track_caller]
    pub fn dense(&mut self, name: &str, shape: (usize, usize), init: Init) -> DenseId {
        let mut values = Array2::zeros(shape);
        let mut draw = self.draw(name, init.with_fans(shape.1, shape.0));
        for (row, mut out) in (0..).zip(values.rows_mut()) {
            draw(row, out.as_slice_mut().expect("rows of the standard layout"));
        }
        self.params.add_dense(name, values)
    }

    /// Adds a table of embeddings.
    ///
    /// It is a linear map from the one-hot row number, so it has `rows` inputs and `width` outputs.
    ///
    /// # Shapes
    /// `shape`: `(rows, width)`
    ///
    /// # Panics
    /// As [`dense`](Self::dense).
    #[track_caller]
    pub fn table(&mut self, name: &str, shape: (usize, usize), init: Init) -> TableId {
        let draw = self.draw(name, init.with_fans(shape.0, shape.1));
        self.params.add_table_of(name, shape, draw)
    }

    /// The parameters of this builder so far, and those that existed before.
    pub fn params(&self) -> &Params<F> {
        self.params
    }

    pub(crate) fn params_mut(&mut self) -> &mut Params<F> {
        self.params
    }

    /// Draws the numbers of a row of this parameter, which are 0 before; each row has its own part of the parameter's
    /// stream, so that any rows can be drawn without the others.
    #[track_caller]
    fn draw(&self, name: &str, start: Start) -> impl FnMut(u32, &mut [F]) + use<F> {
        let stream = self.seed.map(|seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(xxh3_64(name.as_bytes()));
            rng
        });
        move |row, out| {
            let Some(mut rng) = stream.clone() else { return };
            rng.set_word_pos(u128::from(row) * WORDS_A_ROW);
            start.draw(out, &mut rng);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NORMAL: Init = Init::Normal { std: 1.0 };

    /// The values of `wanted` after parameters with these names were created with this seed.
    fn start<F: Real>(seed: u64, names: &[&str], wanted: &str) -> Vec<F> {
        let mut params = Params::new();
        let mut builder = Builder::new(&mut params, seed);
        let ids: Vec<_> = names.iter().map(|name| builder.dense(name, (3, 4), NORMAL)).collect();
        let position = names.iter().position(|&name| name == wanted);
        params.dense_slice(ids[position.expect("it is among the names")]).to_vec()
    }

    #[test]
    fn other_parameters_do_not_change_a_start() {
        let alone = start::<f64>(7, &["b"], "b");
        assert_eq!(start::<f64>(7, &["a", "b", "c"], "b"), alone);
        assert_eq!(start::<f64>(7, &["c", "b"], "b"), alone);
    }

    #[test]
    fn the_start_depends_on_seed_and_name() {
        let first = start::<f64>(7, &["a"], "a");
        assert_ne!(start::<f64>(8, &["a"], "a"), first);
        assert_ne!(start::<f64>(7, &["b"], "b"), first);
    }

    #[test]
    fn without_a_seed_every_weight_is_zero() {
        let mut params = Params::<f32>::new();
        let weight = Builder::zeros(&mut params).dense("a", (3, 4), NORMAL);
        assert_eq!(params.dense_slice(weight), [0.0; 12]);
    }

    #[test]
    fn a_row_does_not_depend_on_the_number_of_rows() {
        let table = |rows| {
            let mut params = Params::<f32>::new();
            let table = Builder::new(&mut params, 1).table("table", (rows, 3), NORMAL);
            params.table(table)
        };
        let (few, many) = (table(70), table(200));
        assert_eq!(few, many.slice(ndarray::s![..70, ..]));
        let mut different: Vec<_> = many.iter().map(|value| value.to_bits()).collect();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), 600);
    }

    #[test]
    fn f32_is_f64_rounded() {
        let rounded: Vec<f32> = start::<f64>(7, &["a"], "a").iter().map(|&v| v as f32).collect();
        assert_eq!(start::<f32>(7, &["a"], "a"), rounded);
    }

    #[test]
    fn fans_are_those_of_the_linear_map() {
        let mut params = Params::<f64>::new();
        let mut builder = Builder::new(&mut params, 1);
        let weight = builder.dense("weight", (2, 600), Init::HeUniform);
        let table = builder.table("table", (600, 2), Init::HeUniform);
        let largest = |values: &[f64]| values.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        let table: Vec<f64> = params.table(table).into_iter().collect();
        for values in [params.dense_slice(weight), &table] {
            // The bound of 600 inputs is 0.1, and of 2 inputs 1.7.
            assert!((0.098..0.1).contains(&largest(values)), "{}", largest(values));
        }
    }
}
