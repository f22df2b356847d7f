#include "quire/hub/safetensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "hub/safetensors_header.h"
#include "quire/base/error.h"
#include "quire/base/json.h"

namespace quire {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

constexpr std::uint64_t kLargestHeader = 100'000'000;  // the reference's limit
constexpr std::size_t kLengthBytes = 8;

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& fault) {
  throw InputError(fmt::format("\"{}\" is not a valid safetensors file: {}.", path.string(), fault),
                   "The file is damaged or cut short; fetch it again.");
}

// The header's text, with its length checked against the file's.
std::string_view header_text(std::span<const std::byte> file, const std::filesystem::path& path) {
  if (file.size() < kLengthBytes) {
    fail(path, fmt::format("it has {} bytes, expected at least {}", file.size(), kLengthBytes));
  }
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), kLengthBytes);
  if (length > kLargestHeader) {
    fail(path, fmt::format("its header claims {} bytes, the largest allowed is {}", length, kLargestHeader));
  }
  if (length > file.size() - kLengthBytes) {
    fail(path,
         fmt::format("its header claims {} bytes, but only {} follow", length, file.size() - kLengthBytes));
  }
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + kLengthBytes, length);
  if (!text.starts_with('{')) fail(path, "its header does not start with \"{\"");
  return text;
}

// Tensors lie one after another from the first byte to the last, as their shapes say.
void check_layout(const std::vector<hub::HeaderEntry>& entries, std::uint64_t size,
                  const std::filesystem::path& path) {
  std::uint64_t position = 0;
  for (const hub::HeaderEntry& entry : entries) {
    const std::string name = in_quotes(entry.name);
    if (entry.begin != position || entry.end < entry.begin) {
      fail(path, fmt::format("the tensor {} lies at bytes {} to {}, expected it to start at {}", name,
                             entry.begin, entry.end, position));
    }
    if (entry.end > size) {
      fail(path, fmt::format("the tensor {} ends at byte {}, but only {} follow the header", name, entry.end,
                             size));
    }
    const std::optional<std::uint64_t> expected = hub::tensor_bytes(entry.shape, entry.dtype);
    if (!expected) {
      fail(path, fmt::format("the tensor {} has more elements than a 64-bit number can count", name));
    }
    if (*expected != entry.end - entry.begin) {
      fail(path,
           fmt::format("the tensor {} has {} bytes, expected {} for {} {}", name, entry.end - entry.begin,
                       *expected, dtype_name(entry.dtype), format_shape(entry.shape)));
    }
    position = entry.end;
  }
  if (position != size) {
    fail(path, fmt::format("{} bytes follow the header, but its tensors account for {}", size, position));
  }
}

float from_half(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half} >> 15 << 31;
  const std::uint32_t exponent = (half >> 10) & 0x1FU;
  const std::uint32_t mantissa = half & 0x3FFU;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000U | mantissa << 13);
  if (exponent == 0) {  // zero or subnormal: mantissa * 2^-24, exact in a float
    const float value = static_cast<float>(mantissa) * 0x1p-24F;
    return sign != 0 ? -value : value;
  }
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

float from_bfloat(std::uint16_t value) { return std::bit_cast<float>(std::uint32_t{value} << 16); }

// Bytes of a mapped file may be unaligned for their type.
template <typename Convert>
void convert_halves(std::span<const std::byte> bytes, std::span<float> values, Convert convert) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, bytes.data() + 2 * i, 2);
    values[i] = convert(half);
  }
}

}  // namespace

std::int64_t TensorView::elements() const {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

TensorView view_tensor(std::string name, std::vector<std::int64_t> shape, std::span<const float> values) {
  return {std::move(name), Dtype::f32, std::move(shape), std::as_bytes(values)};
}

TensorView view_tensor(std::string name, std::vector<std::int64_t> shape,
                       std::span<const std::int64_t> values) {
  return {std::move(name), Dtype::i64, std::move(shape), std::as_bytes(values)};
}

std::string format_shape(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

void to_float32(const TensorView& tensor, std::span<float> values) {
  if (std::cmp_not_equal(values.size(), tensor.elements())) {
    throw Error(fmt::format("the tensor {} has {} elements, there is room for {}", in_quotes(tensor.name),
                            tensor.elements(), values.size()));
  }
  switch (tensor.dtype) {
    case Dtype::f32:
      if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), values.size_bytes());
      return;
    case Dtype::f16:
      return convert_halves(tensor.bytes, values, from_half);
    case Dtype::bf16:
      return convert_halves(tensor.bytes, values, from_bfloat);
    default:
      throw InputError(fmt::format("The tensor {} holds {}, expected F32, F16 or BF16.",
                                   in_quotes(tensor.name), dtype_name(tensor.dtype)));
  }
}

std::vector<float> to_float32(const TensorView& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
  to_float32(tensor, values);
  return values;
}

std::vector<std::int64_t> to_int64(const TensorView& tensor) {
  if (tensor.dtype != Dtype::i64) {
    throw InputError(fmt::format("The tensor {} holds {}, expected I64.", in_quotes(tensor.name),
                                 dtype_name(tensor.dtype)));
  }
  std::vector<std::int64_t> values(static_cast<std::size_t>(tensor.elements()));
  if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : path_(path), file_(path) {
  const std::span<const std::byte> bytes = file_.bytes();
  const std::string_view text = header_text(bytes, path);
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + text.size());

  hub::Header header = hub::parse_header(text, path);
  std::ranges::sort(header.entries, {}, [](const hub::HeaderEntry& entry) {
    return std::tie(entry.begin, entry.end, entry.name);
  });
  check_layout(header.entries, data.size(), path);

  tensors_.reserve(header.entries.size());
  for (hub::HeaderEntry& entry : header.entries) {
    index_.emplace(entry.name, tensors_.size());
    tensors_.push_back({std::move(entry.name), entry.dtype, std::move(entry.shape),
                        data.subspan(entry.begin, entry.end - entry.begin)});
  }
  metadata_ = std::move(header.metadata);
}

const TensorView* SafetensorsFile::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

}  // namespace quire
