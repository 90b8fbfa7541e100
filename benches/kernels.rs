//! Benches of the arithmetic: matrix products at the shapes of the model, element-wise loops, and table look-ups.
//!
//! Elements per second of `matmul` are floating-point operations: a product and a sum count as two.
//! So `Gelem/s` means GFLOP/s, on one thread.

use benches::{EMBEDDING, STACK, ids, matrix, numbers, random, run};
use criterion::{BenchmarkId, Criterion, Throughput};
use deepcross::kernels::functions::{exp, ln, ln_1p, sigmoid, tanh};
use deepcross::kernels::products::{
    Finish, InputSteps, Int8Factor, LeftFactor, ProductPrecision, RightFactor, int8_product_into,
    matmul_into, packed_product_into, quantise_into, round_into, rows_product_into,
};
use deepcross::kernels::rows::{RowBags, bag_into, gather_into};
use deepcross::kernels::table_rows::{Segments, TableRows};
use deepcross::kernels::{
    Activation, ColumnsMut, CompactRows, Elements, StoredRows, Write, map_into, zip_into,
};
use ndarray::Array2;
use std::hint::black_box;

/// Rows, inputs and outputs of a layer: a batch of 1 to 4096 rows, the units of the Criteo model, and a cube.
const PRODUCTS: [(usize, usize, usize); 9] = [
    (1, 640, 512),
    (16, 640, 512),
    (128, 640, 512),
    (4096, 640, 512),
    (128, STACK, 512),
    (128, 512, STACK),
    (128, STACK, 64),
    (128, STACK, 1),
    (1024, 1024, 1024),
];

fn main() {
    run(|criterion| {
        matmul(criterion);
        packed(criterion, ProductPrecision::Full);
        packed(criterion, ProductPrecision::Bf16);
        int8(criterion);
        elementwise(criterion);
        functions(criterion);
        look_ups(criterion);
    });
}

/// The product of a layer: `x` times the transpose of a weight that is stored as `[outputs, inputs]`.
fn matmul(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("matmul");
    for (rows, inputs, outputs) in PRODUCTS {
        let (x, weight) = (matrix(rows, inputs), matrix(outputs, inputs));
        let mut out = Array2::zeros((rows, outputs));
        group.throughput(Throughput::Elements((2 * rows * inputs * outputs) as u64));
        group.bench_function(format!("{rows}x{inputs}x{outputs}"), |bencher| {
            bencher.iter(|| matmul_into(x.view(), weight.t(), Write::Assign, out.view_mut()));
        });
    }
    group.finish();
}

/// The same products with a packed weight, and the gradient of the weight, whose factors are packed each time.
///
/// In bf16, the rows and the factors of the gradient are rounded each time, as in training.
fn packed(criterion: &mut Criterion, precision: ProductPrecision) {
    let is_bf16 = precision == ProductPrecision::Bf16;
    let mut group = criterion.benchmark_group(if is_bf16 { "packed_bf16" } else { "packed" });
    for (rows, inputs, outputs) in PRODUCTS {
        let (x, weight) = (numbers(rows * inputs), numbers(inputs * outputs));
        let mut out = vec![0.0; rows * outputs];
        let mut factor = RightFactor::default();
        group.throughput(Throughput::Elements((2 * rows * inputs * outputs) as u64));
        factor.pack_transposed(&weight, (outputs, inputs));
        if is_bf16 {
            factor.round();
        }
        let (finish, mut rounded) = (Finish::plain(Write::Assign), Vec::new());
        group.bench_function(format!("{rows}x{inputs}x{outputs}"), |bencher| {
            bencher.iter(|| {
                if is_bf16 {
                    round_into(&mut rounded, &x);
                }
                let x = if is_bf16 { &rounded } else { &x };
                rows_product_into(&mut out, x, &factor, finish);
            });
        });
        let (mut left, mut gradient) = (LeftFactor::default(), vec![0.0; inputs * outputs]);
        group.bench_function(format!("gradient_{rows}x{inputs}x{outputs}"), |bencher| {
            bencher.iter(|| {
                left.pack_transposed(&out, (rows, outputs));
                factor.pack(&x, (rows, inputs));
                if is_bf16 {
                    left.round();
                    factor.round();
                }
                packed_product_into(&mut gradient, &left, &factor, Finish::plain(Write::Add));
            });
        });
        group.throughput(Throughput::Elements((inputs * outputs) as u64));
        group.bench_function(format!("pack_for_{rows}x{inputs}x{outputs}"), |bencher| {
            bencher.iter(|| {
                factor.pack_transposed(&weight, (outputs, inputs));
                if is_bf16 {
                    factor.round();
                }
            });
        });
    }
    group.finish();
}

