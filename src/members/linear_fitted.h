// A fitted linear member, in memory and on disk.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "members/term_documents.h"
#include "quire/features/linear_model.h"
#include "quire/members/linear_options.h"
#include "quire/members/member.h"

namespace quire {

class FittedLinear : public FittedMember {
 public:
  struct Parts {
    std::string loss;
    double c = 1;
    double temperature = 1;
    TermFeatures features;
    LinearModel model;
    std::shared_ptr<const Cleaner> cleaner;
    std::vector<std::string> class_names;
  };
  explicit FittedLinear(Parts parts) : parts_(std::move(parts)) {}

  [[nodiscard]] std::unique_ptr<Corpus> new_corpus() const override {
    return std::make_unique<TermDocuments>(parts_.cleaner, parts_.features.bags());
  }
  [[nodiscard]] Matrix predict(const Corpus& corpus, std::span<const std::int64_t> rows,
                               const Context& context, std::string_view stage) const override;
  [[nodiscard]] const std::vector<std::string>& class_names() const override { return parts_.class_names; }

  // linear.json (loss, C, temperature, steps of cleaning, labels), model.safetensors (`weight` [classes,
  // features], `bias` [classes]) and the vocabulary of TermFeatures, whose lines are the columns.
  void save(const std::filesystem::path& directory) const;
  [[nodiscard]] static std::unique_ptr<FittedLinear> load(const std::filesystem::path& directory);

 private:
  Parts parts_;
};

}  // namespace quire
