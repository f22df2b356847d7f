#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <nlohmann/json.hpp>
#include <tuple>

#include "hub/safetensors_header.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/json.h"
#include "quire/hub/safetensors.h"

namespace quire {
namespace {

constexpr std::size_t kAlignment = 8;

// The reference sorts by its own enumeration of dtypes, from the last to the first, so that
// wide elements come first and all are aligned; then by name.
int rank(Dtype dtype) {
  constexpr std::array kOrder = {Dtype::i64, Dtype::f64, Dtype::f32, Dtype::i32, Dtype::bf16,
                                 Dtype::f16, Dtype::i16, Dtype::i8,  Dtype::u8,  Dtype::boolean};
  return static_cast<int>(std::ranges::find(kOrder, dtype) - kOrder.begin());
}

std::string json_string(const std::string& text) { return compact_text(Json(text)); }

std::string json_metadata(const std::map<std::string, std::string>& metadata) {
  std::string text = "\"__metadata__\":{";
  for (const auto& [key, value] : metadata) {
    text += fmt::format("{}{}:{}", text.ends_with('{') ? "" : ",", json_string(key), json_string(value));
  }
  return text + "}";
}

void check(const std::vector<const TensorView*>& sorted) {
  for (const TensorView* tensor : sorted) {
    if (hub::tensor_bytes(tensor->shape, tensor->dtype) != tensor->bytes.size()) {
      throw Error(fmt::format("the tensor {} has {} bytes, which is not {} {}", in_quotes(tensor->name),
                              tensor->bytes.size(), dtype_name(tensor->dtype), format_shape(tensor->shape)));
    }
  }
  std::vector<std::string_view> names = {"__metadata__"};  // the format's own key
  for (const TensorView* tensor : sorted) names.emplace_back(tensor->name);
  std::ranges::sort(names);
  if (const auto twice = std::ranges::adjacent_find(names); twice != names.end()) {
    throw Error(fmt::format("two tensors are named {}", in_quotes(*twice)));
  }
}

std::string build_header(const std::vector<const TensorView*>& sorted,
                         const std::map<std::string, std::string>& metadata) {
  std::string text = "{";
  if (!metadata.empty()) text += json_metadata(metadata);
  std::size_t position = 0;
  for (const TensorView* tensor : sorted) {
    const std::size_t end = position + tensor->bytes.size();
    text += fmt::format("{}{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
                        text.size() > 1 ? "," : "", json_string(tensor->name), dtype_name(tensor->dtype),
                        fmt::join(tensor->shape, ","), position, end);
    position = end;
  }
  text += '}';
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  return text;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, std::span<const TensorView> tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<const TensorView*> sorted;
  for (const TensorView& tensor : tensors) sorted.push_back(&tensor);
  std::ranges::sort(sorted, {}, [](const TensorView* tensor) {
    return std::tuple(rank(tensor->dtype), std::string_view(tensor->name));
  });
  check(sorted);

  const std::string header = build_header(sorted, metadata);
  const auto length = std::bit_cast<std::array<char, 8>>(std::uint64_t{header.size()});
  AtomicFile file(path);
  file.write(std::string_view(length.data(), length.size()));
  file.write(header);
  for (const TensorView* tensor : sorted) file.write(tensor->bytes);
  file.commit();
}

}  // namespace quire
