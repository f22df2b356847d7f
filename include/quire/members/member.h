// What every learner looks like to the rest of the house: documents in, probabilities out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quire/base/context.h"
#include "quire/base/matrix.h"
#include "quire/table/documents.h"
#include "quire/table/labels.h"

namespace quire {

// How an encoder predicts. TextCNN takes only the device, the others nothing.
struct OpenOptions {
  std::optional<std::int64_t> max_length;  // default: what it was trained with, or its positions
  std::string precision = "fp32";          // bf16, int8; auto: bf16 where it is faster
  std::string device = "cpu";              // cuda, auto
};

// Documents in the form a learner wants them (token ids, counts of words); the text is gone.
class Corpus {
 public:
  virtual ~Corpus() = default;
  // Adds documents, in parallel where that helps. Rows are numbered in the order of arrival.
  virtual void append(std::span<const Document> documents, const Context& context) = 0;
  virtual void clear() = 0;
  [[nodiscard]] virtual std::int64_t size() const = 0;
  // A sentence about what was read: tokens, and how many documents were cut.
  [[nodiscard]] virtual std::string summary() const = 0;
  // Documents the learner cannot tell apart get the same number.
  [[nodiscard]] virtual std::uint64_t fingerprint(std::int64_t row) const = 0;
};

// A trained learner, const and usable for as long as it lives.
class FittedMember {
 public:
  virtual ~FittedMember() = default;
  // An empty corpus that takes documents as this learner was trained on them.
  [[nodiscard]] virtual std::unique_ptr<Corpus> new_corpus() const = 0;
  // Probabilities of `rows`, in their order: [rows, classes]. `stage` names the work in progress
  // reports; empty: none.
  [[nodiscard]] virtual Matrix predict(const Corpus& corpus, std::span<const std::int64_t> rows,
                                       const Context& context, std::string_view stage) const = 0;
  [[nodiscard]] virtual const std::vector<std::string>& class_names() const = 0;
};

// In a fold's directory, of a fit that can go on where it was interrupted.
inline constexpr const char* kCheckpointFile = "checkpoint.safetensors";

struct FitInput {
  const Corpus* corpus = nullptr;
  std::span<const int> labels;  // of every row of the corpus; -1: unknown
  const LabelSet* classes = nullptr;
  std::span<const std::int64_t> train;  // rows
  std::span<const std::int64_t> valid;  // rows to choose an epoch or a round by; may be empty
  int fold = 0;
  int folds = 1;
  std::filesystem::path directory;  // exists; the trained learner is saved here
  std::filesystem::path shared;     // exists; files that all folds need alike. Empty: they go to `directory`
  bool resume = false;              // go on from what an interrupted fit left in `directory`
};

// An untrained learner with its options.
class Member {
 public:
  virtual ~Member() = default;
  [[nodiscard]] virtual std::unique_ptr<Corpus> new_corpus() const = 0;
  // Tells the user, before the first step, how this learner will be trained.
  virtual void describe(const LabelSet& classes, const Context& context) const = 0;
  // Trains on `train`, choosing by `valid`, and saves into the directory. Fresh in every call:
  // nothing is carried from fold to fold. A checkpoint stays: the caller removes it once it has all it wants
  // of the learner (MemberKind::forget_progress).
  [[nodiscard]] virtual std::unique_ptr<FittedMember> fit(const FitInput& input,
                                                          const Context& context) const = 0;
  // Shows that one batch of `train` can be learned by heart, and tells the user so; writes nothing.
  // Error when it cannot. For learners that are trained by gradient steps: others throw InputError.
  virtual void overfit(const FitInput& input, const Context& context) const;
};

}  // namespace quire
