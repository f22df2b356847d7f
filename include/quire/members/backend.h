// The half of the library that needs libtorch, loaded when a model is first needed.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quire/members/member.h"
#include "quire/members/options.h"
#include "quire/members/textcnn_options.h"

namespace quire {

// How a trained learner predicts.
struct OpenOptions {
  // Tokens of a document, for encoders; default: what the model was trained with, or its positions.
  std::optional<std::int64_t> max_length;
  std::string device = "cpu";  // cuda, auto; for encoders and TextCNN
};

class TorchBackend {
 public:
  virtual ~TorchBackend() = default;

  // Checks options and checkpoint at once, before any work starts.
  [[nodiscard]] virtual std::unique_ptr<Member> make_encoder(const EncoderOptions& options,
                                                             const Context& context) const = 0;
  // Opens a directory that can predict.
  [[nodiscard]] virtual std::unique_ptr<FittedMember> open_encoder(const std::filesystem::path& directory,
                                                                   const OpenOptions& options,
                                                                   const Context& context) const = 0;
  [[nodiscard]] virtual std::unique_ptr<Member> make_textcnn(const TextcnnOptions& options,
                                                             const Context& context) const = 0;
  [[nodiscard]] virtual std::unique_ptr<FittedMember> open_textcnn(const std::filesystem::path& directory,
                                                                   const OpenOptions& options,
                                                                   const Context& context) const = 0;
  // For `quire info`: libtorch's version and what else is worth knowing, one fact a line.
  [[nodiscard]] virtual std::vector<std::string> describe() const = 0;
};

// Loads libquire_torch.so from beside this library, once. Throws Error when it or libtorch cannot
// be loaded.
[[nodiscard]] const TorchBackend& torch_backend();

}  // namespace quire
