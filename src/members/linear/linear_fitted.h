// A fitted linear member, in memory and on disk.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "members/linear/linear_documents.h"
#include "quire/linear/linear_model.h"
#include "quire/members/linear_options.h"
#include "quire/members/member.h"

namespace quire {

class FittedLinear : public FittedMember {
 public:
  struct Parts {
    std::string loss;
    double c = 1;
    double temperature = 1;
    LinearFeatures features;
    LinearModel model;
    std::shared_ptr<const Cleaner> cleaner;        // null without TF-IDF
    std::shared_ptr<const FrozenEncoder> encoder;  // null without vectors
    std::vector<std::string> class_names;
  };
  explicit FittedLinear(Parts parts) : parts_(std::move(parts)) {}

  [[nodiscard]] std::unique_ptr<Corpus> new_corpus() const override;
  [[nodiscard]] Matrix predict(const Corpus& corpus, std::span<const std::int64_t> rows,
                               const Context& context, std::string_view stage) const override;
  [[nodiscard]] const std::vector<std::string>& class_names() const override { return parts_.class_names; }

  // linear.json (loss, C, temperature, what is read of documents and how, labels), model.safetensors
  // (`weight` [classes, features], `bias` [classes]), the vocabulary of TF-IDF, whose lines are the first
  // columns, and in `shared` a copy of the encoder, whose vectors are the last.
  void save(const std::filesystem::path& directory, const std::filesystem::path& shared) const;
  // The encoder is looked for in the directory, then beside it.
  [[nodiscard]] static std::unique_ptr<FittedLinear> load(const std::filesystem::path& directory,
                                                          std::optional<std::int64_t> max_length);

 private:
  Parts parts_;
};

}  // namespace quire
