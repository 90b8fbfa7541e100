//! The checkpoint of several ranks: a file with the rows of each rank, and a manifest that names them, written last.
//!
//! A shard has the run and the step in its name, so that the shards of a checkpoint, also of an earlier run, are there
//! until the manifest of the next one is.
//! A run resumes on any number of ranks: each reads the shards that have rows of its own, one after the other.

use super::file::{Header, Snapshot, invalid};
use super::identity::Identity;
use super::saving::with_source;
use super::shard_name::{ShardName, remove_shards};
use crate::error::TrainError;
use crate::ranks::{BlockMomentum, Ranks};
use deepcross_autodiff::{Params, Share, TableId};
use deepcross_model::artifact::{
    self, ArtifactError, FileHeader, FileKind, FormatError, SectionReader, SectionWriter, Values,
};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// The section that a manifest has beside those of a checkpoint.
const SHARDS: &str = "shards";
/// The section of a shard.
const SHARD: &str = "shard";

/// A checkpoint without weights, which are in shards.
pub(super) struct Manifest {
    pub(super) header: Header,
    pub(super) n_shards: u32,
}

impl Manifest {
    fn shard_name(&self) -> ShardName {
        let Header { run, n_steps, .. } = &self.header;
        ShardName::new(run, *n_steps, self.n_shards as usize)
    }
}

impl FileHeader for Manifest {
    const KIND: FileKind = FileKind {
        name: "checkpoint of several ranks",
        magic: "DEEPCKPM",
        version: 1,
        sections: &Header::sections_and((SHARDS, 1)),
        members: &[],
    };

    fn write(&self, sections: &mut SectionWriter) -> Result<(), FormatError> {
        self.header.write(sections)?;
        sections.add(SHARDS, &self.n_shards)
    }

    fn read(sections: &mut SectionReader<'_>) -> Result<Self, FormatError> {
        let header = Header::read(sections)?;
        if header.repeats() > 1 {
            let reason = "several ranks train a single member".to_owned();
            return Err(FormatError::Content { reason });
        }
        Ok(Self { header, n_shards: sections.take(SHARDS)? })
    }
}

/// What the file of a rank has beside its rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Shard {
    run: Identity,
    n_steps: u64,
    rank: u32,
    n_shards: u32,
    /// The number of rows of each table of each member, of all ranks.
    n_rows: Vec<Vec<u64>>,
}

impl FileHeader for Shard {
    const KIND: FileKind = FileKind {
        name: "part of a checkpoint",
        magic: "DEEPCKPS",
        version: 1,
        sections: &[(SHARD, 1)],
        // As those of a checkpoint, and the state between two blocks of steps, if ranks train apart within a block.
        members: &[Values::Finite, Values::Any, Values::Finite, Values::Finite],
    };

    fn write(&self, sections: &mut SectionWriter) -> Result<(), FormatError> {
        sections.add(SHARD, self)
    }

    fn read(sections: &mut SectionReader<'_>) -> Result<Self, FormatError> {
        sections.take(SHARD)
    }
}

impl Snapshot<'_> {
    /// Writes the checkpoint of all ranks in place of an earlier one: each rank its shard, and then the first one the
    /// manifest. After an error, which all ranks return, the earlier one is still there.
    pub(super) fn write_among(
        self,
        ranks: &Ranks<'_>,
        file: &Path,
        run: &Identity,
    ) -> Result<Result<(), ArtifactError>, TrainError> {
        let written = self.write_shard(ranks, file, run);
        if let Some(reason) = ranks.first_failure(written.as_ref().err().map(with_source))? {
            return Ok(written.and(Err(unwritable(file, reason))));
        }
        let written = match ranks.rank() {
            0 => {
                let header = Manifest { header: self.header(run), n_shards: ranks.size() as u32 };
                artifact::write(file, &header, &[])
            }
            _ => Ok(()),
        };
        if let Some(reason) = ranks.first_failure(written.as_ref().err().map(with_source))? {
            return Ok(written.and(Err(unwritable(file, reason))));
        }
        if ranks.rank() == 0 {
            remove_shards(file, Some(ShardName::new(run, self.n_steps, ranks.size())));
        }
        Ok(Ok(()))
    }

    fn write_shard(
        self,
        ranks: &Ranks<'_>,
        file: &Path,
        run: &Identity,
    ) -> Result<(), ArtifactError> {
        let none = Params::new();
        let of_block = self.block.map_or_else(Params::new, BlockMomentum::to_params);
        // Ranks train a single member.
        let [weights, optimizer, best] = self.members[0].sets(&none);
        let members = [weights, optimizer, best, &of_block];
        let n_rows = members.map(|params| {
            params.table_ids().map(|id| params.table_shape(id).0 as u64).collect::<Vec<_>>()
        });
        let (n_steps, rank, n_shards) = (self.n_steps, ranks.rank() as u32, ranks.size() as u32);
        let header = Shard { run: run.clone(), n_steps, rank, n_shards, n_rows: n_rows.to_vec() };
        let shard = ShardName::new(run, n_steps, ranks.size()).file(file, ranks.rank());
        artifact::write_share((&shard, file), &header, &members, ranks.share())
    }
}

