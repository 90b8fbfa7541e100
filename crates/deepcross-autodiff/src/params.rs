//! All weights of a model in one place, behind two kinds of handles.
//!
//! Layers hold handles, so that the same layer serves `f32` and `f64`, and an optimizer, a file or another rank can
//! visit all weights without knowing a layer.
//! Dense matrices stand end to end in one buffer.
//! Their gradients are then one buffer too, which one loop sums over the groups of a batch.
//! Tables stand apart, since only a few of their rows change in a step.

use crate::int8_weight::Int8Weight;
use crate::table::{LentBytes, LentValues, Table};
use deepcross_kernels::table_rows::{Share, TableRows};
use deepcross_kernels::{Elements, Real, StoredRows};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The last version that any [`Params`] received.
static LAST_VERSION: AtomicU64 = AtomicU64::new(0);

/// A dense matrix of [`Params`]: all of it is used, and gets a gradient, in each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DenseId(pub(crate) usize);

/// A table of [`Params`]: a step uses some of its rows, and only these get a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TableId(pub(crate) usize);

/// A statistic of [`Params`]: numbers that a model learns by observing its batches, and that no gradient moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StatisticId(pub(crate) usize);

impl DenseId {
    /// The position among the dense matrices, in order of addition.
    pub fn index(self) -> usize {
        self.0
    }
}

impl TableId {
    /// The position among the tables, in order of addition.
    pub fn index(self) -> usize {
        self.0
    }
}

#[derive(Clone, Debug)]
struct Dense {
    name: String,
    shape: (usize, usize),
    start: usize,
}

/// All weights of a model.
#[derive(Clone, Debug, Default)]
pub struct Params<F> {
    dense: Vec<Dense>,
    dense_values: Vec<F>,
    tables: Vec<Table<F>>,
    statistics: Vec<Statistic<F>>,
    /// The integers of dense matrices, by their positions; none if no matrix has any.
    int8: Vec<Option<Arc<Int8Weight>>>,
    /// The rows of each table that are stored here.
    share: Share,
    /// Changes with each change of the dense matrices; two `Params` have the same version only if these are equal.
    version: Version,
}

/// A number that `Debug` does not show, so that equal weights look alike.
#[derive(Clone, Copy, Default)]
struct Version(u64);

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

/// The values of one statistic, `[1, width]`.
#[derive(Clone, Debug)]
struct Statistic<F> {
    name: String,
    values: Vec<F>,
}

impl<F: Real> Params<F> {
    /// Parameters without weights.
    pub fn new() -> Self {
        Self {
            dense: Vec::new(),
            dense_values: Vec::new(),
            tables: Vec::new(),
            statistics: Vec::new(),
            int8: Vec::new(),
            share: Share::WHOLE,
            version: Version::default(),
        }
    }

    /// Parameters without weights, whose tables will have the rows of a share alone.
    pub fn of_share(share: Share) -> Self {
        Self { share, ..Self::new() }
    }

    /// The same parameters with the rows of a share alone.
    ///
    /// # Panics
    /// If a table here does not have them.
    #[must_use]
    #[track_caller]
    pub fn to_share(&self, share: Share) -> Self {
        let tables = self.tables.iter().map(|table| table.to_share(share)).collect();
        let Self { dense, dense_values, statistics, int8, version, .. } = self.clone();
        Self { dense, dense_values, tables, statistics, int8, share, version }
    }

    /// The rows of each table that are stored here.
    pub fn share(&self) -> Share {
        self.share
    }

    /// A number that differs if dense matrices have changed since, in these or in other `Params`.
    pub(crate) fn version(&self) -> u64 {
        self.version.0
    }

    fn note_change(&mut self) {
        self.renew_version();
        // They are those of the numbers before.
        self.int8.clear();
    }

    fn renew_version(&mut self) {
        self.version = Version(LAST_VERSION.fetch_add(1, Ordering::Relaxed) + 1);
    }

    /// Adds a dense matrix; a vector, such as a bias, is a matrix of one row.
    ///
    /// # Panics
    /// If a parameter of this name already exists.
    #[track_caller]
    pub fn add_dense(&mut self, name: impl Into<String>, values: Array2<F>) -> DenseId {
        let name = self.new_name(name.into());
        self.renew_version();
        let (shape, start) = (values.dim(), self.dense_values.len());
        self.dense_values.extend(values.iter());
        self.dense.push(Dense { name, shape, start });
        DenseId(self.dense.len() - 1)
    }

