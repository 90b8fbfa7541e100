/*
 * deepcross: scores rows with a trained click model.
 *
 * Pointers. What a function writes to is allocated by the caller, except for models and sessions, which have functions
 * that free them. What it reads must live and stay as it is until the function returns; nothing of it is kept. A pointer
 * to numbers, pointers or structs must be aligned for them. Where NULL is allowed, the function says so; anywhere else it
 * is an error, and so is a length that does not fit. An array of no values may be NULL.
 *
 * Texts. A text of the library ends with a zero byte and is UTF-8.
 *
 * Threads. Any number of threads may use a model at a time, each with a session of its own.
 *
 * Errors. A function that fails returns a status other than DEEPCROSS_STATUS_OK, and deepcross_last_error returns a text
 * for the same thread. It names the parameter, the value and what was expected; positions in it are counted from 0. No
 * error of the library ends the program, except if memory runs out.
 *
 * This file is made by cbindgen from crates/deepcross-c.
 */

#ifndef DEEPCROSS_H
#define DEEPCROSS_H

#include <stddef.h>
#include <stdint.h>

// What a function has come to. Every status but `DEEPCROSS_STATUS_OK` is an error, whose text `deepcross_last_error`
// returns.
typedef enum {
  // The function has done what it says.
  DEEPCROSS_STATUS_OK = 0,
  // A pointer is NULL that must not be NULL.
  DEEPCROSS_STATUS_NULL_POINTER = 1,
  // A pointer to numbers, pointers or a struct is not aligned for their type.
  DEEPCROSS_STATUS_MISALIGNED_POINTER = 2,
  // A number of rows, columns or bytes does not fit the other parameters, or the offsets of texts are not valid.
  DEEPCROSS_STATUS_WRONG_LENGTH = 3,
  // A number is not one of the constants that its parameter takes.
  DEEPCROSS_STATUS_WRONG_CONSTANT = 4,
  // A name or a value is not valid UTF-8.
  DEEPCROSS_STATUS_BAD_UTF8 = 5,
  // The model does not read a column of this name.
  DEEPCROSS_STATUS_UNKNOWN_COLUMN = 6,
  // A column is given twice.
  DEEPCROSS_STATUS_DUPLICATE_COLUMN = 7,
  // A column that the model reads is not given.
  DEEPCROSS_STATUS_ABSENT_COLUMN = 8,
  // A value cannot be read by its field.
  DEEPCROSS_STATUS_BAD_VALUE = 9,
  // The system cannot read the file.
  DEEPCROSS_STATUS_FILE = 10,
  // The bytes are not a model of this version, or are damaged.
  DEEPCROSS_STATUS_BAD_MODEL = 11,
  // Another thread is using the session.
  DEEPCROSS_STATUS_BUSY = 12,
  // An error of this library: please report it.
  DEEPCROSS_STATUS_INTERNAL = 13,
} deepcross_status;

// The type of the values of a column.
typedef enum {
  // `double`. A NaN is a value, which a field of numbers refuses; `validity` says what is missing.
  DEEPCROSS_COLUMN_TYPE_F64 = 1,
  // `float`, as for `double`.
  DEEPCROSS_COLUMN_TYPE_F32 = 2,
  // `int64_t`.
  DEEPCROSS_COLUMN_TYPE_I64 = 3,
  // `int32_t`.
  DEEPCROSS_COLUMN_TYPE_I32 = 4,
  // `uint64_t`.
  DEEPCROSS_COLUMN_TYPE_U64 = 5,
  // `uint8_t`, or `bool`: 0 is false and every other byte is true.
  DEEPCROSS_COLUMN_TYPE_BOOL = 6,
  // Texts in UTF-8 behind pointers, `const char *` each; a NULL is a missing value. `offsets` has a `size_t` for each,
  // its number of bytes, or is NULL if each ends with a zero byte.
  DEEPCROSS_COLUMN_TYPE_STRINGS = 7,
  // Texts in UTF-8 in one buffer, as Arrow's `utf8`: `offsets` has an `int32_t` for the start of each in `values`, and
  // one for the end of the last.
  DEEPCROSS_COLUMN_TYPE_UTF8 = 8,
  // The same with `int64_t`, as Arrow's `large_utf8`.
  DEEPCROSS_COLUMN_TYPE_LARGE_UTF8 = 9,
} deepcross_column_type;

// The form of the marks that say which values are there.
typedef enum {
  // All values are there; `validity` is not read.
  DEEPCROSS_VALIDITY_ALL = 0,
  // A byte for each value: 0 if it is missing.
  DEEPCROSS_VALIDITY_BYTES = 1,
  // A bit for each value, from the lowest bit of the first byte on, as in Arrow: 0 if it is missing.
  DEEPCROSS_VALIDITY_BITS = 2,
} deepcross_validity;

