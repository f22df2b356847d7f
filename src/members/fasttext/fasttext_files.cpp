#include "members/fasttext/fasttext_files.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <optional>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/random.h"

namespace quire {
namespace {

constexpr std::string_view kPrefix = "__label__";

// Reads a model file from front to back; every step fails past the end.
class ModelBytes {
 public:
  explicit ModelBytes(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <typename T>
  bool read(T& value) {
    if (bytes_.size() < sizeof(T)) return false;
    std::memcpy(&value, bytes_.data(), sizeof(T));
    return skip(sizeof(T));
  }
  bool skip(std::uint64_t count) {
    if (bytes_.size() < count) return false;
    bytes_ = bytes_.subspan(static_cast<std::size_t>(count));
    return true;
  }
  bool skip_string() {
    const void* end = bytes_.empty() ? nullptr : std::memchr(bytes_.data(), 0, bytes_.size());
    if (end == nullptr) return false;
    return skip(static_cast<std::uint64_t>(static_cast<const std::byte*>(end) - bytes_.data()) + 1);
  }
  [[nodiscard]] bool at_end() const { return bytes_.empty(); }

 private:
  std::span<const std::byte> bytes_;
};

// The layout is that of FastText::saveModel, Args::save, Dictionary::save and DenseMatrix::save, file
// version 12.
constexpr std::int32_t kMagic = 793712314;
constexpr std::int32_t kNewestVersion = 12;

struct Arguments {
  std::int32_t dim, window, epochs, min_count, negatives, word_ngrams, loss, model, bucket, min_char_ngram,
      max_char_ngram, update_rate;
};

// The library computes with these without a look: a modulo by `bucket`, a switch over `loss`.
bool are_ours(const Arguments& args) {
  constexpr std::int32_t kHierarchicalSoftmax = 1, kOneVersusAll = 4, kSupervised = 3, kLongest = 1000;
  const auto is_length = [](std::int32_t ngram) { return ngram >= 0 && ngram <= kLongest; };
  const bool has_ngrams = args.word_ngrams > 1 || args.max_char_ngram > 0;
  return args.dim >= 1 && args.model == kSupervised && args.loss >= kHierarchicalSoftmax &&
         args.loss <= kOneVersusAll && is_length(args.word_ngrams) && is_length(args.min_char_ngram) &&
         is_length(args.max_char_ngram) && args.bucket >= (has_ngrams ? 1 : 0);
}

struct Vocabulary {
  std::int32_t words = 0, labels = 0;
};

// Words come before labels, and a label occurs: the library builds trees and tables out of the counts.
bool read_dictionary(ModelBytes& in, Vocabulary& vocabulary) {
  constexpr std::int64_t kMostOccurrences = 1'000'000'000'000'000;
  std::int32_t size = 0;
  std::int64_t tokens = 0, pruned = 0;
  if (!in.read(size) || !in.read(vocabulary.words) || !in.read(vocabulary.labels) || !in.read(tokens) ||
      !in.read(pruned))
    return false;
  if (vocabulary.words < 0 || vocabulary.labels < 1 ||
      vocabulary.words + std::int64_t{vocabulary.labels} != size)
    return false;
  for (std::int32_t i = 0; i < size; ++i) {
    std::int64_t count = 0;
    std::int8_t type = 0;
    const bool is_label = i >= vocabulary.words;
    if (!in.skip_string() || !in.read(count) || !in.read(type) || type != (is_label ? 1 : 0)) return false;
    if (count < (is_label ? 1 : 0) || count >= kMostOccurrences) return false;
  }
  // Only quantised models are pruned.
  return pruned <= 0;
}

// A flag for a quantised matrix, which we never write, then the matrix.
bool skip_matrix(ModelBytes& in, std::int64_t rows, std::int64_t cols) {
  std::uint8_t quantised = 0;
  std::int64_t stored_rows = 0, stored_cols = 0;
  if (!in.read(quantised) || quantised != 0 || !in.read(stored_rows) || !in.read(stored_cols)) return false;
  return stored_rows == rows && stored_cols == cols &&
         in.skip(static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(cols) * sizeof(float));
}

bool is_whole_model(ModelBytes in) {
  std::int32_t magic = 0, version = 0;
  Arguments args{};
  double sampling = 0;
  Vocabulary vocabulary;
  return in.read(magic) && magic == kMagic && in.read(version) && version <= kNewestVersion &&
         in.read(args) && are_ours(args) && in.read(sampling) && read_dictionary(in, vocabulary) &&
         skip_matrix(in, std::int64_t{vocabulary.words} + args.bucket, args.dim) &&
         skip_matrix(in, vocabulary.labels, args.dim) && in.at_end();
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

}  // namespace

TemporaryFile::~TemporaryFile() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

std::string fasttext_label(int index) { return fmt::format("{}{}", kPrefix, index); }

int class_of_label(const std::string& label) {
  if (!label.starts_with(kPrefix)) return -1;
  const auto index = parse_integer(std::string_view(label).substr(kPrefix.size()));
  return index && *index >= 0 && *index <= INT32_MAX ? static_cast<int>(*index) : -1;
}

std::vector<std::int64_t> training_order(std::span<const std::int64_t> rows, int fold, std::uint64_t seed) {
  std::vector<std::int64_t> order(rows.begin(), rows.end());
  Random random(seed, Purpose::batches, static_cast<std::uint32_t>(fold));
  random.shuffle(std::span(order));
  return order;
}

void write_training_file(const std::filesystem::path& path, const WordDocuments& documents,
                         std::span<const std::int64_t> rows, std::span<const int> labels) {
  AtomicFile file(path);
  for (const std::int64_t row : rows) {
    file.write(fasttext_label(labels[static_cast<std::size_t>(row)]));
    file.write(" ");
    file.write(documents.text(row));
    file.write("\n");
  }
  file.commit();
}

void check_model_file(const std::filesystem::path& path) {
  const MappedFile file(path);
  if (is_whole_model(ModelBytes(file.bytes()))) return;
  throw InputError(fmt::format("'{}' is no fastText model that quire wrote, or it is cut off", path.string()),
                   "train again, or copy the whole file");
}

}  // namespace quire