    /// Adds a dense matrix `[outputs, inputs]` in integers of 8 bits, by which linear maps multiply in inference.
    ///
    /// All else sees the numbers that the integers stand for. Changing any dense matrix drops the integers of all.
    ///
    /// # Panics
    /// If a parameter of this name already exists.
    #[track_caller]
    pub fn add_int8_dense(&mut self, name: impl Into<String>, weight: Int8Weight) -> DenseId {
        let rows = weight.rows();
        let mut values = Array2::zeros((rows.len(), rows.width()));
        for (number, mut row) in (0..).zip(values.rows_mut()) {
            let out = row.as_slice_mut().unwrap_or_default();
            rows.each(number, out, |out, value| *out = value);
            for (value, &step) in out.iter_mut().zip(weight.input_steps().steps()) {
                *value = if step > 0.0 { *value / F::of(f64::from(step)) } else { F::zero() };
            }
        }
        let id = self.add_dense(name, values);
        self.int8.resize(id.0, None);
        self.int8.push(Some(Arc::new(weight)));
        id
    }

    /// The integers of the matrix, if it was added with them and is unchanged.
    pub fn int8_weight(&self, id: DenseId) -> Option<&Int8Weight> {
        self.int8.get(id.0)?.as_deref()
    }

    /// Whether a matrix has integers, or a table has rows in a compact form.
    pub fn is_compact(&self) -> bool {
        let is_compact = |table: &Table<F>| matches!(table.stored_rows(), StoredRows::Compact(_));
        self.int8.iter().any(Option::is_some) || self.tables.iter().any(is_compact)
    }

    /// Adds a table of embeddings whose rows stay where they are, in a compact form.
    ///
    /// Changing the table turns it into numbers first.
    ///
    /// # Panics
    /// If a parameter of this name already exists, or the bytes are not whole rows.
    #[track_caller]
    pub fn add_compact_table(
        &mut self,
        name: impl Into<String>,
        width: usize,
        rows: (Arc<dyn LentBytes>, Elements),
    ) -> TableId {
        let name = self.new_name(name.into());
        self.tables.push(Table::compact(name, width, rows));
        TableId(self.tables.len() - 1)
    }

    /// Adds a table of embeddings, `[rows, width]`.
    ///
    /// # Panics
    /// If a parameter of this name already exists.
    #[track_caller]
    pub fn add_table(&mut self, name: impl Into<String>, values: Array2<F>) -> TableId {
        self.add_table_of(name, values.dim(), |row, out| {
            let row = values.row(row as usize);
            out.iter_mut().zip(row).for_each(|(out, &value)| *out = value);
        })
    }

    /// Adds a table of embeddings, `(rows, width)`, whose own rows `fill` writes in any order; they are zero at first.
    ///
    /// # Panics
    /// If a parameter of this name already exists.
    #[track_caller]
    pub fn add_table_of(
        &mut self,
        name: impl Into<String>,
        shape: (usize, usize),
        fill: impl FnMut(u32, &mut [F]),
    ) -> TableId {
        let name = self.new_name(name.into());
        self.tables.push(Table::new(name, shape, self.share, fill));
        TableId(self.tables.len() - 1)
    }

    /// Adds a table of embeddings whose values stay where they are: `[values / width, width]`.
    ///
    /// Changing the table copies the values first.
    ///
    /// # Panics
    /// If a parameter of this name already exists, or the values are not whole rows.
    #[track_caller]
    pub fn add_lent_table(
        &mut self,
        name: impl Into<String>,
        width: usize,
        values: Arc<dyn LentValues<F>>,
    ) -> TableId {
        let name = self.new_name(name.into());
        self.tables.push(Table::lent(name, width, values));
        TableId(self.tables.len() - 1)
    }

    /// Adds a statistic, `[1, width]`, which gradients, optimizers and the count of weights ignore.
    ///
    /// # Panics
    /// If a parameter of this name already exists.
    #[track_caller]
    pub fn add_statistic(&mut self, name: impl Into<String>, values: Vec<F>) -> StatisticId {
        let name = self.new_name(name.into());
        self.statistics.push(Statistic { name, values });
        StatisticId(self.statistics.len() - 1)
    }