// What a score says.
typedef enum {
  // The probability of a click, calibrated if the model has a calibrator.
  DEEPCROSS_OUTPUT_PROBABILITY = 0,
  // The logit before any calibration, which has an order where probabilities are rounded to 0 or 1.
  DEEPCROSS_OUTPUT_LOGIT = 1,
} deepcross_output;

// A model, ready to score. It never changes: any number of threads may use it at a time.
typedef struct deepcross_model deepcross_model;

// The scratch memory of one caller at a time. A model may have any number of sessions, each on its own thread.
//
// A second thread that uses a session at the same time gets `DEEPCROSS_STATUS_BUSY`.
typedef struct deepcross_session deepcross_session;

// A column that a prediction reads.
typedef struct {
  // Its name.
  const char *name;
  // What it accepts, in words.
  const char *accepts;
  // 1 if a field reads it as a number, 0 if not.
  uint32_t is_number;
  // The character, in Unicode, between the elements of a text with several values, as the configuration of the
  // training sets it; 0 if a text is one value.
  uint32_t separator;
} deepcross_input_column;

// A field of the model, which encodes one column, or several together.
typedef struct {
  // Its name.
  const char *name;
  // Its kind in the configuration, such as `number`, `categorical` or `multi-hot`.
  const char *kind;
  // Its encoding, in one line.
  const char *encoding;
  // The positions of its columns among those of `deepcross_model_columns`.
  const size_t *columns;
  // The number of its columns; 0 if it has the same value in every prediction.
  size_t n_columns;
} deepcross_field;

// Rows of texts, row after row.
typedef struct {
  // The names of the columns, in any order, each ending with a zero byte. Each column of the model must be there once.
  // NULL: the columns are those of `deepcross_model_columns`, in that order.
  const char *const *names;
  // The number of columns.
  size_t n_columns;
  // The number of rows.
  size_t n_rows;
  // `n_rows` times `n_columns` texts in UTF-8, row after row. A NULL is a missing value. An empty text is missing if
  // the configuration of the training says so, as it does by default.
  const char *const *values;
  // The number of bytes of each text. NULL: each text ends with a zero byte.
  const size_t *lengths;
} deepcross_rows;

// A column of typed values.
typedef struct {
  // The name of the column, which ends with a zero byte. NULL: the column stands where the model has it in
  // `deepcross_model_columns`, which is possible if all columns are given so.
  const char *name;
  // A `deepcross_column_type`.
  uint32_t value_type;
  // A `deepcross_validity`: the form of `validity`.
  uint32_t validity_form;
  // The values, one for each row; for texts in one buffer, their bytes.
  const void *values;
  // The number of bytes behind `values`.
  size_t values_size;
  // For texts, as the type says; not read for other types.
  const void *offsets;
  // The number of bytes behind `offsets`.
  size_t offsets_size;
  // The marks of the values that are there.
  const uint8_t *validity;
  // The number of bytes behind `validity`.
  size_t validity_size;
  // The position of the first row in `values` (in `offsets` for texts in one buffer) and in `validity`.
  size_t first;
} deepcross_column;

// Typed columns, all with the same number of rows.
typedef struct {
  // The columns.
  const deepcross_column *columns;
  // The number of columns.
  size_t n_columns;
  // The number of rows.
  size_t n_rows;
} deepcross_columns;

// The counts of a field's values in the rows of a session.
//
// `values` counts all values: one a row, or each element of a text with several values. Each of the others counts some
// of these.
typedef struct {
  // The name of the field, which lives as long as the model.
  const char *name;
  // All values.
  uint64_t values;
  // Missing values.
  uint64_t missing;
  // Values that did not occur in training.
  uint64_t unseen;
  // Values that occurred in training, but were too rare to have an id.
  uint64_t rare;
  // Numbers that were moved into their range, and elements after the most that a text may have.
  uint64_t clipped;
  // Numbers far outside of those of training.
  uint64_t far;
} deepcross_field_counts;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The text of the last error of this thread: its place, the value, and what was expected. Empty if no call failed.
//
// The text is valid until the next call of this thread that fails. A call that succeeds keeps it. It may quote names,
// paths and values that the caller gave. Never NULL.
const char *deepcross_last_error(void);

// The row of the last error of this thread, counted from 0; -1 if the error is not that of one row.
int64_t deepcross_last_error_row(void);

// The version of this library, as in `0.1.0`. Static; never NULL.
const char *deepcross_version(void);

// Reads a model file into memory.
//
// `path` ends with a zero byte; on Unix it has any bytes, elsewhere UTF-8. `*model` becomes the model, which
// `deepcross_model_free` frees, or NULL if the call fails.
deepcross_status deepcross_model_load(const char *path, deepcross_model **model);

// As `deepcross_model_load`, but the tables stay in the file, which is mapped into memory: processes share them, and the
// system may evict them.
//
// The file must not be changed in place while the model lives. To replace it by another file of the same name is
// allowed.
deepcross_status deepcross_model_map(const char *path,
                                     deepcross_model **model);

