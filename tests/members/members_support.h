// A small task that members can learn: documents of three classes, each with words of its own in noise.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "quire/base/random.h"
#include "quire/members/member.h"
#include "quire/table/documents.h"
#include "support.h"

namespace quire::test {
// The tests of train/ have a Task of their own, in the same program.
inline namespace members {

inline Document synthetic_document(int label, Random& random) {
  constexpr std::array<const char*, 3> kSubjects = {"stars galaxies telescope", "enzymes proteins cells",
                                                    "theorem lemma proof"};
  std::string text = "We study ";
  for (int i = 0; i < 12; ++i) text += "noise" + std::to_string(random.below(40)) + " ";
  Document document;
  document.text = "On the matter";
  document.pair = text + kSubjects[static_cast<std::size_t>(label)] + ".";
  return document;
}

// Rows of classes 0, 1, 2, 0, 1, 2, ... whose names hold spaces.
struct Task {
  explicit Task(int rows, std::uint64_t seed = 1) {
    Random random(seed, Purpose::test);
    for (int row = 0; row < rows; ++row) {
      labels.push_back(row % 3);
      documents.push_back(synthetic_document(row % 3, random));
    }
  }

  std::vector<Document> documents;
  std::vector<int> labels;
  LabelSet classes{{"life science", "pure maths", "the sky"}};
};

// A labelled table as a task; labels that `classes` lacks are -1.
inline Task read_task(const std::filesystem::path& table, std::optional<LabelSet> classes = {}) {
  Task task(0);
  std::vector<std::string> labels;
  DocumentReader reader(table, {}, LabelColumn::required, {}, DuplicateIds::warn, Context{});
  for (Document document; reader.next(document);) {
    labels.push_back(document.label);
    task.documents.push_back(document);
  }
  task.classes = classes ? *classes : LabelSet::from(labels);
  for (const std::string& label : labels) task.labels.push_back(task.classes.find(label).value_or(-1));
  return task;
}

// All rows from 0.
inline std::vector<std::int64_t> all_rows(const Corpus& corpus) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(corpus.size()));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return rows;
}

// The corpus of a task, its first rows to train on and the rest to validate.
struct Split {
  Split(const Member& member, const Task& task, std::int64_t train_rows) : corpus(member.new_corpus()) {
    corpus->append(task.documents, Context{});
    rows = all_rows(*corpus);
    input.corpus = corpus.get();
    input.labels = task.labels;
    input.classes = &task.classes;
    input.train = std::span(rows).first(static_cast<std::size_t>(train_rows));
    input.valid = std::span(rows).subspan(static_cast<std::size_t>(train_rows));
  }

  std::unique_ptr<Corpus> corpus;
  std::vector<std::int64_t> rows;
  FitInput input;
};

inline double accuracy(const Matrix& probabilities, std::span<const std::int64_t> rows,
                       std::span<const int> labels) {
  int right = 0;
  for (std::int64_t i = 0; i < probabilities.rows; ++i) {
    const auto row = probabilities.row(i);
    const auto best = std::max_element(row.begin(), row.end()) - row.begin();
    right += best == labels[static_cast<std::size_t>(rows[static_cast<std::size_t>(i)])] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(rows.size());
}

// Trains on the first two thirds of a task, the rest to validate.
inline std::unique_ptr<FittedMember> fit_two_thirds(const Member& member, const Task& task,
                                                    const std::filesystem::path& directory,
                                                    const Context& context = {}) {
  Split split(member, task, static_cast<std::int64_t>(task.documents.size()) * 2 / 3);
  split.input.directory = directory;
  return member.fit(split.input, context);
}

// All rows of the task except those of one class.
inline std::vector<std::int64_t> rows_without(const Task& task, int label) {
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < task.labels.size(); ++row)
    if (task.labels[row] != label) rows.push_back(static_cast<std::int64_t>(row));
  return rows;
}

// Of all documents of the task, read as the member was trained to read them.
inline Matrix predict(const FittedMember& fitted, const Task& task) {
  const auto corpus = fitted.new_corpus();
  corpus->append(task.documents, Context{});
  return fitted.predict(*corpus, all_rows(*corpus), Context{}, "");
}

inline double accuracy_on(const FittedMember& fitted, const Task& task) {
  std::vector<std::int64_t> rows(task.documents.size());
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return accuracy(predict(fitted, task), rows, task.labels);
}

inline void expect_rows_sum_to_one(const Matrix& probabilities) {
  for (std::int64_t i = 0; i < probabilities.rows; ++i) {
    const auto row = probabilities.row(i);
    EXPECT_NEAR(std::accumulate(row.begin(), row.end(), 0.0), 1.0, 1e-5) << "row " << i;
    for (const float value : row) EXPECT_GE(value, 0.0F);
  }
}

// Keeps what was said, and asks to stop at the first report of progress where wished.
class Listener : public Observer {
 public:
  void message(Level level, std::string_view text) override {
    (level == Level::warning ? warnings : infos).emplace_back(text);
  }
  void progress(const Progress& progress) override {
    stages.emplace_back(progress.stage);
    if (stops) signal = 15;
  }
  [[nodiscard]] Context context() { return {.observer = this, .stop = &signal, .threads = 1, .seed = 42}; }

  std::vector<std::string> infos, warnings, stages;
  bool stops = false;
  StopSignal signal{0};
};

inline bool mentions(const std::vector<std::string>& texts, std::string_view part) {
  for (const std::string& text : texts)
    if (text.find(part) != std::string::npos) return true;
  return false;
}

}  // namespace members
}  // namespace quire::test
