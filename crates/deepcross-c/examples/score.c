/*
 * Scores the rows of a tab-separated file, and prints a probability a line, as `deepcross predict` does.
 *
 *   score MODEL ROWS.tsv
 *
 * docs/embedding.md says how to build it.
 */
#include "deepcross.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rows that are scored together. */
enum { BATCH = 256 };

/* Ends the program if a call failed. A service would answer with the text instead. */
static void check(deepcross_status status) {
  if (status != DEEPCROSS_STATUS_OK) {
    fprintf(stderr, "error %d: %s\n", (int)status, deepcross_last_error());
    exit(1);
  }
}

static void *allocate(size_t n, size_t size) {
  void *memory = calloc(n > 0 ? n : 1, size);
  if (memory == NULL) {
    fprintf(stderr, "error: out of memory\n");
    exit(1);
  }
  return memory;
}

/* The bytes of a file, and a zero byte. */
static char *read_file(const char *path) {
  size_t size = 0, capacity = 1 << 16;
  char *text = allocate(capacity, 1);
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    fprintf(stderr, "error: cannot open %s\n", path);
    exit(1);
  }
  for (size_t n; (n = fread(text + size, 1, capacity - size - 1, file)) > 0;) {
    size += n;
    if (capacity - size < 2) {
      char *larger = allocate(capacity *= 2, 1);
      memcpy(larger, text, size);
      free(text);
      text = larger;
    }
  }
  fclose(file);
  text[size] = '\0';
  return text;
}

/* Cuts the next line, or the next field of a line, off a text. */
static char *cut(char **rest, char end) {
  char *start = *rest, *found = strchr(start, end);
  if (found == NULL) {
    *rest = start + strlen(start);
  } else {
    *found = '\0';
    *rest = found + 1;
  }
  return start;
}

/* For each field of the header: the column of the model, or SIZE_MAX if the model does not read it. */
static size_t *find_columns(char *header, const deepcross_input_column *columns, size_t n_columns,
                            size_t *n_fields) {
  size_t n = 1;
  for (const char *at = header; *at != '\0'; at++) n += *at == '\t';
  size_t *found = allocate(n, sizeof *found), n_found = 0;
  for (size_t field = 0; field < n; field++) {
    const char *name = cut(&header, '\t');
    found[field] = SIZE_MAX;
    for (size_t column = 0; column < n_columns; column++) {
      if (strcmp(columns[column].name, name) == 0) {
        found[field] = column;
        n_found++;
      }
    }
  }
  if (n_found != n_columns) {
    fprintf(stderr, "error: the file has %lu of the %lu columns of the model\n", (unsigned long)n_found,
            (unsigned long)n_columns);
    exit(1);
  }
  *n_fields = n;
  return found;
}

/* Prints the fewest digits from which the number can be read back. */
static void print_shortest(float number) {
  char text[80];
  for (int digits = 0; digits < 60; digits++) {
    snprintf(text, sizeof text, "%.*f", digits, (double)number);
    if (strtof(text, NULL) == number) break;
  }
  puts(text);
}

static void score(deepcross_session *session, const char *const *values, size_t n_columns, size_t n_rows) {
  float scores[BATCH];
  deepcross_rows rows = {0}; /* no names: the columns are in the order of the model */
  rows.n_columns = n_columns;
  rows.n_rows = n_rows;
  rows.values = values;
  check(deepcross_score_rows(session, &rows, DEEPCROSS_OUTPUT_PROBABILITY, scores, BATCH));
  for (size_t row = 0; row < n_rows; row++) print_shortest(scores[row]);
}

int main(int n_arguments, char **arguments) {
  if (n_arguments != 3) {
    fprintf(stderr, "usage: score MODEL ROWS.tsv\n");
    return 2;
  }
  deepcross_model *model;
  deepcross_session *session;
  check(deepcross_model_load(arguments[1], &model));
  check(deepcross_session_new(model, &session));
  const deepcross_input_column *columns;
  size_t n_columns, n_fields;
  check(deepcross_model_columns(model, &columns, &n_columns));

  char *text = read_file(arguments[2]), *rest = text;
  size_t *place = find_columns(cut(&rest, '\n'), columns, n_columns, &n_fields);
  const char **values = allocate(BATCH * n_columns, sizeof *values);
  size_t n_rows = 0;
  puts("probability");
  while (*rest != '\0') {
    char *line = cut(&rest, '\n');
    for (size_t field = 0; field < n_fields; field++) {
      const char *value = cut(&line, '\t');
      if (place[field] != SIZE_MAX) values[n_rows * n_columns + place[field]] = value;
    }
    if (++n_rows == BATCH) {
      score(session, values, n_columns, n_rows);
      n_rows = 0;
    }
  }
  score(session, values, n_columns, n_rows);

  const char *changes;
  check(deepcross_session_changes(session, &changes));
  if (*changes != '\0') fprintf(stderr, "warning: %s\n", changes);
  free(values);
  free(place);
  free(text);
  deepcross_session_free(session);
  deepcross_model_free(model);
  return 0;
}
