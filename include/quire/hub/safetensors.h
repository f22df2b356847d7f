// Weights on disk in the safetensors format: eight bytes of header length, a JSON header, the
// tensors' bytes one after another. Little-endian, row-major.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quire/base/files.h"

namespace quire {

enum class Dtype { f32, f16, bf16, f64, i64, i32, i16, i8, u8, boolean };

// The name a file uses ("F32") and the bytes of one element.
[[nodiscard]] std::string_view dtype_name(Dtype dtype);
[[nodiscard]] std::size_t dtype_size(Dtype dtype);

// A named tensor that lies in memory of somebody else: of the mapped file when reading, of the
// caller when writing.
struct TensorView {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<std::int64_t> shape;  // empty: a scalar, one element
  std::span<const std::byte> bytes;

  [[nodiscard]] std::int64_t elements() const;
};

// Views of the caller's values, for writing.
[[nodiscard]] TensorView view_tensor(std::string name, std::vector<std::int64_t> shape,
                                     std::span<const float> values);
[[nodiscard]] TensorView view_tensor(std::string name, std::vector<std::int64_t> shape,
                                     std::span<const std::int64_t> values);

// "[30522, 384]"
[[nodiscard]] std::string format_shape(std::span<const std::int64_t> shape);

// Exact conversion of F32, F16 and BF16. InputError, naming the tensor, for any other dtype.
// `values` holds elements() floats.
void to_float32(const TensorView& tensor, std::span<float> values);
[[nodiscard]] std::vector<float> to_float32(const TensorView& tensor);

// The values of an I64 tensor; InputError for any other dtype.
[[nodiscard]] std::vector<std::int64_t> to_int64(const TensorView& tensor);

// A file mapped into memory. The constructor checks everything that can be wrong with a file
// (the rules of the reference implementation, and no duplicate names) before anything is read
// through it; a fault is an InputError that names the file, the tensor, what was found and what
// was expected. Views stay valid for as long as this object lives.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  // In the order of their bytes in the file.
  [[nodiscard]] const std::vector<TensorView>& tensors() const noexcept { return tensors_; }
  // nullptr when there is none of that name.
  [[nodiscard]] const TensorView* find(std::string_view name) const;
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const noexcept { return metadata_; }

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::vector<TensorView> tensors_;
  std::map<std::string, std::size_t, std::less<>> index_;
  std::map<std::string, std::string> metadata_;
};

// Writes the file atomically, byte for byte as the reference implementation does: widest dtype
// first, then by name; header padded with spaces to a multiple of 8. transformers refuses files
// whose metadata lacks {"format": "pt"}. A size that does not match its shape or a name given
// twice is an Error.
void write_safetensors(const std::filesystem::path& path, std::span<const TensorView> tensors,
                       const std::map<std::string, std::string>& metadata = {{"format", "pt"}});

}  // namespace quire
