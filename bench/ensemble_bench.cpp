// How long combination takes: ensemble_bench [ROWS CLASSES MEMBERS THREADS], 50000 39 14 2 by default; or
// ensemble_bench OOF.bin THREADS on matrices of one's own: int32 rows, classes, members, the labels, the
// folds, then float32 matrices.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "quire/base/random.h"
#include "quire/ensemble/cross_fit.h"
#include "quire/ensemble/label_issues.h"
#include "quire/ensemble/leaderboard.h"

namespace {

struct Data {
  std::vector<quire::Matrix> matrices;
  std::vector<std::string> names;
  std::vector<int> labels;
  std::vector<int> folds;
};

// Members share most of their errors, as members trained on the same texts do.
Data made_up(int rows, int classes, int members) {
  Data data;
  quire::Random random(1, quire::Purpose::test);
  for (int i = 0; i < rows; ++i) {
    data.labels.push_back(static_cast<int>(random.below(static_cast<std::uint32_t>(classes))));
    data.folds.push_back(i % 5);
  }
  quire::Matrix common(rows, classes);
  for (float& value : common.values) value = random.normal();
  for (int m = 0; m < members; ++m) {
    quire::Matrix matrix(rows, classes);
    for (int i = 0; i < rows; ++i) {
      const auto row = matrix.row(i);
      float sum = 0;
      for (std::size_t k = 0; k < row.size(); ++k) {
        const bool is_truth = static_cast<int>(k) == data.labels[static_cast<std::size_t>(i)];
        row[k] = std::exp(1.4F * common.row(i)[k] + 0.8F * random.normal() +
                          (is_truth ? 3.5F - 0.05F * static_cast<float>(m) : 0.0F));
        sum += row[k];
      }
      for (float& value : row) value /= sum;
    }
    data.matrices.push_back(std::move(matrix));
    data.names.push_back(fmt::format("member-{}", m + 1));
  }
  return data;
}

Data from_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::int32_t sizes[3] = {};
  file.read(reinterpret_cast<char*>(sizes), sizeof(sizes));
  Data data;
  data.labels.resize(static_cast<std::size_t>(sizes[0]));
  data.folds.resize(static_cast<std::size_t>(sizes[0]));
  const auto bytes = static_cast<std::streamsize>(data.labels.size() * sizeof(int));
  file.read(reinterpret_cast<char*>(data.labels.data()), bytes);
  file.read(reinterpret_cast<char*>(data.folds.data()), bytes);
  for (int m = 0; m < sizes[2]; ++m) {
    quire::Matrix matrix(sizes[0], sizes[1]);
    file.read(reinterpret_cast<char*>(matrix.values.data()),
              static_cast<std::streamsize>(matrix.values.size() * sizeof(float)));
    data.matrices.push_back(std::move(matrix));
    data.names.push_back(fmt::format("member-{}", m + 1));
  }
  if (!file) {
    fmt::print(stderr, "cannot read {}\n", path);
    std::exit(2);
  }
  return data;
}

class Clock {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  // Of all threads: what is left to compare on a busy machine.
  [[nodiscard]] double cpu_seconds() const {
    return static_cast<double>(std::clock() - cpu_start_) / CLOCKS_PER_SEC;
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::clock_t cpu_start_ = std::clock();
};

void print_scores(const std::string& name, const quire::Scores& scores, const Clock& clock) {
  fmt::print("{:<16} {:.4f}  macro-F1 {:.4f}  log loss {:.4f}  ece {:.4f}  {:.2f} s, {:.2f} s CPU\n", name,
             scores.accuracy, scores.macro_f1, scores.log_loss, scores.ece, clock.seconds(),
             clock.cpu_seconds());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int index, int otherwise) {
    return index < argc ? std::atoi(argv[index]) : otherwise;
  };
  const bool has_file = argc > 1 && std::atoi(argv[1]) == 0;
  const Data data = has_file ? from_file(argv[1]) : made_up(number(1, 50000), number(2, 39), number(3, 14));
  quire::Context context;
  context.threads = has_file ? number(2, 2) : number(4, 2);
  for (std::size_t m = 0; m < data.matrices.size(); ++m) {
    print_scores(data.names[m], quire::score(data.matrices[m], data.labels), Clock());
  }
  std::vector<std::string> all;
  for (const auto& method : quire::combination_methods()) {
    all.emplace_back(method.name);
    const Clock clock;
    const std::vector<std::string> one = {all.back()};
    const auto fitted =
        quire::cross_fit(one, data.matrices, data.names, data.labels, data.folds, {}, context);
    print_scores(all.back(), quire::score(fitted[0].oof, data.labels), clock);
    if (has_file) fmt::print("  {}\n", fitted[0].combination.json().substr(0, 400));
  }
  const Clock clock;
  const auto fitted = quire::cross_fit(all, data.matrices, data.names, data.labels, data.folds, {}, context);
  fmt::print("all methods together: {:.2f} s, {:.2f} s CPU\n", clock.seconds(), clock.cpu_seconds());
  const Clock issues_clock;
  const auto issues = quire::find_label_issues(fitted.back().oof, data.labels);
  fmt::print("{} label issues: {:.2f} s CPU\n", issues.size(), issues_clock.cpu_seconds());
}