    /// The numbers of the statistic.
    pub fn statistic(&self, id: StatisticId) -> &[F] {
        &self.statistics[id.0].values
    }

    /// The numbers of the statistic, mutable.
    pub fn statistic_mut(&mut self, id: StatisticId) -> &mut [F] {
        &mut self.statistics[id.0].values
    }

    /// The name of the statistic.
    pub fn statistic_name(&self, id: StatisticId) -> &str {
        &self.statistics[id.0].name
    }

    /// The statistics, in order of addition.
    pub fn statistic_ids(&self) -> impl Iterator<Item = StatisticId> + use<F> {
        (0..self.statistics.len()).map(StatisticId)
    }

    #[track_caller]
    fn new_name(&self, name: String) -> String {
        let exists = self.dense_ids().any(|id| self.dense_name(id) == name)
            || self.table_ids().any(|id| self.table_name(id) == name)
            || self.statistics.iter().any(|statistic| statistic.name == name);
        assert!(!exists, "a parameter named `{name}` already exists");
        name
    }

    /// The matrix.
    pub fn dense(&self, id: DenseId) -> ArrayView2<'_, F> {
        view(self.dense[id.0].shape, self.dense_slice(id))
    }

    /// The matrix, mutable.
    pub fn dense_mut(&mut self, id: DenseId) -> ArrayViewMut2<'_, F> {
        let shape = self.dense[id.0].shape;
        ArrayViewMut2::from_shape(shape, self.dense_slice_mut(id))
            .expect("the range has the size of the shape")
    }

    /// The elements of the matrix, row after row.
    pub fn dense_slice(&self, id: DenseId) -> &[F] {
        &self.dense_values[self.dense_range(id)]
    }

    /// The elements of the matrix, row after row, mutable.
    pub fn dense_slice_mut(&mut self, id: DenseId) -> &mut [F] {
        self.note_change();
        let range = self.dense_range(id);
        &mut self.dense_values[range]
    }

    /// The range of the matrix in [`dense_values`](Self::dense_values).
    pub fn dense_range(&self, id: DenseId) -> std::ops::Range<usize> {
        let Dense { shape: (rows, cols), start, .. } = self.dense[id.0];
        start..start + rows * cols
    }

    /// All dense matrices end to end, in order of addition.
    pub fn dense_values(&self) -> &[F] {
        &self.dense_values
    }

    /// All dense matrices end to end, mutable.
    pub fn dense_values_mut(&mut self) -> &mut [F] {
        self.note_change();
        &mut self.dense_values
    }

    /// The shape of the matrix: (rows, columns).
    pub fn dense_shape(&self, id: DenseId) -> (usize, usize) {
        self.dense[id.0].shape
    }

    /// The name of the matrix.
    pub fn dense_name(&self, id: DenseId) -> &str {
        &self.dense[id.0].name
    }

    /// The dense matrices, in order of addition.
    pub fn dense_ids(&self) -> impl Iterator<Item = DenseId> + use<F> {
        (0..self.dense.len()).map(DenseId)
    }

    /// A copy of the table, `[rows, width]`.
    ///
    /// # Panics
    /// If only a share of its rows is stored here.
    #[track_caller]
    pub fn table(&self, id: TableId) -> Array2<F> {
        let (rows, mut values) = (self.stored_rows(id), Array2::zeros(self.table_shape(id)));
        for (number, mut row) in (0..).zip(values.rows_mut()) {
            rows.copy_row(number, row.as_slice_mut().unwrap_or_default());
        }
        values
    }

    /// The rows of the table in the form in which they are stored.
    pub fn stored_rows(&self, id: TableId) -> StoredRows<'_, F> {
        self.tables[id.0].stored_rows()
    }

    /// The rows of the table as numbers.
    ///
    /// # Panics
    /// If they are in a compact form, as in a quantised model; [`stored_rows`](Self::stored_rows) has any form.
    #[track_caller]
    pub fn table_rows(&self, id: TableId) -> TableRows<'_, F> {
        self.tables[id.0].rows()
    }

    /// Replaces all values of the table.
    ///
    /// # Panics
    /// If the values have another shape than the table.
    #[track_caller]
    pub fn assign_table(&mut self, id: TableId, values: ArrayView2<'_, F>) {
        let shape = self.table_shape(id);
        assert_eq!(values.dim(), shape, "the values of table `{}`", self.table_name(id));
        let own = values.rows().into_iter().skip(self.share.rank()).step_by(self.share.of());
        for (row, values) in self.tables[id.0].rows_mut().zip(own) {
            row.iter_mut().zip(values).for_each(|(own, &value)| *own = value);
        }
    }

    /// The table, mutable.
    pub fn table_mut(&mut self, id: TableId) -> &mut Table<F> {
        &mut self.tables[id.0]
    }

    /// The dense matrices end to end and the tables, in order of addition, both mutable at the same time.
    pub fn split_mut(&mut self) -> (&mut [F], &mut [Table<F>]) {
        self.note_change();
        (&mut self.dense_values, &mut self.tables)
    }

    /// Swaps the tables for others, which may have other rows.
    ///
    /// # Panics
    /// If there are more or fewer tables, or one has another width.
    #[track_caller]
    pub fn swap_tables(&mut self, tables: &mut [Table<F>]) {
        let widths = |tables: &[Table<F>]| tables.iter().map(Table::width).collect::<Vec<_>>();
        debug_assert_eq!(widths(&self.tables), widths(tables), "the widths of the tables");
        self.tables.swap_with_slice(tables);
    }

    /// The shape of the table: (rows of all shares, width).
    pub fn table_shape(&self, id: TableId) -> (usize, usize) {
        let table = &self.tables[id.0];
        (table.n_rows(), table.width())
    }

    /// The number of columns of the table.
    pub fn table_width(&self, id: TableId) -> usize {
        self.tables[id.0].width()
    }

    /// The name of the table.
    pub fn table_name(&self, id: TableId) -> &str {
        &self.tables[id.0].name
    }

    /// The tables, in order of addition.
    pub fn table_ids(&self) -> impl Iterator<Item = TableId> + use<F> {
        (0..self.tables.len()).map(TableId)
    }

    /// The number of weights in matrices and tables together, without statistics.
    pub fn n_parameters(&self) -> usize {
        self.dense_values.len()
            + self.tables.iter().map(|table| table.n_rows() * table.width()).sum::<usize>()
    }

    /// The number of weights that are stored here: matrices, and the own rows of tables.
    pub fn n_stored(&self) -> usize {
        let of_table = |table: &Table<F>| table.share().n_rows(table.n_rows()) * table.width();
        self.dense_values.len() + self.tables.iter().map(of_table).sum::<usize>()
    }

    /// Copies all values of `other`, without an allocation.
    ///
    /// # Panics
    /// If `other` does not have as many weights in its matrices and in each table.
    pub fn copy_from(&mut self, other: &Self) {
        self.note_change();
        self.dense_values.copy_from_slice(&other.dense_values);
        assert_eq!(self.tables.len(), other.tables.len(), "the numbers of tables differ");
        for (own, other) in self.tables.iter_mut().zip(&other.tables) {
            own.copy_from(other);
        }
        assert_eq!(
            self.statistics.len(),
            other.statistics.len(),
            "the numbers of statistics differ"
        );
        for (own, other) in self.statistics.iter_mut().zip(&other.statistics) {
            own.values.copy_from_slice(&other.values);
        }
    }

    /// Whether `other` has the same parameters: names, shapes and order.
    ///
    /// # Errors
    /// The first difference, as a sentence.
    pub fn same_layout(&self, other: &Self) -> Result<(), String> {
        let layout = |params: &Self| {
            let dense = params
                .dense_ids()
                .map(|id| (params.dense_name(id).to_owned(), params.dense_shape(id)));
            let tables = params
                .table_ids()
                .map(|id| (params.table_name(id).to_owned(), params.table_shape(id)));
            let statistics = params.statistics.iter();
            let statistics = statistics.map(|own| (own.name.clone(), (1, own.values.len())));
            [dense.collect::<Vec<_>>(), tables.collect(), statistics.collect()]
        };
        let (own, others) = (layout(self), layout(other));
        for (own, other) in own.iter().zip(&others) {
            if own.len() != other.len() {
                return Err(format!(
                    "the numbers of parameters of a kind differ: expected {}, but found {}",
                    own.len(),
                    other.len()
                ));
            }
            for ((name, shape), (other_name, other_shape)) in own.iter().zip(other) {
                if (name, shape) != (other_name, other_shape) {
                    return Err(format!(
                        "expected `{name}` of {shape:?}, but found `{other_name}` of {other_shape:?}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// The first weight that is NaN or infinite: the parameter's name, and row and column.
    pub fn find_non_finite(&self) -> Option<(&str, usize, usize)> {
        let rows_of = |values: &[F], width: usize| {
            let position = values.iter().position(|v| !v.is_finite())?;
            Some((position / width, position % width))
        };
        let dense = self.dense_ids().find_map(|id| {
            let (row, column) = rows_of(self.dense_slice(id), self.dense_shape(id).1)?;
            Some((self.dense_name(id), row, column))
        });
        let in_tables = || {
            self.tables.iter().find_map(|table| {
                let (width, mut copy) = (table.width(), Vec::new());
                let (row, column) = match table.stored_rows() {
                    StoredRows::Full(rows) => rows
                        .numbered()
                        .find_map(|(row, values)| Some((row, rows_of(values, values.len())?.1))),
                    StoredRows::Compact(rows) => (0..rows.len() as u32).find_map(|row| {
                        copy.resize(width, F::zero());
                        rows.each(row, &mut copy, |out, value| *out = value);
                        Some((row, rows_of(&copy, width)?.1))
                    }),
                }?;
                Some((&*table.name, row as usize, column))
            })
        };
        let in_statistics = || {
            self.statistics
                .iter()
                .find_map(|own| Some((&*own.name, 0, rows_of(&own.values, own.values.len())?.1)))
        };
        dense.or_else(in_tables).or_else(in_statistics)
    }
}

fn view<F>(shape: (usize, usize), values: &[F]) -> ArrayView2<'_, F> {
    ArrayView2::from_shape(shape, values).expect("the range has the size of the shape")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn handles_lead_to_names_shapes_and_values() {
        let mut params = Params::new();
        let weight = params.add_dense("weight", array![[1.0, 2.0], [3.0, 4.0]]);
        let bias = params.add_dense("bias", array![[5.0, 6.0]]);
        let table =
            params.add_table("table", array![[7.0], [8.0], [9.0]].reversed_axes().reversed_axes());
        assert_eq!(params.dense(weight), array![[1.0, 2.0], [3.0, 4.0]]);
        assert_eq!(params.dense_values(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!((params.dense_name(bias), params.dense_shape(bias)), ("bias", (1, 2)));
        assert_eq!((params.table_name(table), params.table_shape(table)), ("table", (3, 1)));
        assert_eq!(params.n_parameters(), 9);
    }

    #[test]
    fn transposed_values_are_added_in_row_order() {
        let mut params = Params::new();
        let matrix = array![[1.0, 2.0], [3.0, 4.0]].reversed_axes();
        let (dense, table) =
            (params.add_dense("dense", matrix.clone()), params.add_table("table", matrix.clone()));
        assert_eq!(params.dense(dense), matrix);
        assert_eq!(params.table(table), matrix);
    }

    #[test]
    fn layouts_differ_by_name_shape_and_number() {
        let make = |name: &str, width: usize| {
            let mut params = Params::new();
            params.add_dense(name, Array2::<f32>::zeros((2, width)));
            params
        };
        assert_eq!(make("a", 1).same_layout(&make("a", 1)), Ok(()));
        let cases = [
            (make("b", 1), "expected `a` of (2, 1), but found `b` of (2, 1)"),
            (make("a", 3), "expected `a` of (2, 1), but found `a` of (2, 3)"),
            (Params::new(), "the numbers of parameters of a kind differ: expected 1, but found 0"),
        ];
        for (other, problem) in cases {
            assert_eq!(make("a", 1).same_layout(&other), Err(problem.to_owned()));
        }
    }

    #[derive(Debug)]
    struct Elsewhere(Vec<f32>);

    impl LentValues<f32> for Elsewhere {
        fn values(&self) -> &[f32] {
            &self.0
        }
    }

    #[test]
    fn changing_lent_values_copies_them() {
        let elsewhere = Arc::new(Elsewhere(vec![1.0, 2.0, 3.0, 4.0]));
        let mut params = Params::new();
        let table = params.add_lent_table("table", 2, Arc::clone(&elsewhere) as _);
        assert_eq!((params.table_shape(table), params.n_parameters()), ((2, 2), 4));
        assert_eq!(params.table_rows(table).row(0).as_ptr(), elsewhere.0.as_ptr());
        let other = params.clone();
        params.table_mut(table).row_mut(0)[1] = 9.0;
        assert_eq!(params.table(table), array![[1.0, 9.0], [3.0, 4.0]]);
        assert_eq!(
            (&elsewhere.0[..], other.table(table)[(0, 1)]),
            (&[1.0, 2.0, 3.0, 4.0][..], 2.0)
        );
        params.split_mut().1[0].segments_mut()[1][0] = 8.0;
        assert_eq!(params.table(table), array![[1.0, 9.0], [8.0, 4.0]]);
        params.copy_from(&other);
        assert_eq!(params.table(table), array![[1.0, 2.0], [3.0, 4.0]]);
    }

    fn in_form(elements: Elements, rows: &[&[f32]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        rows.iter().for_each(|row| elements.encode(&mut bytes, row));
        bytes
    }

    #[test]
    fn changing_a_compact_table_turns_it_into_numbers() {
        let rows = [&[1.0, 0.5][..], &[-2.0, 0.0]];
        for elements in [Elements::Bf16, Elements::Int8] {
            let bytes = Arc::new(in_form(elements, &rows));
            let mut params = Params::<f32>::new();
            let table = params.add_compact_table("table", 2, (bytes, elements));
            assert_eq!((params.table_shape(table), params.is_compact()), ((2, 2), true));
            let before = params.table(table);
            assert!((&before - &array![[1.0, 0.5], [-2.0, 0.0]]).iter().all(|d| d.abs() < 0.01));
            let mut other = params.clone();
            other.table_mut(table).row_mut(0)[1] = 9.0;
            assert_eq!((other.table(table)[[0, 1]], other.is_compact()), (9.0, false));
            other.copy_from(&params);
            assert_eq!(other.table(table), before);
            assert_eq!(params.to_share(Share::new(1, 2)).n_stored(), 2);
        }
    }

    #[test]
    fn numbers_of_compact_rows_are_checked() {
        let mut bytes = in_form(Elements::Int8, &[&[1.0, 0.5], &[1.0, 2.0]]);
        bytes[6..10].copy_from_slice(&f32::INFINITY.to_le_bytes());
        let mut params = Params::<f32>::new();
        params.add_compact_table("table", 2, (Arc::new(bytes), Elements::Int8));
        assert_eq!(params.find_non_finite(), Some(("table", 1, 0)));
    }

    #[test]
    fn changing_a_matrix_drops_its_integers() {
        let bytes = in_form(Elements::Int8, &[&[1.27, -0.5], &[0.0, 0.0]]);
        let mut params = Params::<f32>::new();
        let bias = params.add_dense("bias", array![[1.0, 2.0]]);
        let steps = deepcross_kernels::products::InputSteps::new(vec![1.0, 0.5], 0);
        let weight = params.add_int8_dense("weight", Int8Weight::new(bytes, steps));
        params.add_dense("another", array![[1.0]]);
        assert!(
            (&params.dense(weight) - &array![[1.27, -1.0], [0.0, 0.0]])
                .iter()
                .all(|d| d.abs() < 1e-6)
        );
        assert!(params.int8_weight(bias).is_none() && params.int8_weight(weight).is_some());
        assert!(params.is_compact() && params.clone().is_compact());
        params.dense_slice_mut(bias)[0] = 0.0;
        assert!(params.int8_weight(weight).is_none() && !params.is_compact());
    }

    #[test]
    fn non_finite_weights_are_found() {
        let mut params = Params::new();
        params.add_dense("weight", array![[1.0, 2.0]]);
        let table = params.add_table("table", array![[1.0, 2.0], [3.0, 4.0]]);
        assert_eq!(params.find_non_finite(), None);
        params.table_mut(table).row_mut(1)[1] = f32::INFINITY;
        assert_eq!(params.find_non_finite(), Some(("table", 1, 1)));
    }

    #[test]
    #[should_panic(expected = "a parameter named `bias` already exists")]
    fn names_are_unique() {
        let mut params = Params::new();
        params.add_dense("bias", array![[1.0]]);
        params.add_table("bias", array![[1.0]]);
    }
}
