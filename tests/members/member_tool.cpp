// What the Python scripts beside it compare the references with: trains one member on a table and leaves
// everything that the reference needs to do the same.
//
//     member_tool fasttext|lightgbm TABLE DIRECTORY [NAME=VALUE ...]
//
// Every fifth row validates. NAME is a field of FasttextOptions or LightgbmOptions; other names go to
// LightGBM as they are. `test=TABLE` also scores another table, `threads=N` and `seed=N` set the context.
// DIRECTORY gets what the member saves, probabilities.npy (all rows) and
//   fasttext   train.txt, the library's training file; words.txt, the text of every row
//   lightgbm   train.svm and valid.svm, the TF-IDF that LightGBM sees, with labels
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>

#include "members/fasttext/fasttext.h"
#include "members/fasttext/fasttext_files.h"
#include "members/lightgbm/lightgbm.h"
#include "members/shared/term_documents.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/table/documents.h"

namespace {

using namespace quire;

class Printer : public Observer {
 public:
  void message(Level level, std::string_view text) override {
    fmt::print(stderr, "{}{}\n", level == Level::warning ? "warning: " : "", text);
  }
};

struct Table {
  std::vector<Document> documents;
  std::vector<std::string> labels;
};

Table read_table(const std::string& path, const Context& context) {
  Table table;
  DocumentReader reader(path, {}, LabelColumn::required, {}, DuplicateIds::warn, context);
  for (Document document; reader.next(document);) {
    table.labels.push_back(document.label);
    table.documents.push_back(document);
  }
  return table;
}

using Settings = std::map<std::string, std::string>;

// Takes the setting out of the map.
template <typename T>
void take(Settings& settings, const std::string& name, T& value) {
  const auto found = settings.find(name);
  if (found == settings.end()) return;
  if constexpr (std::is_same_v<T, std::string>) {
    value = found->second;
  } else if constexpr (std::is_integral_v<T>) {
    value = static_cast<T>(std::stoll(found->second));
  } else {
    value = std::stod(found->second);
  }
  settings.erase(found);
}

FasttextOptions fasttext_options(Settings settings) {
  FasttextOptions o;
  take(settings, "punctuation", o.punctuation);
  take(settings, "learning_rate", o.learning_rate);
  take(settings, "dim", o.dim);
  take(settings, "epochs", o.epochs);
  take(settings, "word_ngrams", o.word_ngrams);
  take(settings, "min_char_ngram", o.min_char_ngram);
  take(settings, "max_char_ngram", o.max_char_ngram);
  take(settings, "min_count", o.min_count);
  take(settings, "loss", o.loss);
  take(settings, "bucket", o.bucket);
  take(settings, "pretrained_vectors", o.pretrained_vectors);
  take(settings, "search_minutes", o.search_minutes);
  if (!settings.empty())
    throw InputError(fmt::format("fastText has no option '{}'", settings.begin()->first));
  return o;
}

LightgbmOptions lightgbm_options(Settings settings) {
  LightgbmOptions o;
  take(settings, "max_word_ngram", o.max_word_ngram);
  take(settings, "min_df", o.min_df);
  take(settings, "max_features", o.max_features);
  take(settings, "rounds", o.rounds);
  take(settings, "early_stopping_rounds", o.early_stopping_rounds);
  take(settings, "num_leaves", o.num_leaves);
  take(settings, "learning_rate", o.learning_rate);
  take(settings, "min_data_in_leaf", o.min_data_in_leaf);
  take(settings, "feature_fraction", o.feature_fraction);
  take(settings, "bagging_fraction", o.bagging_fraction);
  take(settings, "bagging_freq", o.bagging_freq);
  take(settings, "max_bin", o.max_bin);
  take(settings, "class_weights", o.class_weights);
  for (const auto& [name, value] : settings) o.parameters.push_back(name + "=" + value);
  return o;
}

void write_words(const WordDocuments& documents, const std::filesystem::path& path) {
  AtomicFile file(path);
  for (std::int64_t row = 0; row < documents.size(); ++row) {
    file.write(documents.text(row));
    file.write("\n");
  }
  file.commit();
}

// A row is its label, then column:value from column 0; nine digits tell all floats apart.
void write_svm(const SparseMatrix& matrix, std::span<const std::int64_t> rows, std::span<const int> labels,
               const std::filesystem::path& path) {
  AtomicFile file(path);
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    file.write(std::to_string(labels[static_cast<std::size_t>(rows[static_cast<std::size_t>(i)])]));
    for (std::size_t k = 0; k < matrix.row_columns(i).size(); ++k)
      file.write(fmt::format(" {}:{:.9g}", matrix.row_columns(i)[k], matrix.row_values(i)[k]));
    file.write("\n");
  }
  file.commit();
}