/// The members of a checkpoint whose rows are in shards: the rows of `share`.
///
/// # Errors
/// If a shard is missing, cannot be read, or is not of this checkpoint.
pub(super) fn read_members(
    file: &Path,
    manifest: &Manifest,
    share: Share,
) -> Result<Vec<Params<f32>>, ArtifactError> {
    let n_shards = manifest.n_shards as usize;
    if !n_shards.is_power_of_two() || n_shards > deepcross_autodiff::SEGMENTS {
        return Err(invalid(file, format!("it has {n_shards} shards")));
    }
    // A row is in the shard of its number modulo their number.
    let common = n_shards.min(share.of());
    let mut shards = Vec::new();
    for rank in (0..n_shards).filter(|rank| rank % common == share.rank() % common) {
        shards.push((rank, ReadShard::open(file, manifest, rank)?));
    }
    for (rank, shard) in shards.iter().skip(1) {
        if !shard.has_form_of(&shards[0].1) {
            let part = manifest.shard_name().file(file, *rank);
            let reason = "its weights have another form than those of the other parts".to_owned();
            return Err(invalid(&part, reason));
        }
    }
    let n_members = Shard::KIND.members.len();
    Ok((0..n_members).map(|member| merged(&shards, member, (n_shards, share))).collect())
}

/// A shard whose tables are left in its file.
struct ReadShard {
    shard: Shard,
    members: Vec<Params<f32>>,
}

impl ReadShard {
    fn open(manifest_file: &Path, manifest: &Manifest, rank: usize) -> Result<Self, ArtifactError> {
        let (n_steps, n_shards) = (manifest.header.n_steps, manifest.n_shards as usize);
        let file = manifest.shard_name().file(manifest_file, rank);
        let (shard, members) = artifact::map::<Shard>(&file).map_err(|error| match error {
            ArtifactError::MissingFile { file } => {
                invalid(manifest_file, format!("its part `{}` is missing", file.display()))
            }
            error => error,
        })?;
        let is_own = shard.run == manifest.header.run
            && (shard.n_steps, shard.rank as usize, shard.n_shards as usize)
                == (n_steps, rank, n_shards);
        if !is_own {
            let reason = format!("it is not a part of `{}`", manifest_file.display());
            return Err(invalid(&file, reason));
        }
        let own = Share::new(rank, n_shards);
        let fits = members.len() == shard.n_rows.len()
            && members.iter().zip(&shard.n_rows).all(|(params, n_rows)| {
                let ids: Vec<TableId> = params.table_ids().collect();
                ids.len() == n_rows.len()
                    && ids.iter().zip(n_rows).all(|(&id, &n_rows)| {
                        // Row numbers have 32 bits.
                        n_rows <= 1 << 32 && params.table_shape(id).0 == own.n_rows(n_rows as usize)
                    })
            });
        match fits {
            true => Ok(Self { shard, members }),
            false => Err(invalid(&file, "it has other rows than it says".to_owned())),
        }
    }

    /// Whether the weights have the names and shapes of those of another shard, but for the own rows of tables.
    fn has_form_of(&self, other: &Self) -> bool {
        let form = |params: &Params<f32>| {
            let dense = params.dense_ids().map(|id| {
                let (rows, columns) = params.dense_shape(id);
                (params.dense_name(id).to_owned(), rows, columns)
            });
            let tables = params
                .table_ids()
                .map(|id| (params.table_name(id).to_owned(), 0, params.table_width(id)));
            let statistics = params
                .statistic_ids()
                .map(|id| (params.statistic_name(id).to_owned(), 1, params.statistic(id).len()));
            [dense.collect::<Vec<_>>(), tables.collect(), statistics.collect()]
        };
        let forms = |shard: &Self| shard.members.iter().map(form).collect::<Vec<_>>();
        self.shard.n_rows == other.shard.n_rows && forms(self) == forms(other)
    }
}

/// A member with the rows of a share, from the shards that have them.
fn merged(
    shards: &[(usize, ReadShard)],
    member: usize,
    (n_shards, share): (usize, Share),
) -> Params<f32> {
    let mut params = Params::of_share(share);
    let Some((_, first)) = shards.first() else { return params };
    let dense = &first.members[member];
    for id in dense.dense_ids() {
        params.add_dense(dense.dense_name(id), dense.dense(id).to_owned());
    }
    for id in dense.statistic_ids() {
        params.add_statistic(dense.statistic_name(id), dense.statistic(id).to_vec());
    }
    let whole = Share::new(0, n_shards);
    for (id, &n_rows) in dense.table_ids().zip(&first.shard.n_rows[member]) {
        let shape = (n_rows as usize, dense.table_width(id));
        params.add_table_of(dense.table_name(id), shape, |row, out| {
            let owner = whole.owner(row);
            let shard = shards.iter().find(|(rank, _)| *rank == owner);
            let rows = shard.map(|(_, shard)| shard.members[member].table_rows(id));
            let rows = rows.expect("the shards with rows of this share");
            out.copy_from_slice(rows.row(row / n_shards as u32));
        });
    }
    params
}

fn unwritable(file: &Path, reason: String) -> ArtifactError {
    ArtifactError::Unwritable { file: file.to_owned(), source: io::Error::other(reason) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::FilePrints;
    use ndarray::Array2;

    #[test]
    fn shards_of_another_form_are_noticed() {
        let shard = |matrix: usize, table: (&str, usize), n_rows: u64| {
            let mut params = Params::of_share(Share::new(0, 2));
            params.add_dense("matrix", Array2::zeros((1, matrix)));
            params.add_table_of(table.0, (n_rows as usize, table.1), |_, _| ());
            let run = Identity { config: String::new(), files: FilePrints::default(), init: None };
            let n_rows = vec![vec![n_rows]];
            let shard = Shard { run, n_steps: 1, rank: 0, n_shards: 2, n_rows };
            ReadShard { shard, members: vec![params] }
        };
        let first = shard(2, ("table", 3), 4);
        assert!(shard(2, ("table", 3), 4).has_form_of(&first));
        for other in [shard(1, ("table", 3), 4), shard(2, ("other", 3), 4)] {
            assert!(!other.has_form_of(&first));
        }
        for other in [shard(2, ("table", 2), 4), shard(2, ("table", 3), 5)] {
            assert!(!other.has_form_of(&first));
        }
    }
}