// As `deepcross_model_load`, for the bytes of a model file, which are copied: the caller may free them afterwards.
deepcross_status deepcross_model_from_bytes(const uint8_t *bytes,
                                            size_t size,
                                            deepcross_model **model);

// Frees a model; NULL is allowed. Its sessions may still be used, and hold its memory until they are freed.
//
// Afterwards the pointer must not be used, nor must any text or list that was had from it.
void deepcross_model_free(deepcross_model *model);

// The number that identifies a model: a hash of all that its file holds, except for the program that wrote it.
//
// The service and `deepcross inspect` show it in hexadecimal digits. The first call for a model reads all of it.
deepcross_status deepcross_model_fingerprint(const deepcross_model *model,
                                             uint64_t *fingerprint);

// The description of a model as a JSON object, the same as that of the service's `/v1/model`: its fingerprint, columns,
// training and calibrator.
//
// `*json` becomes a text in UTF-8 that lives as long as the model. The first call for a model reads all of it.
deepcross_status deepcross_model_description(const deepcross_model *model,
                                             const char **json);

// The columns that a prediction reads, in the order in which rows by position have their values.
//
// `*columns` becomes an array of `*n_columns` structs that lives as long as the model, with all texts in it.
deepcross_status deepcross_model_columns(const deepcross_model *model,
                                         const deepcross_input_column **columns,
                                         size_t *n_columns);

// The fields of a model, in the order of `deepcross_session_counts`.
//
// `*fields` becomes an array of `*n_fields` structs that lives as long as the model, with all texts in it.
deepcross_status deepcross_model_fields(const deepcross_model *model,
                                        const deepcross_field **fields,
                                        size_t *n_fields);

// Makes a session of a model. `*session` becomes the session, which `deepcross_session_free` frees, or NULL if the call
// fails.
//
// The session keeps the model in memory, even if the model is freed before it.
deepcross_status deepcross_session_new(const deepcross_model *model,
                                       deepcross_session **session);

// Frees a session; NULL is allowed. No thread may be using it.
void deepcross_session_free(deepcross_session *session);

// Scores rows of texts. They are read as `deepcross predict` reads them from a text file, and the scores have the same
// bits.
//
// `output` is a `deepcross_output`. `scores` is a buffer with room for `capacity` numbers, at least `rows->n_rows`; it
// must not overlap the rows. A text with several values has them separated as `deepcross_model_columns` says. If the
// call fails, the numbers in `scores` have no meaning, and no row is counted.
deepcross_status deepcross_score_rows(deepcross_session *session,
                                      const deepcross_rows *rows,
                                      uint32_t output,
                                      float *scores,
                                      size_t capacity);

// Scores rows of typed columns, with the scores that `deepcross predict` has for a Parquet file of these columns.
//
// As `deepcross_score_rows` in everything else.
deepcross_status deepcross_score_columns(deepcross_session *session,
                                         const deepcross_columns *columns,
                                         uint32_t output,
                                         float *scores,
                                         size_t capacity);

// Scores candidates that share columns, as the candidates for one user do, and orders them.
//
// `shared` has one row, with the values that all candidates have in common: they are encoded once. NULL: there are none.
// `candidates` has a row for each candidate, with all other columns of the model. All columns have names.
// `scores` gets the score of each candidate, in the order of the candidates. `order` gets the positions of the candidates
// from the best to the worst by their logits, equal ones in their order; NULL: they are not ordered. Both have room for
// `capacity` numbers, at least `candidates->n_rows`.
//
// Scores differ from those of `deepcross_score_columns` by at most 1e-6 (probabilities), since sums have another order.
// Shared values are counted once.
deepcross_status deepcross_rank(deepcross_session *session,
                                const deepcross_columns *shared,
                                const deepcross_columns *candidates,
                                uint32_t output,
                                float *scores,
                                size_t *order,
                                size_t capacity);

// The counts of missing, unseen and other values in all rows that the session has scored, field by field.
//
// `counts` is a buffer with room for `capacity` structs, at least the number of fields, which becomes `*n_fields`. To
// learn the number, call it with a `capacity` of 0: the call then fails with `DEEPCROSS_STATUS_WRONG_LENGTH`, and
// `*n_fields` is set all the same. `deepcross_model_fields` has the number, too.
deepcross_status deepcross_session_counts(deepcross_session *session,
                                          deepcross_field_counts *counts,
                                          size_t capacity,
                                          size_t *n_fields);

// Sets the counts of a session to zero.
deepcross_status deepcross_session_clear_counts(deepcross_session *session);

// Warnings about values unlike those of training in all rows that the session has scored, such as a field that is spelled
// in another way: a sentence a line, and an empty text if there are none.
//
// `*text` becomes a text in UTF-8 that is valid until the next call with this session.
deepcross_status deepcross_session_changes(deepcross_session *session,
                                           const char **text);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* DEEPCROSS_H */
