// Scores the rows of a tab-separated file as typed columns, and prints a probability a line, as `deepcross predict` does.
// Then it ranks the first rows, and writes the best to the standard error.
//
//   score MODEL ROWS.tsv
//
// docs/embedding.md says how to build it.
#include "deepcross.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// Throws if a call failed.
void check(deepcross_status status) {
  if (status != DEEPCROSS_STATUS_OK) throw std::runtime_error(deepcross_last_error());
}

struct Free {
  void operator()(deepcross_model *model) const { deepcross_model_free(model); }
  void operator()(deepcross_session *session) const { deepcross_session_free(session); }
};

/// A model, which threads share.
class Model {
 public:
  explicit Model(const std::string &path) {
    deepcross_model *model = nullptr;
    check(deepcross_model_load(path.c_str(), &model));
    model_.reset(model);
    check(deepcross_model_columns(model, &columns_, &n_columns_));
  }
  const deepcross_model *get() const { return model_.get(); }
  std::size_t n_columns() const { return n_columns_; }
  const deepcross_input_column &column(std::size_t at) const { return columns_[at]; }

 private:
  std::unique_ptr<deepcross_model, Free> model_;
  const deepcross_input_column *columns_ = nullptr;
  std::size_t n_columns_ = 0;
};

/// A session of one thread.
class Session {
 public:
  explicit Session(const Model &model) {
    deepcross_session *session = nullptr;
    check(deepcross_session_new(model.get(), &session));
    session_.reset(session);
  }

  std::vector<float> score(const deepcross_columns &columns) {
    std::vector<float> scores(columns.n_rows);
    check(deepcross_score_columns(session_.get(), &columns, DEEPCROSS_OUTPUT_PROBABILITY, scores.data(),
                                  scores.size()));
    return scores;
  }

  /// The positions of candidates from the best to the worst.
  std::vector<std::size_t> rank(const deepcross_columns &candidates) {
    std::vector<float> scores(candidates.n_rows);
    std::vector<std::size_t> order(candidates.n_rows);
    check(deepcross_rank(session_.get(), nullptr, &candidates, DEEPCROSS_OUTPUT_LOGIT, scores.data(), order.data(),
                         scores.size()));
    return order;
  }

 private:
  std::unique_ptr<deepcross_session, Free> session_;
};

/// The values of a column: numbers with marks, or texts with their lengths.
struct Values {
  std::vector<double> numbers;
  std::vector<std::uint8_t> is_there;
  std::vector<const char *> texts;
  std::vector<std::size_t> lengths;

  void push(std::string_view value, bool is_number) {
    if (is_number) {
      // An empty field is a missing number.
      is_there.push_back(!value.empty());
      numbers.push_back(value.empty() ? 0.0 : std::stod(std::string(value)));
    } else {
      texts.push_back(value.data());
      lengths.push_back(value.size());
    }
  }

  deepcross_column column(const char *name) const {
    deepcross_column column = {};
    column.name = name;
    if (!numbers.empty()) {
      column.value_type = DEEPCROSS_COLUMN_TYPE_F64;
      column.values = numbers.data();
      column.values_size = numbers.size() * sizeof(double);
      column.validity_form = DEEPCROSS_VALIDITY_BYTES;
      column.validity = is_there.data();
      column.validity_size = is_there.size();
    } else {
      column.value_type = DEEPCROSS_COLUMN_TYPE_STRINGS;
      column.values = texts.data();
      column.values_size = texts.size() * sizeof(const char *);
      column.offsets = lengths.data();
      column.offsets_size = lengths.size() * sizeof(std::size_t);
    }
    return column;
  }
};

std::vector<std::string_view> split(std::string_view text, char end) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t found = std::min(text.find(end, start), text.size());
    parts.push_back(text.substr(start, found - start));
    start = found + 1;
  }
  return parts;
}

void print_shortest(float number) {
  char text[80];
  const auto end = std::to_chars(text, text + sizeof text, number, std::chars_format::fixed);
  std::cout << std::string_view(text, static_cast<std::size_t>(end.ptr - text)) << '\n';
}

void run(const std::string &model_path, const std::string &rows_path) {
  const Model model(model_path);
  std::ifstream file(rows_path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open " + rows_path);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  const std::string text = bytes.str();
  std::vector<std::string_view> lines = split(text, '\n');
  if (lines.back().empty()) lines.pop_back();

  const auto header = split(lines.at(0), '\t');
  std::vector<Values> values(model.n_columns());
  std::vector<deepcross_column> columns;
  for (std::size_t at = 0; at < model.n_columns(); at++) {
    const deepcross_input_column &column = model.column(at);
    const auto found = std::find(header.begin(), header.end(), std::string_view(column.name));
    if (found == header.end()) throw std::runtime_error(std::string("no column ") + column.name);
    for (std::size_t line = 1; line < lines.size(); line++) {
      const auto fields = split(lines[line], '\t');
      values[at].push(fields.at(static_cast<std::size_t>(found - header.begin())), column.is_number != 0);
    }
    columns.push_back(values[at].column(column.name));
  }

  Session session(model);
  deepcross_columns all = {columns.data(), columns.size(), lines.size() - 1};
  std::cout << "probability\n";
  for (const float score : session.score(all)) print_shortest(score);
  all.n_rows = std::min<std::size_t>(all.n_rows, 10);
  const auto order = session.rank(all);
  if (!order.empty()) std::cerr << "the best of the first " << order.size() << " rows is row " << order[0] << '\n';
}

}  // namespace

int main(int n_arguments, char **arguments) {
  if (n_arguments != 3) {
    std::cerr << "usage: score MODEL ROWS.tsv\n";
    return 2;
  }
  try {
    run(arguments[1], arguments[2]);
    return 0;
  } catch (const std::exception &error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
}
