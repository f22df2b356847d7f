// One model of fastText's library: trained from a file, saved, loaded, asked for probabilities.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quire/base/context.h"
#include "quire/members/fasttext_options.h"

namespace fasttext {
class FastText;
}

namespace quire {

class FasttextModel {
 public:
  struct Training {
    std::filesystem::path file;  // see write_training_file
    int threads = 1;
    std::string_view stage;  // names the work in progress reports
    std::optional<std::chrono::steady_clock::time_point> deadline;
  };

  // Nothing when the deadline passed before the end. Throws InputError when the numbers overflow,
  // Interrupted, and Error when memory does not suffice.
  [[nodiscard]] static std::optional<FasttextModel> train(const FasttextOptions& options,
                                                          const Training& training, const Context& context);
  // Throws InputError for a file that is no model, or a model of labels that are not ours.
  explicit FasttextModel(const std::filesystem::path& file);
  ~FasttextModel();
  FasttextModel(FasttextModel&&) noexcept;
  FasttextModel& operator=(FasttextModel&&) noexcept;

  // Whole or not there. Throws Error on a failing disk.
  void save(const std::filesystem::path& file) const;

  // One more than the largest class that the model knows.
  [[nodiscard]] int classes() const;
  // Probabilities of a text's classes; a class without training rows gets 0. `row` holds at least
  // classes() values. Usable from several threads at once.
  void predict(std::string_view text, std::span<float> row) const;

 private:
  explicit FasttextModel(std::unique_ptr<fasttext::FastText> model);
  void read_labels(std::string_view origin);

  std::unique_ptr<fasttext::FastText> model_;
  std::vector<int> classes_;  // of each of the library's labels
};

}  // namespace quire
