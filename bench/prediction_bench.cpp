// How fast a trained model predicts, in this process: many texts in batches, and one text at a time.
//
//     prediction_bench DIRECTORY TEXTS [--precision P] [--threads N] [--passes N] [--single N] [--clock
//     wall|cpu]
//
// TEXTS has a document on each line, its two texts apart by a tab. Prints one JSON object: seconds of
// the fastest of the passes over all documents and the index of the class found for each; then, for the
// first `single` documents one by one, the seconds of each. Both start from text; the first pass and the
// first twenty single texts are not timed. With --clock cpu seconds are those the CPUs worked for this
// process: on one thread, what a machine without other work would take.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <limits>
#include <string>
#include <vector>

#include "command_line.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/threads.h"
#include "quire/pipeline/run.h"

namespace {

struct Options {
  std::string directory, texts;
  quire::OpenOptions model;
  quire::Context context;
  int passes = 3;
  std::size_t single = 0;
  bool cpu_clock = false;

  [[nodiscard]] double now() const {
    if (cpu_clock) return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
};

std::vector<quire::Document> read_documents(const std::string& path) {
  const std::string content = quire::read_file(path);
  std::vector<quire::Document> documents;
  for (std::size_t begin = 0; begin < content.size();) {
    const std::size_t end = std::min(content.find('\n', begin), content.size());
    const std::size_t tab = content.find('\t', begin);
    quire::Document& document = documents.emplace_back();
    document.text = content.substr(begin, std::min(tab, end) - begin);
    if (tab < end) document.pair = content.substr(tab + 1, end - tab - 1);
    begin = end + 1;
  }
  return documents;
}

std::vector<std::size_t> best_classes(const quire::Matrix& probabilities) {
  std::vector<std::size_t> classes;
  for (std::int64_t i = 0; i < probabilities.rows; ++i) {
    const auto row = probabilities.row(i);
    classes.push_back(static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin()));
  }
  return classes;
}

void run(const Options& options) {
  const std::vector<quire::Document> documents = read_documents(options.texts);
  double start = options.now();
  const quire::Predictor predictor(options.directory, {.model = options.model, .columns = {}, .format = {}},
                                   options.context);
  const double load = options.now() - start;
  std::vector<std::size_t> classes;
  double fastest = std::numeric_limits<double>::infinity();
  for (int pass = 0; pass <= options.passes; ++pass) {
    start = options.now();
    classes = best_classes(predictor.predict(documents, options.context));
    if (pass > 0) fastest = std::min(fastest, options.now() - start);
  }
  std::vector<double> singles;
  constexpr std::size_t kWarmUp = 20;
  for (std::size_t i = 0; i < std::min(options.single, documents.size()) + kWarmUp; ++i) {
    const std::size_t document = i < kWarmUp ? i % documents.size() : i - kWarmUp;
    start = options.now();
    (void)predictor.predict({&documents[document], 1}, options.context);
    if (i >= kWarmUp) singles.push_back(options.now() - start);
  }
  fmt::print("{{\"load\": {:.4f}, \"seconds\": {:.6f}, \"single\": [{:.6f}], \"classes\": [{}]}}\n", load,
             options.passes > 0 ? fastest : 0, fmt::join(singles, ", "), fmt::join(classes, ", "));
}

Options parse(int argc, char** argv) {
  Options options{};
  options.context.threads = quire::available_threads();
  const auto take = [&](std::string_view name, const char* value) {
    if (name == "--precision") {
      options.model.precision = value;
    } else if (name == "--threads") {
      options.context.threads = std::max(1, std::stoi(value));
    } else if (name == "--passes") {
      options.passes = std::stoi(value);
    } else if (name == "--clock") {
      options.cpu_clock = std::string_view(value) == "cpu";
    } else if (name == "--single") {
      options.single = std::stoul(value);
    } else {
      return false;
    }
    return true;
  };
  quire::bench::for_options(argc, argv,
                            "usage: prediction_bench DIRECTORY TEXTS [--precision P] [--threads N]", take);
  options.directory = argv[1];
  options.texts = argv[2];
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  return quire::bench::run_program([&] { run(parse(argc, argv)); });
}