/// The same products in integers of 8 bits, with the quantisation of the rows.
fn int8(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("int8");
    for (rows, inputs, outputs) in PRODUCTS {
        let (x, weight) = (numbers(rows * inputs), numbers(inputs * outputs));
        let mut integers = vec![0; weight.len()];
        let of_outputs = integers.chunks_mut(inputs).zip(weight.chunks(inputs));
        let scales: Vec<f32> = of_outputs.map(|(out, row)| quantise_into(out, row)).collect();
        let factor = Int8Factor::new(&integers, &scales);
        let steps = InputSteps::of_ranges(&vec![(-1.0, 1.0); inputs], &vec![1.0; inputs]);
        let finish = Finish::plain(Write::Assign);
        let (mut out, mut scratch) = (vec![0.0; rows * outputs], Vec::new());
        group.throughput(Throughput::Elements((2 * rows * inputs * outputs) as u64));
        group.bench_function(format!("{rows}x{inputs}x{outputs}"), |bencher| {
            bencher
                .iter(|| int8_product_into(&mut out, &x, (&factor, &steps), finish, &mut scratch));
        });
    }
    group.finish();
}

/// A block of 128 rows, 512 wide, in the cache.
///
/// `relu_constant` knows its activation at compile time; the others get theirs at run time.
fn elementwise(criterion: &mut Criterion) {
    const N: usize = 128 * 512;
    let mut group = criterion.benchmark_group("elementwise");
    group.throughput(Throughput::Elements(N as u64));
    let (a, b, mut out) = (numbers(N), numbers(N), vec![0.0; N]);
    group.bench_function(BenchmarkId::new("zip_add", N), |bencher| {
        bencher.iter(|| zip_into(&mut out, Write::Assign, black_box(&a), &b, |a, b| a + b));
    });
    group.bench_function(BenchmarkId::new("relu_constant", N), |bencher| {
        bencher.iter(|| {
            map_into(&mut out, Write::Assign, black_box(&a), |a| Activation::Relu.apply(a));
        });
    });
    for activation in black_box([Activation::Relu, Activation::Sigmoid, Activation::Tanh]) {
        let name = format!("{activation:?}").to_lowercase();
        group.bench_function(BenchmarkId::new(name, N), |bencher| {
            bencher.iter(|| {
                map_into(&mut out, Write::Assign, black_box(&a), |a| activation.apply(a));
            });
        });
    }
    group.finish();
}

/// The functions of this workspace beside those of the standard library, over numbers in the cache.
fn functions(criterion: &mut Criterion) {
    const N: usize = 128 * 512;
    let mut group = criterion.benchmark_group("functions");
    group.throughput(Throughput::Elements(N as u64));
    let (a, mut out) = (numbers(N), vec![0.0_f32; N]);
    macro_rules! bench {
        ($($name:literal: $function:expr;)*) => {
            $(group.bench_function($name, |bencher| {
                bencher.iter(|| map_into(&mut out, Write::Assign, black_box(&a), $function));
            });)*
        };
    }
    bench! {
        "exp": exp;
        "exp_of_std": f32::exp;
        "ln": |x: f32| ln(x.abs());
        "ln_of_std": |x: f32| x.abs().ln();
        "ln_1p": ln_1p;
        "ln_1p_of_std": f32::ln_1p;
        "tanh": tanh;
        "tanh_of_std": f32::tanh;
        "sigmoid": sigmoid;
        "sigmoid_of_std": |x: f32| 1.0 / (1.0 + (-x).exp());
    }
    group.finish();
}

/// Embeddings of 4096 rows, written into the columns of the stacked input; elements are looked-up table rows.
fn look_ups(criterion: &mut Criterion) {
    const ROWS: usize = 4096;
    const BAG: usize = 5;
    let (mut random, mut out) = (random(), vec![0.0; ROWS * STACK]);
    let mut group = criterion.benchmark_group("look_ups");
    for height in [10_000, 1_000_000] {
        // In training a table is in segments, and end to end if it is mapped from a file.
        let values = numbers(height * EMBEDDING);
        let mapped = TableRows::contiguous(&values, EMBEDDING);
        let mut segments = Segments::new(EMBEDDING);
        segments.grow(height, |row, out| out.copy_from_slice(mapped.row(row)));
        let table = segments.rows();
        let rows = ids(&mut random, ROWS, height);
        group.throughput(Throughput::Elements(ROWS as u64));
        let mut bytes = Vec::new();
        values.chunks(EMBEDDING).for_each(|row| Elements::Int8.encode(&mut bytes, row));
        let compact = CompactRows::new(&bytes, Elements::Int8, EMBEDDING);
        let table = StoredRows::Full(table);
        for (name, table) in [
            ("gather", table),
            ("gather_mapped", StoredRows::Full(mapped)),
            ("gather_int8", StoredRows::Compact(compact)),
        ] {
            group.bench_function(BenchmarkId::new(name, height), |bencher| {
                bencher.iter(|| {
                    let columns = ColumnsMut::new(&mut out, STACK, 0, EMBEDDING);
                    gather_into(&table, &rows, None, Activation::Relu, columns);
                });
            });
        }
        let rows = ids(&mut random, ROWS * BAG, height);
        let offsets: Vec<u32> = (0..=ROWS).map(|row| (row * BAG) as u32).collect();
        group.throughput(Throughput::Elements((ROWS * BAG) as u64));
        group.bench_function(BenchmarkId::new("bag_of_5", height), |bencher| {
            bencher.iter(|| {
                let bags = RowBags { offsets: &offsets, ids: &rows, weights: None };
                let columns = ColumnsMut::new(&mut out, STACK, 0, EMBEDDING);
                bag_into(&table, bags, None, Activation::Relu, columns);
            });
        });
    }
    group.finish();
}
