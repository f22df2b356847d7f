// The JSON header of a safetensors file, checked against the rules that need no file size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quire/hub/safetensors.h"

namespace quire::hub {

[[nodiscard]] std::optional<Dtype> dtype_from_name(std::string_view name);

// Bytes of a tensor; nothing when they do not fit in 63 bits or a size is negative.
[[nodiscard]] std::optional<std::uint64_t> tensor_bytes(const std::vector<std::int64_t>& shape, Dtype dtype);

struct HeaderEntry {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  // offsets into the bytes that follow the header
  std::uint64_t end = 0;
};

struct Header {
  std::vector<HeaderEntry> entries;  // as they stand in the file; names differ
  std::map<std::string, std::string> metadata;
};

// Throws InputError that names `path`. Memory stays within a small multiple of the text's size,
// whatever the text is.
[[nodiscard]] Header parse_header(std::string_view text, const std::filesystem::path& path);

}  // namespace quire::hub
