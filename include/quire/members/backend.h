// The half of the library that needs libtorch, loaded when a model is first needed.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quire/members/encoder_options.h"
#include "quire/members/member.h"
#include "quire/members/textcnn_options.h"

namespace quire {

struct VectorOptions {
  std::string model;              // directory in Hugging Face's layout
  std::int64_t max_length = 300;  // tokens of a document, special ones included
  std::string precision = "fp32";
};

// A frozen encoder: documents in, vectors out.
class VectorEncoder {
 public:
  virtual ~VectorEncoder() = default;
  // Of token ids.
  [[nodiscard]] virtual std::unique_ptr<Corpus> new_corpus() const = 0;
  // The mean of the last layer's hidden states over the tokens of each row, special ones included, scaled to
  // length 1: [rows, width()]. What a row's vector is does not depend on the other rows. Reports progress
  // under `stage` unless that is empty.
  [[nodiscard]] virtual Matrix vectors(const Corpus& corpus, std::span<const std::int64_t> rows,
                                       const Context& context, std::string_view stage) const = 0;
  [[nodiscard]] virtual std::int64_t width() const = 0;
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
  // Throws InputError for a directory that holds no encoder, and for options that do not suit it.
  [[nodiscard]] virtual std::unique_ptr<VectorEncoder> open_vector_encoder(const VectorOptions& options,
                                                                           const Context& context) const = 0;
  // For `quire info`: libtorch's version and what else is worth knowing, one fact a line.
  [[nodiscard]] virtual std::vector<std::string> describe() const = 0;
};

// Loads libquire_torch.so from beside this library, once. Throws Error when it or libtorch cannot
// be loaded.
[[nodiscard]] const TorchBackend& torch_backend();

}  // namespace quire
