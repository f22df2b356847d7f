// Where a model's tensors live.
//
// CUDA is no dependency of the build: libtorch's half for it is loaded when a device is first asked
// for. Of several devices the first is taken; CUDA_VISIBLE_DEVICES says which that is.
#pragma once

#include <c10/core/Device.h>

#include <string>
#include <string_view>

namespace quire::nn {

struct Cuda {
  int devices = 0;      // that can be used
  std::string finding;  // what there is, or what is missing: "no NVIDIA driver (...)"
  std::string hint;     // what to do about it; empty where there is a device
};

// Looks, once in a process, for the driver, for libtorch's CUDA half (which stays loaded) and for
// devices. libtorch asks for that half once too: this must come before the first model is built.
[[nodiscard]] const Cuda& find_cuda();

// "cpu", "cuda", or "auto": CUDA where there is a device. InputError for "cuda" without one, with what
// is missing, and for any other name.
[[nodiscard]] c10::Device choose_device(std::string_view name);

}  // namespace quire::nn
