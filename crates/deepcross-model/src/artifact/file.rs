//! The file of an artifact: read as a whole, and written whole or not at all.
//!
//! A new file takes its name when it is complete, and its name is synced, too.
//! The standard output, a pipe or a device takes the bytes as they come.

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use deepcross_autodiff::{Params, Share};
use deepcross_files::{Output, TemporaryNames, is_stream, sync_folder};
use xxhash_rust::xxh3::xxh3_64;

use super::format::{self, Encoding, MAGIC_LENGTH};
use super::map::Map;
use super::tensors::TableRowsOf;
use super::{ArtifactError, FileHeader, FileKind, FormatError};

/// The end of the names of temporary files.
const SUFFIX: &str = ".tmp";

/// Writes a header and weights to `file`, and replaces the file that may be there.
///
/// `-` is the standard output; it, a pipe or a device takes the bytes as they come.
/// After an error or a crash, `file` is as it was before, or complete if only the syncing of the folder failed.
/// After success, it survives a crash.
/// The same header and weights give the same bytes.
///
/// # Errors
/// If such a file cannot hold the header or the weights (see [`Encoding::new`]), or if the file cannot be written.
pub fn write<H: FileHeader>(
    file: impl AsRef<Path>,
    header: &H,
    members: &[&Params<f32>],
) -> Result<(), ArtifactError> {
    let file = file.as_ref();
    let encoding = encodable(file, Encoding::new(header, members))?;
    replace(file, |writer| encoding.write_to(writer))
}

/// [`write()`] with the rows of a share alone, which the members have; see [`Encoding::of_share`].
///
/// The file is a part of another file, `whole`, in the same folder: if the process is killed, its temporary file stays
/// until `whole` is written or [removed](remove). Nothing is removed here, since other processes may be writing other
/// parts.
///
/// # Errors
/// As [`write()`].
pub fn write_share<H: FileHeader>(
    (file, whole): (&Path, &Path),
    header: &H,
    members: &[&Params<f32>],
    share: Share,
) -> Result<(), ArtifactError> {
    let encoding = encodable(file, Encoding::of_share(header, members, share))?;
    replace_under(&temporary_names(whole), file, |writer| encoding.write_to(writer))
}

/// [`write()`] with the rows of tables from elsewhere, for members that have a share of them.
///
/// # Errors
/// As [`write()`], and those of `rows_of`.
pub fn write_with<H: FileHeader>(
    file: impl AsRef<Path>,
    header: &H,
    members: &[&Params<f32>],
    rows_of: &mut TableRowsOf<'_>,
) -> Result<(), ArtifactError> {
    let file = file.as_ref();
    let encoding = encodable(file, Encoding::new(header, members))?;
    replace(file, |writer| encoding.write_with(writer, rows_of))
}

fn encodable<'a>(
    file: &Path,
    encoding: Result<Encoding<'a>, FormatError>,
) -> Result<Encoding<'a>, ArtifactError> {
    encoding.map_err(|problem| ArtifactError::Unencodable { file: file.to_owned(), problem })
}

/// Checks that [`write()`] could write to `file`, without changing the file. It is for use before a long training.
///
/// # Errors
/// If the folder is missing or cannot be written to, or if `file` is a folder or a socket.
pub fn check_writable(file: impl AsRef<Path>) -> Result<(), ArtifactError> {
    Ok(deepcross_files::check_writable(file.as_ref(), &temporary_names(file.as_ref()))?)
}