double accuracy(const Matrix& probabilities, std::span<const int> labels) {
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < probabilities.rows; ++i) {
    const auto row = probabilities.row(i);
    const auto best = std::max_element(row.begin(), row.end()) - row.begin();
    right += best == labels[static_cast<std::size_t>(i)] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(probabilities.rows);
}

std::vector<int> indices(const std::vector<std::string>& names, const LabelSet& classes) {
  std::vector<int> labels;
  for (const std::string& name : names) labels.push_back(classes.find(name).value_or(-1));
  return labels;
}

Matrix predict_all(const FittedMember& fitted, const Corpus& corpus, const Context& context) {
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < corpus.size(); ++row) rows.push_back(row);
  return fitted.predict(corpus, rows, context, "");
}

// The peak of this process's resident memory.
std::int64_t peak_megabytes() {
  const std::string status = read_file("/proc/self/status");
  const std::size_t at = status.find("VmHWM:");
  return at == std::string::npos ? 0 : std::stoll(status.substr(at + 6)) / 1024;
}

void run(const std::string& kind, const std::string& file, const std::filesystem::path& directory,
         Settings settings) {
  Printer printer;
  Context context{.observer = &printer};
  std::string test;
  take(settings, "threads", context.threads);
  take(settings, "seed", context.seed);
  take(settings, "test", test);
  make_directories(directory);

  const Table table = read_table(file, context);
  const LabelSet classes = LabelSet::from(table.labels);
  const std::vector<int> labels = indices(table.labels, classes);
  std::vector<std::int64_t> train, valid;
  for (std::int64_t row = 0; row < static_cast<std::int64_t>(labels.size()); ++row)
    (row % 5 == 4 ? valid : train).push_back(row);

  const auto member = kind == "fasttext" ? make_fasttext(fasttext_options(settings), context)
                                         : make_lightgbm(lightgbm_options(settings), context);
  const auto corpus = member->new_corpus();
  corpus->append(table.documents, context);
  member->describe(classes, context);
  const auto start = std::chrono::steady_clock::now();
  const auto fitted = member->fit({.corpus = corpus.get(),
                                   .labels = labels,
                                   .classes = &classes,
                                   .train = train,
                                   .valid = valid,
                                   .directory = directory},
                                  context);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  write_npy(directory / "probabilities.npy", predict_all(*fitted, *corpus, context));

  if (kind == "fasttext") {
    const auto& documents = dynamic_cast<const WordDocuments&>(*corpus);
    write_training_file(directory / "train.txt", documents, training_order(train, 0, context.seed), labels);
    write_words(documents, directory / "words.txt");
  } else {
    const auto& documents = dynamic_cast<const TermDocuments&>(*corpus);
    const TermFeatures features = TermFeatures::load(directory);
    write_svm(features.transform(documents, train, context), train, labels, directory / "train.svm");
    write_svm(features.transform(documents, valid, context), valid, labels, directory / "valid.svm");
  }
  std::string score;
  if (!test.empty()) {
    const Table other = read_table(test, context);
    const auto unseen = fitted->new_corpus();
    unseen->append(other.documents, context);
    score = fmt::format("{}: accuracy {:.4f}, ", test,
                        accuracy(predict_all(*fitted, *unseen, context), indices(other.labels, classes)));
  }
  fmt::print("{}fit in {:.1f} s, peak memory {} MB\n", score, seconds, peak_megabytes());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string kind = argc > 1 ? argv[1] : "";
  if (argc < 4 || (kind != "fasttext" && kind != "lightgbm")) {
    fmt::print(stderr, "usage: member_tool fasttext|lightgbm TABLE DIRECTORY [NAME=VALUE ...]\n");
    return 2;
  }
  try {
    Settings settings;
    for (int i = 4; i < argc; ++i) {
      const std::string text = argv[i];
      const std::size_t equals = std::min(text.find('='), text.size() - 1);
      settings[text.substr(0, equals)] = text.substr(equals + 1);
    }
    run(kind, argv[2], argv[3], settings);
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "member_tool: {}\n{}\n", error.what(), error.hint());
    return 1;
  }
}
