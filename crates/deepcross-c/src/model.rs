//! A model: loading it, freeing it, and what it says about itself.
#![expect(unsafe_code, reason = "a function of C takes pointers and has a name of its own")]

use std::ffi::{CStr, CString, c_char};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use deepcross_model::Scorer;
use deepcross_model::scoring::{InputColumns, model_description};
use deepcross_train::{TrainError, TrainedRun};

use crate::border::{Place, array, call, reference, text};
use crate::last_error::c_text;
use crate::status::{Failure, Status};

/// A model, ready to score. It never changes: any number of threads may use it at a time.
#[derive(Debug)]
pub struct Model {
    pub(crate) loaded: Arc<LoadedModel>,
}

/// A model with everything that calls need from it; sessions keep it alive.
#[derive(Debug)]
pub(crate) struct LoadedModel {
    pub(crate) scorer: Scorer,
    pub(crate) columns: InputColumns,
    described: Described,
    /// The fingerprint and the description in JSON, made when they are first asked for: they read the whole model.
    identity: OnceLock<Result<(u64, CString), String>>,
}

/// The columns and fields as C reads them, with the texts behind their pointers.
#[derive(Debug)]
struct Described {
    columns: Vec<InputColumn>,
    fields: Vec<Field>,
    /// The texts and positions that the pointers above lead to. They are never changed.
    _texts: Vec<Vec<u8>>,
    _positions: Vec<Vec<usize>>,
}

/// A column that a prediction reads.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct InputColumn {
    /// Its name.
    pub name: *const c_char,
    /// What it accepts, in words.
    pub accepts: *const c_char,
    /// 1 if a field reads it as a number, 0 if not.
    pub is_number: u32,
    /// The character, in Unicode, between the elements of a text with several values, as the configuration of the
    /// training sets it; 0 if a text is one value.
    pub separator: u32,
}

/// A field of the model, which encodes one column, or several together.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: *const c_char,
    /// Its kind in the configuration, such as `number`, `categorical` or `multi-hot`.
    pub kind: *const c_char,
    /// Its encoding, in one line.
    pub encoding: *const c_char,
    /// The positions of its columns among those of `deepcross_model_columns`.
    pub columns: *const usize,
    /// The number of its columns; 0 if it has the same value in every prediction.
    pub n_columns: usize,
}

// SAFETY: the pointers lead to texts and positions that live as long as the lists and that nothing changes.
unsafe impl Send for Described {}
// SAFETY: as above.
unsafe impl Sync for Described {}

impl Described {
    fn new(scorer: &Scorer, columns: &InputColumns) -> Self {
        let (mut texts, mut positions) = (Vec::new(), Vec::new());
        let mut kept = |text: &str| -> *const c_char {
            let text = c_text(text).into_bytes_with_nul();
            // The bytes of a text stay where they are if the list of texts moves.
            let pointer = text.as_ptr();
            texts.push(text);
            pointer.cast()
        };
        let column = |column: &deepcross_model::scoring::InputColumn| InputColumn {
            name: kept(&column.name),
            accepts: kept(column.accepts),
            is_number: column.is_number.into(),
            separator: column.separator.map_or(0, u32::from),
        };
        let listed = columns.list.iter().map(column).collect();
        let mut fields = Vec::new();
        for field in scorer.encoder().fields() {
            // A column that only training reads has no position.
            let read = field.columns.iter().filter_map(|name| columns.position(name));
            let read: Vec<usize> = read.collect();
            fields.push(Field {
                name: kept(&field.name),
                kind: kept(field.kind),
                encoding: kept(&field.encoding),
                columns: read.as_ptr(),
                n_columns: read.len(),
            });
            positions.push(read);
        }
        Self { columns: listed, fields, _texts: texts, _positions: positions }
    }

    /// The name of a field.
    fn field_name(&self, field: usize) -> *const c_char {
        self.fields.get(field).map_or(c"".as_ptr(), |field| field.name)
    }
}

impl LoadedModel {
    fn new(run: Result<TrainedRun, TrainError>) -> Result<Self, Failure> {
        let TrainedRun { trained, config } = run?;
        let bad = |error: &dyn std::error::Error| Failure::new(Status::BadModel, error.to_string());
        let columns = InputColumns::new(&trained.encoder, config.data.trim);
        let columns = columns.map_err(|error| bad(&error))?;
        let scorer = Scorer::new(trained);
        let described = Described::new(&scorer, &columns);
        Ok(Self { scorer, columns, described, identity: OnceLock::new() })
    }

    fn identity(&self) -> Result<&(u64, CString), Failure> {
        let identity = self.identity.get_or_init(|| {
            let trained = self.scorer.trained();
            let fingerprint = trained.fingerprint().map_err(|error| error.to_string())?;
            let json = model_description(trained, &self.columns, fingerprint, true);
            Ok((fingerprint, c_text(&json.to_string())))
        });
        identity.as_ref().map_err(|message| Failure::new(Status::Internal, message))
    }

    /// The name of the field at this position of the encoder.
    pub(crate) fn field_name(&self, field: usize) -> *const c_char {
        self.described.field_name(field)
    }

    /// The number of fields.
    pub(crate) fn n_fields(&self) -> usize {
        self.described.fields.len()
    }
}

