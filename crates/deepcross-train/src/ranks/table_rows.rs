//! The rows of tables that ranks own, gathered to be stored by the first rank, unless it has all of them.

use super::take;
use crate::rank_traffic::channels::TABLES;
use deepcross_autodiff::{Params, Share, TableId};
use deepcross_collective::{CollectiveError, Communicator};
use deepcross_model::TrainedModel;
use deepcross_model::artifact::{ArtifactError, TakeRows};
use std::io;
use std::path::Path;

/// The bytes of a table that are gathered at a time.
const PIECE: usize = 1 << 22;

/// Writes the artifact of a model that ranks have trained, as [`TrainedModel::save`] of one process; all ranks call this
/// at the same time, and the first one writes.
///
/// At most a few megabytes of the rows of other ranks are in memory at a time.
///
/// # Errors
/// As [`TrainedModel::save`], on the first rank; on the others if they cannot send their rows. If the first rank fails,
/// the others wait until it leaves the job or ends it.
pub fn save_on_ranks(
    communicator: &dyn Communicator,
    trained: &TrainedModel,
    path: &Path,
) -> Result<(), ArtifactError> {
    let params = &trained.params;
    if params.share() == Share::WHOLE {
        return if communicator.rank() == 0 { trained.save(path) } else { Ok(()) };
    }
    if communicator.rank() == 0 {
        let mut rows_of = |_, id, take: TakeRows<'_>| gather_rows(communicator, params, id, take);
        return trained.save_with(path, &mut rows_of);
    }
    send_tables(communicator, params)
        .map_err(|source| ArtifactError::Unwritable { file: path.to_owned(), source })
}

/// The rows of each piece of a table.
fn pieces((n_rows, width): (usize, usize)) -> impl Iterator<Item = std::ops::Range<u32>> {
    let at_a_time = (PIECE / size_of::<f32>() / width.max(1)).max(1);
    // Row numbers have 32 bits.
    (0..n_rows)
        .step_by(at_a_time)
        .map(move |start| start as u32..n_rows.min(start + at_a_time) as u32)
}

/// Gives all rows of a table to `take`, in their order. Each owner is asked for its rows of a piece when it is needed.
fn gather_rows(
    communicator: &dyn Communicator,
    params: &Params<f32>,
    id: TableId,
    take_rows: TakeRows<'_>,
) -> io::Result<()> {
    let (share, rows) = (params.share(), params.table_rows(id));
    let mut messages = vec![Vec::new(); share.of()];
    let (mut piece, width) = (Vec::new(), rows.width());
    for numbers in pieces(params.table_shape(id)) {
        for (rank, message) in messages.iter_mut().enumerate().skip(1) {
            communicator.send(rank, TABLES, &[]).map_err(of_ranks)?;
            communicator.receive(rank, TABLES, message).map_err(of_ranks)?;
        }
        let mut rest: Vec<&[u8]> = messages.iter().map(|message| &message[..]).collect();
        piece.clear();
        for number in numbers {
            match share.owner(number) {
                0 => piece.extend_from_slice(rows.row(number)),
                owner => {
                    super::extend(&mut piece, take(&mut rest[owner], width * size_of::<f32>()))
                }
            }
        }
        take_rows(&piece)?;
    }
    Ok(())
}

/// Sends the own rows of all tables, piece by piece, each when the first rank asks for it.
fn send_tables(communicator: &dyn Communicator, params: &Params<f32>) -> io::Result<()> {
    let (mut asked, mut message) = (Vec::new(), Vec::new());
    for id in params.table_ids() {
        let rows = params.table_rows(id);
        for numbers in pieces(params.table_shape(id)) {
            communicator.receive(0, TABLES, &mut asked).map_err(of_ranks)?;
            message.clear();
            for row in own(params.share(), numbers) {
                message.extend_from_slice(bytemuck::cast_slice(rows.row(row)));
            }
            communicator.send(0, TABLES, &message).map_err(of_ranks)?;
        }
    }
    Ok(())
}

/// The rows of a share among these.
fn own(share: Share, numbers: std::ops::Range<u32>) -> impl Iterator<Item = u32> {
    numbers.filter(move |&number| share.has(number))
}

fn of_ranks(error: CollectiveError) -> io::Error {
    io::Error::other(error)
}
