//! The sum of the dense gradients of all ranks, along the tree of the groups.
//!
//! Ranks that are neighbours in the tree exchange halves of what they hold, and add what they receive, round after round;
//! then they exchange the sums in the reverse order (recursive halving and doubling: Thakur, Rabenseifner and Gropp, 2005).
//! A rank sends `2 log₂ n` messages, and twice all bytes but one nth of them.
//! Rejected: the reduction of a library, which promises no order of its sums.

use super::{Ranks, extend};
use crate::error::TrainError;
use crate::rank_traffic::channels::DENSE_GRADIENTS;
use deepcross_autodiff::{DenseId, Gradients, Params, Summands};

use rayon::prelude::*;
use std::ops::Range;

/// The numbers that one thread sums at a time.
const CHUNK: usize = 1 << 13;

/// Writes the sum of the gradients of the own groups, as the node of their tree, into `sum`: zeros if no group has rows.
pub(super) fn sum_groups(
    params: &Params<f32>,
    groups: &[Gradients<f32>],
    sum: &mut Gradients<f32>,
) {
    let mut rest = sum.reach_dense();
    let ids: Vec<DenseId> = params.dense_ids().collect();
    for id in ids {
        let (own, others) = rest.split_at_mut(params.dense_range(id).len());
        rest = others;
        own.par_chunks_mut(CHUNK).enumerate().for_each(|(i, sum)| {
            let range = i * CHUNK..i * CHUNK + sum.len();
            let parts = groups.iter().enumerate().filter_map(|(number, group)| {
                Some((number, &group.dense_slice(id)?[range.clone()]))
            });
            Summands::default().sum_into(sum, parts);
        });
    }
}

/// Makes the numbers of a rank without groups to those that change no sum.
///
/// `0.0` would make another sum of `-0.0`.
pub(super) fn take_no_part(numbers: &mut [f32]) {
    numbers.fill(-0.0);
}

/// Adds up the numbers of all ranks, on each of them; a rank may [take no part](take_no_part).
pub(super) fn sum_ranks(ranks: &Ranks<'_>, numbers: &mut [f32]) -> Result<(), TrainError> {
    let (rank, mut held) = (ranks.rank(), 0..numbers.len());
    let levels = ranks.size().ilog2();
    let (mut message, mut received) = (Vec::new(), Vec::new());
    let mut before = Vec::new();
    for level in 0..levels {
        let partner = rank ^ 1 << level;
        let [keep, give] = halves(&held, rank < partner);
        exchange(ranks, partner, &numbers[give], &mut message, &mut received)?;
        let sums = numbers[keep.clone()].iter_mut().zip(&received);
        sums.for_each(|(sum, more)| *sum += more);
        before.push(held);
        held = keep;
    }
    for (level, whole) in before.into_iter().enumerate().rev() {
        let partner = rank ^ 1 << level;
        let [_, others] = halves(&whole, rank < partner);
        exchange(ranks, partner, &numbers[held], &mut message, &mut received)?;
        numbers[others].copy_from_slice(&received);
        held = whole;
    }
    ranks.communicator().flush(DENSE_GRADIENTS)?;
    Ok(())
}

/// The half that the lower or the upper of two partners holds, and the other half.
fn halves(whole: &Range<usize>, is_lower: bool) -> [Range<usize>; 2] {
    let middle = whole.start + whole.len() / 2;
    let (lower, upper) = (whole.start..middle, middle..whole.end);
    if is_lower { [lower, upper] } else { [upper, lower] }
}

/// Sends numbers to a rank, and receives others from it.
fn exchange(
    ranks: &Ranks<'_>,
    partner: usize,
    numbers: &[f32],
    message: &mut Vec<u8>,
    received: &mut Vec<f32>,
) -> Result<(), TrainError> {
    let communicator = ranks.communicator();
    communicator.send(partner, DENSE_GRADIENTS, bytemuck::cast_slice(numbers))?;
    communicator.receive(partner, DENSE_GRADIENTS, message)?;
    received.clear();
    extend(received, message);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use deepcross_collective::Threads;

    /// Numbers whose sum depends on the order of the additions, and some of -0, whose sum with 0 is another number.
    fn numbers(rank: usize, n: usize) -> Vec<f32> {
        let number = |i: usize| match i % 4 {
            3 => -0.0,
            _ => 1.0 / (1 + 7 * rank + 3 * i) as f32 * [1.0, -1e4, 3e-3][(rank + i) % 3],
        };
        (0..n).map(number).collect()
    }

    fn bits(numbers: &[f32]) -> Vec<u32> {
        numbers.iter().map(|number| number.to_bits()).collect()
    }

    #[test]
    fn ranks_add_in_the_order_of_the_tree() {
        for size in [2, 4, 8] {
            for n in [0, 1, 5, 64] {
                for absent in [usize::MAX, 0, 2, 5] {
                    let has = move |rank: usize| rank != absent;
                    let mut expected = vec![0.0; n];
                    let parts: Vec<_> = (0..size).map(|rank| numbers(rank, n)).collect();
                    let present = parts.iter().enumerate().filter(|(rank, _)| has(*rank));
                    Summands::default()
                        .sum_into(&mut expected, present.map(|(rank, part)| (rank, &part[..])));
                    let sums = Threads::run(size, |rank| {
                        let ranks = Ranks::new(rank, 8).expect("so many").expect("several");
                        let mut own = numbers(ranks.rank(), n);
                        if !has(ranks.rank()) {
                            take_no_part(&mut own);
                        }
                        sum_ranks(&ranks, &mut own).expect("the exchange");
                        let sent = ranks.take_traffic().total().messages_sent;
                        assert_eq!(sent, 2 * u64::from(size.ilog2()));
                        own
                    });
                    let is_expected = |sum: &Vec<f32>| bits(sum) == bits(&expected);
                    assert!(sums.iter().all(is_expected), "{size} ranks, {n} numbers");
                }
            }
        }
    }
}