/// The path that a text of C has: any bytes on Unix, UTF-8 elsewhere.
fn path(text: &CStr) -> Result<&Path, Failure> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        Ok(Path::new(std::ffi::OsStr::from_bytes(text.to_bytes())))
    }
    #[cfg(not(unix))]
    {
        let path = text.to_str().map(Path::new);
        path.map_err(|_| Failure::new(Status::BadUtf8, "`path`: is not valid UTF-8"))
    }
}

/// Hands a model to the caller.
unsafe fn hand_over(
    place: *mut *mut Model,
    load: impl FnOnce() -> Result<TrainedRun, TrainError>,
) -> Result<(), Failure> {
    // SAFETY: the promise of the caller.
    let place = unsafe { Place::new(place, "model") }?;
    place.put(std::ptr::null_mut());
    let loaded = Arc::new(LoadedModel::new(load())?);
    place.put(Box::into_raw(Box::new(Model { loaded })));
    Ok(())
}

/// Reads a model file into memory.
///
/// `path` ends with a zero byte; on Unix it has any bytes, elsewhere UTF-8. `*model` becomes the model, which
/// `deepcross_model_free` frees, or NULL if the call fails.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deepcross_model_load(
    path: *const c_char,
    model: *mut *mut Model,
) -> Status {
    call(|| {
        // SAFETY: the caller promises a text and a place.
        let file = self::path(unsafe { text(path, "path") }?)?;
        // SAFETY: as above.
        unsafe { hand_over(model, || TrainedRun::load(file)) }
    })
}

/// As `deepcross_model_load`, but the tables stay in the file, which is mapped into memory: processes share them, and the
/// system may evict them.
///
/// The file must not be changed in place while the model lives. To replace it by another file of the same name is
/// allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deepcross_model_map(
    path: *const c_char,
    model: *mut *mut Model,
) -> Status {
    call(|| {
        // SAFETY: the caller promises a text and a place.
        let file = self::path(unsafe { text(path, "path") }?)?;
        // SAFETY: as above.
        unsafe { hand_over(model, || TrainedRun::map(file)) }
    })
}

/// As `deepcross_model_load`, for the bytes of a model file, which are copied: the caller may free them afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deepcross_model_from_bytes(
    bytes: *const u8,
    size: usize,
    model: *mut *mut Model,
) -> Status {
    call(|| {
        // SAFETY: the caller promises `size` bytes and a place.
        let bytes = unsafe { array(bytes, size, "bytes") }?;
        // SAFETY: as above.
        unsafe { hand_over(model, || TrainedRun::from_bytes(bytes)) }
    })
}

/// Frees a model; NULL is allowed. Its sessions may still be used, and hold its memory until they are freed.
///
/// Afterwards the pointer must not be used, nor must any text or list that was had from it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deepcross_model_free(model: *mut Model) {
    call(|| {
        if !model.is_null() {
            // SAFETY: the caller promises a model that `hand_over` made and that was not freed.
            drop(unsafe { Box::from_raw(model) });
        }
        Ok(())
    });
}

/// The number that identifies a model: a hash of all that its file holds, except for the program that wrote it.
///
/// The service and `deepcross inspect` show it in hexadecimal digits. The first call for a model reads all of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deepcross_model_fingerprint(
    model: *const Model,
    fingerprint: *mut u64,
) -> Status {
    call(|| {
        // SAFETY: the caller promises a model and a place.
        let (model, place) =
            unsafe { (reference(model, "model")?, Place::new(fingerprint, "fingerprint")?) };
        place.put(model.loaded.identity()?.0);
        Ok(())
    })
}

/// The description of a model as a JSON object, the same as that of the service's `/v1/model`: its fingerprint, columns,
/// training and calibrator.
///
/// `*json` becomes a text in UTF-8 that lives as long as the model. The first call for a model reads all of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deepcross_model_description(
    model: *const Model,
    json: *mut *const c_char,
) -> Status {
    call(|| {
        // SAFETY: the caller promises a model and a place.
        let (model, place) = unsafe { (reference(model, "model")?, Place::new(json, "json")?) };
        place.put(model.loaded.identity()?.1.as_ptr());
        Ok(())
    })
}

/// The columns that a prediction reads, in the order in which rows by position have their values.
///
/// `*columns` becomes an array of `*n_columns` structs that lives as long as the model, with all texts in it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deepcross_model_columns(
    model: *const Model,
    columns: *mut *const InputColumn,
    n_columns: *mut usize,
) -> Status {
    call(|| {
        // SAFETY: the caller promises a model and places.
        let model = unsafe { reference(model, "model") }?;
        // SAFETY: as above.
        let places =
            unsafe { (Place::new(columns, "columns")?, Place::new(n_columns, "n_columns")?) };
        let list = &model.loaded.described.columns;
        places.0.put(list.as_ptr());
        places.1.put(list.len());
        Ok(())
    })
}

/// The fields of a model, in the order of `deepcross_session_counts`.
///
/// `*fields` becomes an array of `*n_fields` structs that lives as long as the model, with all texts in it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn deepcross_model_fields(
    model: *const Model,
    fields: *mut *const Field,
    n_fields: *mut usize,
) -> Status {
    call(|| {
        // SAFETY: the caller promises a model and places.
        let model = unsafe { reference(model, "model") }?;
        // SAFETY: as above.
        let places = unsafe { (Place::new(fields, "fields")?, Place::new(n_fields, "n_fields")?) };
        let list = &model.loaded.described.fields;
        places.0.put(list.as_ptr());
        places.1.put(list.len());
        Ok(())
    })
}
