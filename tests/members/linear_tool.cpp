// What compare_linear.py compares scikit-learn with: trains the linear member on one table, opens what it
// saved and scores another; prints one JSON object.
//
//     linear_tool TRAIN TEST DIRECTORY [NAME=VALUE ...]
//
// NAME is loss, c, clean (comma-separated), max_word_ngram, min_char_ngram, max_char_ngram, min_df,
// max_df, max_features, sublinear_tf, threads or seed.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <map>
#include <numeric>
#include <sstream>

#include "members/linear/linear.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/ensemble/metrics.h"
#include "quire/table/documents.h"

namespace {

using namespace quire;
using Clock = std::chrono::steady_clock;

class Printer : public Observer {
 public:
  void message(Level level, std::string_view text) override {
    fmt::print(stderr, "{}{}\n", level == Level::warning ? "warning: " : "", text);
  }
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void set(const std::string& name, const std::string& value, LinearOptions& options, Context& context) {
  if (name == "loss") {
    options.loss = value;
  } else if (name == "c") {
    options.c = std::stod(value);
  } else if (name == "clean") {
    options.clean.clear();
    std::istringstream stream(value);
    for (std::string step; std::getline(stream, step, ',');) options.clean.push_back(step);
  } else if (name == "min_df") {
    options.min_df = std::stod(value);
  } else if (name == "max_df") {
    options.max_df = std::stod(value);
  } else if (name == "sublinear_tf") {
    options.sublinear_tf = value == "true";
  } else {
    std::int64_t threads = context.threads;
    auto seed = static_cast<std::int64_t>(context.seed);
    const std::map<std::string, std::int64_t*> numbers = {{"max_word_ngram", &options.max_word_ngram},
                                                          {"min_char_ngram", &options.min_char_ngram},
                                                          {"max_char_ngram", &options.max_char_ngram},
                                                          {"max_features", &options.max_features},
                                                          {"threads", &threads},
                                                          {"seed", &seed}};
    const auto found = numbers.find(name);
    if (found == numbers.end()) throw InputError(fmt::format("there is no option '{}'", name));
    *found->second = std::stoll(value);
    context.threads = static_cast<int>(threads);
    context.seed = static_cast<std::uint64_t>(seed);
  }
}

std::vector<std::string> read_into(Corpus& corpus, const std::string& path, const Context& context) {
  std::vector<std::string> labels;
  std::vector<Document> block;
  DocumentReader reader(path, {}, LabelColumn::required, {}, DuplicateIds::warn, context);
  for (Document document; reader.next(document);) {
    labels.push_back(document.label);
    block.push_back(document);
    if (block.size() < 4096) continue;
    corpus.append(block, context);
    block.clear();
  }
  corpus.append(block, context);
  return labels;
}

std::vector<int> indices(const std::vector<std::string>& labels, const LabelSet& classes) {
  std::vector<int> result;
  for (const std::string& label : labels) result.push_back(classes.find(label).value_or(-1));
  return result;
}

std::vector<std::int64_t> all_rows(const Corpus& corpus) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(corpus.size()));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

void run(const std::string& train, const std::string& test, const std::filesystem::path& directory,
         const LinearOptions& options, const Context& context) {
  make_directories(directory);
  const auto start = Clock::now();
  const std::unique_ptr<Member> member = make_linear(options, context);
  const std::unique_ptr<Corpus> corpus = member->new_corpus();
  const std::vector<std::string> names = read_into(*corpus, train, context);
  context.info(corpus->summary());
  const double reading = seconds_since(start);
  const LabelSet classes = LabelSet::from(names);
  const std::vector<int> labels = indices(names, classes);
  const std::vector<std::int64_t> rows = all_rows(*corpus);
  FitInput input;
  input.corpus = corpus.get();
  input.labels = labels;
  input.classes = &classes;
  input.train = rows;
  input.directory = directory;
  (void)member->fit(input, context);
  const double fitted = seconds_since(start);

  const std::unique_ptr<FittedMember> opened = open_fitted_linear(directory, {}, context);
  const std::unique_ptr<Corpus> other = opened->new_corpus();
  const std::vector<int> truth = indices(read_into(*other, test, context), classes);
  const Matrix probabilities = opened->predict(*other, all_rows(*other), context, "");
  const Metrics metrics = measure(truth, most_probable(probabilities), static_cast<int>(classes.size()));
  write_npy(directory / "probabilities.npy", probabilities);
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print(R"({{"accuracy": {:.5f}, "macro_f1": {:.5f}, "reading": {:.2f}, "training": {:.2f}, )"
             R"("total": {:.2f}, "peak_mb": {}}})"
             "\n",
             metrics.accuracy, metrics.macro_f1, reading, fitted - reading, seconds_since(start),
             usage.ru_maxrss / 1024);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: linear_tool TRAIN TEST DIRECTORY [NAME=VALUE ...]\n");
    return 2;
  }
  try {
    Printer printer;
    Context context;
    context.observer = &printer;
    context.threads = 2;
    LinearOptions options;
    for (int i = 4; i < argc; ++i) {
      const std::string argument = argv[i];
      const std::size_t equals = argument.find('=');
      if (equals == std::string::npos) throw InputError(fmt::format("'{}' is not NAME=VALUE", argument));
      set(argument.substr(0, equals), argument.substr(equals + 1), options, context);
    }
    run(argv[1], argv[2], argv[3], options, context);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n{}\n", error.what(), error.hint());
    return 1;
  }
  return 0;
}
