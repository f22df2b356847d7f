// What libquire_torch.so gives to the rest: the only symbol that is looked up by name, which carries a
// digest of the headers (cmake/QuireBackendEntry.cmake).
#include <fmt/format.h>

#include "members/backend_entry.h"
#include "members/encoder/encoder.h"
#include "members/encoder/vector_encoder.h"
#include "members/textcnn/textcnn.h"
#include "quire/kernels/gemm.h"
#include "quire/kernels/int8.h"
#include "quire/kernels/kernels.h"
#include "quire/members/backend.h"
#include "quire/nn/aten.h"
#include "quire/nn/device.h"
#include "quire/nn/tensor_memory.h"

namespace quire {
namespace {

class Backend : public TorchBackend {
 public:
  Backend() { nn::use_large_memory(); }

  [[nodiscard]] std::unique_ptr<Member> make_encoder(const EncoderOptions& options,
                                                     const Context& context) const override {
    at::set_num_threads(context.threads);
    return std::make_unique<EncoderMember>(options, context);
  }
  [[nodiscard]] std::unique_ptr<FittedMember> open_encoder(const std::filesystem::path& directory,
                                                           const OpenOptions& options,
                                                           const Context& context) const override {
    at::set_num_threads(context.threads);
    return open_fitted_encoder(directory, options);
  }
  [[nodiscard]] std::unique_ptr<Member> make_textcnn(const TextcnnOptions& options,
                                                     const Context& context) const override {
    at::set_num_threads(context.threads);
    return make_textcnn_member(options, context);
  }
  [[nodiscard]] std::unique_ptr<FittedMember> open_textcnn(const std::filesystem::path& directory,
                                                           const OpenOptions& options,
                                                           const Context& context) const override {
    at::set_num_threads(context.threads);
    return open_fitted_textcnn(directory, options);
  }
  [[nodiscard]] std::unique_ptr<VectorEncoder> open_vector_encoder(const VectorOptions& options,
                                                                   const Context& context) const override {
    at::set_num_threads(context.threads);
    return make_vector_encoder(options);
  }
  [[nodiscard]] std::vector<std::string> describe() const override {
    std::vector<std::string> lines = {fmt::format("libtorch          {}", TORCH_VERSION),
                                      fmt::format("kernels           {}", kernels::choice())};
    std::string tables;
    for (const kernels::Table* table : kernels::available_tables()) tables += fmt::format(" {}", table->name);
    lines.push_back(fmt::format("kernels here     {}", tables));
    lines.push_back(fmt::format("bf16              {}", kernels::bf16_choice()));
    lines.push_back(fmt::format("int8              {}", kernels::int8_choice()));
    lines.push_back(fmt::format("cuda              {}", nn::find_cuda().finding));
    lines.push_back(fmt::format("matrix products   libtorch's ({})", at::hasMKL() ? "MKL" : "BLAS"));
    return lines;
  }
};

}  // namespace
}  // namespace quire

extern "C" const quire::TorchBackend* QUIRE_BACKEND_ENTRY();

extern "C" const quire::TorchBackend* QUIRE_BACKEND_ENTRY() {
  static const quire::Backend backend;
  return &backend;
}