/// Removes a file that [`write()`] wrote, and the temporary files of killed processes.
///
/// # Errors
/// If the file exists and cannot be removed.
pub fn remove(file: impl AsRef<Path>) -> Result<(), ArtifactError> {
    let file = file.as_ref();
    temporary_names(file).remove_leftovers(file);
    match fs::remove_file(file) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(ArtifactError::Unwritable { file: file.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// Reads the header and the weights of each member that [`write()`] wrote, equal to the bit.
///
/// During decoding, the file is in memory beside the weights.
///
/// # Errors
/// If there is no such file, if it cannot be read, or if it is not one valid file of the kind of `H`.
pub fn read<H: FileHeader>(file: impl AsRef<Path>) -> Result<(H, Vec<Params<f32>>), ArtifactError> {
    let file = file.as_ref();
    let bytes = read_bytes(file, H::KIND)?;
    format::decode(&bytes).map_err(|problem| invalid(file, problem))
}

/// Maps the file into memory and leaves the tables there. The system can evict their pages, and several processes share
/// them.
///
/// The file must not be modified in place while it is mapped. To replace it by another file, as [`write()`] does, is
/// allowed. If the system cannot map the file, it is read.
///
/// # Errors
/// As [`read`].
pub fn map<H: FileHeader>(file: impl AsRef<Path>) -> Result<(H, Vec<Params<f32>>), ArtifactError> {
    let file = file.as_ref();
    let (reader, _) = open(file)?;
    let Some(map) = Map::new(&reader) else { return read(file) };
    format::decode_map(&Arc::new(map)).map_err(|problem| invalid(file, problem))
}

fn invalid(file: &Path, problem: FormatError) -> ArtifactError {
    ArtifactError::Invalid { file: file.to_owned(), problem }
}

/// Reads all bytes of the file, after a check that the first ones are the magic of its kind.
fn read_bytes(file: &Path, kind: FileKind) -> Result<Vec<u8>, ArtifactError> {
    let unreadable = |source| unreadable(file, source);
    let (reader, metadata) = open(file)?;
    let mut bytes = Vec::new();
    (&reader).take(MAGIC_LENGTH as u64).read_to_end(&mut bytes).map_err(unreadable)?;
    kind.check_magic(&bytes).map_err(|problem| invalid(file, problem))?;
    read_rest(&reader, metadata.len(), &mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// Reads all bytes of a file of any kind.
#[cfg(feature = "interchange")]
pub(crate) fn read_all(file: &Path) -> Result<Vec<u8>, ArtifactError> {
    let (reader, metadata) = open(file)?;
    let mut bytes = Vec::new();
    read_rest(&reader, metadata.len(), &mut bytes).map_err(|source| unreadable(file, source))?;
    Ok(bytes)
}

fn open(file: &Path) -> Result<(File, Metadata), ArtifactError> {
    let unreadable = |source| unreadable(file, source);
    // The kind is checked before the file is opened, since opening a pipe waits for its writer.
    let metadata = fs::metadata(file).map_err(unreadable)?;
    check_kind(file, &metadata)?;
    Ok((File::open(file).map_err(unreadable)?, metadata))
}

fn unreadable(file: &Path, source: io::Error) -> ArtifactError {
    match source.kind() {
        ErrorKind::NotFound => ArtifactError::MissingFile { file: file.to_owned() },
        _ => ArtifactError::Unreadable { file: file.to_owned(), source },
    }
}

/// Reads until there are `length` bytes, even if the file grows meanwhile.
fn read_rest(reader: &File, length: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    let rest = length.saturating_sub(bytes.len() as u64);
    let capacity = usize::try_from(rest).map_err(|_| ErrorKind::OutOfMemory)?;
    bytes.try_reserve_exact(capacity)?;
    reader.take(rest).read_to_end(bytes)?;
    Ok(())
}

fn check_kind(file: &Path, metadata: &Metadata) -> Result<(), ArtifactError> {
    if metadata.is_dir() {
        return Err(ArtifactError::Folder { file: file.to_owned() });
    }
    if !metadata.is_file() {
        return Err(ArtifactError::NotAFile { file: file.to_owned() });
    }
    Ok(())
}

/// Replaces `file` by the bytes that `fill` writes, or leaves everything as it was; a stream takes the bytes in place.
pub(crate) fn replace(
    file: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), ArtifactError> {
    let names = temporary_names(file);
    if !is_stream(file) {
        names.remove_leftovers(file);
    }
    replace_under(&names, file, fill)
}

/// [`replace`] by way of a file with one of these temporary names, whose leftovers stay.
fn replace_under(
    names: &TemporaryNames,
    file: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), ArtifactError> {
    let mut new = Output::create(file, names)?;
    fill(new.writer())
        .map_err(|source| ArtifactError::Unwritable { file: file.to_owned(), source })?;
    new.finish()?;
    match is_stream(file) {
        true => Ok(()),
        false => Ok(sync_folder(file)?),
    }
}

/// The names of the temporary files that are to become `file`: of a bounded length, however long its name is.
fn temporary_names(file: &Path) -> TemporaryNames {
    TemporaryNames::new(prefix(file), SUFFIX)
}

fn prefix(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().as_encoded_bytes();
    format!(".deepcross-{:016x}-", xxh3_64(name))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, Header};
    use super::*;
    use std::io::Write;
    use std::path::PathBuf;
    use tempfile::TempDir;

    /// A folder, and the path of a new file in it.
    fn place() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("model.dcx");
        (folder, file)
    }

    /// The header of another file.
    fn older() -> Header {
        Header { config: String::new(), fields: vec![], summary: None }
    }

    fn names(folder: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[track_caller]
    fn check_message<T>(result: Result<T, ArtifactError>, file: &Path, message: &str) {
        let error = result.err().expect("the file is refused");
        assert_eq!(error.to_string(), format!("`{}`: {message}", file.display()));
    }

    #[test]
    fn an_artifact_is_written_read_and_replaced() {
        let (folder, file) = place();
        check_writable(&file).unwrap();
        assert!(names(&folder).is_empty());
        write(&file, &older(), &[&Params::new()]).unwrap();
        check_writable(&file).unwrap();
        write(&file, &sample::header(), &[&sample::params()]).unwrap();
        assert_eq!(names(&folder), ["model.dcx"]);
        assert_eq!(fs::read(&file).unwrap(), sample::bytes());

        let mapped = map::<Header>(&file).unwrap();
        for (header, params) in [read::<Header>(&file).unwrap(), mapped.clone()] {
            let params = &params[0];
            assert_eq!((header, params.same_layout(&sample::params())), (sample::header(), Ok(())));
            let values = params.table_ids().map(|id| params.table(id));
            let expected = sample::params();
            let expected = expected.table_ids().map(|id| expected.table(id));
            assert!(values.eq(expected));
        }
        // Another file in its place leaves the mapped file as it was.
        write(&file, &older(), &[&Params::new()]).unwrap();
        let mapped = &mapped.1[0];
        let table = mapped.table_ids().next().unwrap();
        assert_eq!(mapped.table(table), sample::params().table(table));
        write(&file, &sample::header(), &[&sample::params()]).unwrap();
    }

    #[test]
    fn files_of_killed_processes_are_removed() {
        let (folder, file) = place();
        let leftover = |name: &str| folder.path().join(name);
        let own = format!("{}abc.tmp", prefix(&file));
        let of_another = format!("{}abc.tmp", prefix(Path::new("other.dcx")));
        let in_use = format!("{}def.tmp", prefix(&file));
        for name in [&own, &of_another, &in_use] {
            fs::write(leftover(name), "half of a model").unwrap();
        }
        let held = File::open(leftover(&in_use)).unwrap();
        held.lock().unwrap();
        write(&file, &older(), &[&Params::new()]).unwrap();
        let mut expected = vec![of_another, in_use, "model.dcx".to_owned()];
        expected.sort();
        let mut found = names(&folder);
        found.sort();
        assert_eq!(found, expected);

        fs::write(leftover(&own), "half of a model").unwrap();
        remove(&file).unwrap();
        remove(&file).unwrap();
        let mut found = names(&folder);
        found.sort();
        assert_eq!(found, expected[..2]);
    }

    #[test]
    fn files_of_killed_processes_that_wrote_a_part_are_removed_with_the_whole() {
        let (folder, file) = place();
        let part = folder.path().join("model.dcx.1-of-2");
        let leftover = folder.path().join(format!("{}abc.tmp", prefix(&file)));
        for is_written in [true, false] {
            fs::write(&leftover, "half of a part").unwrap();
            write_share((&part, &file), &older(), &[&Params::new()], Share::WHOLE).unwrap();
            assert!(part.exists() && leftover.exists());
            match is_written {
                true => write(&file, &older(), &[&Params::new()]).unwrap(),
                false => remove(&file).unwrap(),
            }
            assert!(part.exists() && !leftover.exists());
        }
    }

    #[test]
    #[cfg(unix)]
    fn an_artifact_has_the_permissions_of_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, file) = place();
        write(&file, &older(), &[&Params::new()]).unwrap();
        let other = folder.path().join("other");
        fs::write(&other, "").unwrap();
        let mode = |file: &Path| fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode(&file), mode(&other));
    }

    #[test]
    fn other_files_are_refused() {
        let (folder, file) = place();
        check_message(read::<Header>(&file), &file, "no such file");
        let message = "is a folder, expected a file";
        check_message(read::<Header>(folder.path()), folder.path(), message);

        let bytes = sample::bytes();
        fs::write(&file, &bytes[..100]).unwrap();
        let expected = "is cut off: it has 100 bytes, expected at least 395";
        check_message(read::<Header>(&file), &file, expected);
        fs::write(&file, "click\n1\n").unwrap();
        let expected = "is not a deepcross artifact: it does not begin with `DEEPCROS`";
        check_message(read::<Header>(&file), &file, expected);
    }

    #[test]
    fn devices_are_not_read_and_are_written_in_place() {
        let device = Path::new("/dev/null");
        if device.exists() {
            let message = "is a device, pipe or socket, expected a file";
            check_message(read::<Header>(device), device, message);
            check_writable(device).unwrap();
            write(device, &older(), &[&Params::new()]).unwrap();
            assert!(!device.is_file());
        }
    }

    #[test]
    fn unwritable_places_are_refused() {
        let (folder, file) = place();
        let missing = file.join("deep").join("model.dcx");
        let expected = format!(
            "cannot be written: there is no folder `{}`",
            missing.parent().unwrap().display()
        );
        check_message(check_writable(&missing), &missing, &expected);
        check_message(write(&missing, &older(), &[&Params::new()]), &missing, &expected);
        let expected = "is a folder, expected a file";
        check_message(write(folder.path(), &older(), &[&Params::new()]), folder.path(), expected);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_unwritable_folder_is_refused() {
        // Not even the superuser can create a file there.
        let file = Path::new("/proc/model.dcx");
        check_message(check_writable(file), file, "cannot be written");
        check_message(write(file, &older(), &[&Params::new()]), file, "cannot be written");
    }

    #[test]
    fn a_disk_that_becomes_full_changes_nothing() {
        let (folder, file) = place();
        fs::write(&file, "the old content").unwrap();
        let result = replace(&file, |writer| {
            writer.write_all(&[0; 3 << 20])?;
            Err(ErrorKind::StorageFull.into())
        });
        check_message(result, &file, "cannot be written");
        assert_eq!(names(&folder), ["model.dcx"]);
        assert_eq!(fs::read(&file).unwrap(), b"the old content");
    }

    #[test]
    fn weights_that_are_not_finite_leave_the_old_file() {
        let (folder, file) = place();
        let mut params = sample::params();
        params.dense_values_mut()[0] = f32::NAN;
        let problem = FormatError::NonFinite { name: "weight".to_owned(), row: 0, column: 0 };
        let result = write(&file, &sample::header(), &[&params]);
        check_message(result, &file, &format!("cannot be written: {problem}"));
        assert!(names(&folder).is_empty());
    }
}
