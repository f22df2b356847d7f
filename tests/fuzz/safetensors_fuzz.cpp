// A safetensors file. One that opens can be read to its last byte.
#include "fuzz/fuzz.h"
#include "quire/hub/safetensors.h"

namespace quire {

QUIRE_FUZZ_TARGET(safetensors) {
  static const fuzz::Folder folder;
  const SafetensorsFile file(folder.put("model.safetensors", input));
  for (const TensorView& tensor : file.tensors()) {
    std::uint64_t sum = 0;
    for (const std::byte byte : tensor.bytes) sum += static_cast<std::uint64_t>(byte);
    fuzz::require(sum <= 255 * tensor.bytes.size(), "bytes are bytes");
    if (tensor.dtype == Dtype::f32 || tensor.dtype == Dtype::f16 || tensor.dtype == Dtype::bf16)
      (void)to_float32(tensor);
    fuzz::require(file.find(tensor.name) == &tensor, "a tensor is found by its name");
  }
}

}  // namespace quire
