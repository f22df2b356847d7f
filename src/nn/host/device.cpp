#include "quire/nn/device.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "quire/base/error.h"
#include "quire/nn/aten.h"

namespace quire::nn {
namespace {

// libtorch says why it finds no device in a warning, which would go to standard error.
class KeepWarnings : public c10::WarningHandler {
 public:
  void process(const c10::Warning& warning) override { text += warning.msg(); }
  std::string text;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Cuda look() {
  // The driver comes with the card. Asking for it first spares machines without one the loading of half
  // a gigabyte of libraries.
  if (::dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    return {0, fmt::format("no NVIDIA driver ({})", ::dlerror()),
            "install the driver of the card, or leave --device at cpu"};
  }
  // Found through the RUNPATH of this library, which names libtorch's folder.
  if (::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    return {0, fmt::format("libtorch's CUDA half cannot be loaded ({})", ::dlerror()),
            "docs/dependencies.md says which libraries a GPU needs, or leave --device at cpu"};
  }
  if (!at::globalContext().hasCUDART()) {
    return {0, "libtorch's CUDA half was loaded but is not used",
            "it must be asked for before libtorch first looks for devices"};
  }
  KeepWarnings warnings;
  const c10::WarningUtils::WarningHandlerGuard guard(&warnings);
  const auto devices = static_cast<int>(at::getNumGPUs());
  if (devices == 0) {
    return {0,
            fmt::format("no CUDA device ({})",
                        warnings.text.empty() ? "the driver names none" : first_line(warnings.text)),
            "see nvidia-smi and CUDA_VISIBLE_DEVICES, or leave --device at cpu"};
  }
  // cuDNN's recurrent layers would round float32 operands to 19 bits.
  at::globalContext().setAllowTF32CuDNN(false);
  const long version = at::globalContext().versionCUDART();
  return {devices,
          fmt::format("{} device{} (CUDA {}.{})", devices, devices == 1 ? "" : "s", version / 1000,
                      version % 1000 / 10),
          ""};
}

}  // namespace

const Cuda& find_cuda() {
  static const Cuda found = look();
  return found;
}

c10::Device choose_device(std::string_view name) {
  if (name == "cpu") return at::kCPU;
  if (name != "cuda" && name != "auto") {
    throw InputError(fmt::format("no device is called '{}'", name), "known: cpu, cuda, auto");
  }
  const Cuda& cuda = find_cuda();
  if (cuda.devices > 0) return {at::kCUDA, 0};
  if (name == "auto") return at::kCPU;
  throw InputError(fmt::format("--device is cuda, but CUDA cannot be used: {}", cuda.finding), cuda.hint);
}

}  // namespace quire::nn
