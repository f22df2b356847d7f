#include "hub/safetensors_header.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "quire/base/error.h"
#include "quire/base/json.h"

namespace quire::hub {
namespace {

struct DtypeInfo {
  Dtype dtype;
  std::string_view name;
  std::size_t size;
};

constexpr DtypeInfo kDtypes[] = {
    {Dtype::f32, "F32", 4}, {Dtype::f16, "F16", 2},      {Dtype::bf16, "BF16", 2}, {Dtype::f64, "F64", 8},
    {Dtype::i64, "I64", 8}, {Dtype::i32, "I32", 4},      {Dtype::i16, "I16", 2},   {Dtype::i8, "I8", 1},
    {Dtype::u8, "U8", 1},   {Dtype::boolean, "BOOL", 1},
};

const DtypeInfo& info(Dtype dtype) {
  for (const DtypeInfo& known : kDtypes) {
    if (known.dtype == dtype) return known;
  }
  throw Error("a tensor has a dtype that is none of ours");
}

// Receives the parser's events and knows at each what the format allows next. No tree is built,
// so a header that nests a million brackets ends at the first one too many.
class HeaderHandler {
 public:
  HeaderHandler(const std::filesystem::path& path, Header& header) : path_(path), header_(header) {}

  bool null() { fail("null"); }
  bool boolean(bool value) { fail(value ? "true" : "false"); }
  bool number_integer(Json::number_integer_t value) { fail(fmt::format("the number {}", value)); }
  bool number_float(Json::number_float_t /*value*/, const std::string& text) {
    fail(fmt::format("the number {}", in_quotes(text)));
  }
  bool binary(const Json::binary_t& /*value*/) { fail("binary data"); }
  bool number_unsigned(Json::number_unsigned_t value);
  bool string(std::string& value);
  bool start_object(std::size_t /*elements*/);
  bool key(std::string& name);
  bool end_object();
  bool start_array(std::size_t /*elements*/);
  bool end_array();
  bool parse_error(std::size_t position, const std::string& /*last_token*/, const Json::exception& error);

 private:
  enum class State {
    start,
    root,
    metadata,
    metadata_object,
    metadata_value,
    tensor,
    tensor_object,
    dtype,
    shape,
    shape_size,
    offsets,
    offset,
    done,
  };

  [[nodiscard]] std::string_view expected() const;
  [[noreturn]] void fail(std::string_view found) const;
  void finish_tensor();

  const std::filesystem::path& path_;
  Header& header_;
  State state_ = State::start;
  std::unordered_set<std::string> names_;
  HeaderEntry entry_;
  std::vector<std::uint64_t> offsets_;
  bool has_dtype_ = false;
  bool has_shape_ = false;
  bool has_offsets_ = false;
  std::string metadata_key_;
};

std::string_view HeaderHandler::expected() const {
  switch (state_) {
    case State::start:
      return "an object";
    case State::root:
      return "a tensor's name";
    case State::metadata:
      return "an object";
    case State::metadata_object:
      return "a key";
    case State::metadata_value:
      return "a string";
    case State::tensor:
      return "an object";
    case State::tensor_object:
      return "each of the keys \"dtype\", \"shape\" and \"data_offsets\" once";
    case State::dtype:
      return "BF16, BOOL, F16, F32, F64, I16, I32, I64, I8 or U8";
    case State::shape:
      return "an array of sizes";
    case State::shape_size:
      return "a size from 0 to 2^63 - 1";
    case State::offsets:
      return "an array of two offsets";
    case State::offset:
      return "two offsets";
    case State::done:
      return "nothing more";
  }
  return "";
}

void HeaderHandler::fail(std::string_view found) const {
  std::string where = "the header";
  if (state_ >= State::tensor && state_ < State::done) {
    where = fmt::format("the tensor {}", in_quotes(entry_.name));
    if (state_ == State::dtype) where += ", \"dtype\"";
    if (state_ == State::shape || state_ == State::shape_size) where += ", \"shape\"";
    if (state_ == State::offsets || state_ == State::offset) where += ", \"data_offsets\"";
  } else if (state_ >= State::metadata && state_ < State::tensor) {
    where = "\"__metadata__\"";
  }
  throw InputError(fmt::format("\"{}\" is not a valid safetensors file: {}: found {}, expected {}.",
                               path_.string(), where, found, expected()),
                   "The file is damaged or was not written by a safetensors library.");
}

bool HeaderHandler::number_unsigned(Json::number_unsigned_t value) {
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const bool fits = value <= kLargest;
  if (state_ == State::shape_size && fits) {
    entry_.shape.push_back(static_cast<std::int64_t>(value));
  } else if (state_ == State::offset && fits && offsets_.size() < 2) {
    offsets_.push_back(value);
  } else {
    fail(fmt::format("the number {}", value));
  }
  return true;
}

bool HeaderHandler::string(std::string& value) {
  if (state_ == State::metadata_value) {
    header_.metadata.emplace(std::move(metadata_key_), std::move(value));
    state_ = State::metadata_object;
  } else if (state_ == State::dtype) {
    const std::optional<Dtype> dtype = dtype_from_name(value);
    if (!dtype) fail(in_quotes(value));
    entry_.dtype = *dtype;
    state_ = State::tensor_object;
  } else {
    fail(in_quotes(value));
  }
  return true;
}

bool HeaderHandler::start_object(std::size_t) {
  switch (state_) {
    case State::start:
      state_ = State::root;
      return true;
    case State::metadata:
      state_ = State::metadata_object;
      return true;
    case State::tensor:
      state_ = State::tensor_object;
      return true;
    default:
      fail("an object");
  }
}

bool HeaderHandler::key(std::string& name) {
  if (state_ == State::root) {
    if (!names_.insert(name).second) fail(fmt::format("the name {} a second time", in_quotes(name)));
    state_ = name == "__metadata__" ? State::metadata : State::tensor;
    entry_ = {};
    offsets_.clear();
    has_dtype_ = has_shape_ = has_offsets_ = false;
    entry_.name = std::move(name);
  } else if (state_ == State::metadata_object) {
    if (header_.metadata.contains(name)) fail(fmt::format("the key {} a second time", in_quotes(name)));
    metadata_key_ = std::move(name);
    state_ = State::metadata_value;
  } else if (name == "dtype" && !std::exchange(has_dtype_, true)) {
    state_ = State::dtype;
  } else if (name == "shape" && !std::exchange(has_shape_, true)) {
    state_ = State::shape;
  } else if (name == "data_offsets" && !std::exchange(has_offsets_, true)) {
    state_ = State::offsets;
  } else {
    fail(fmt::format("the key {}", in_quotes(name)));
  }
  return true;
}

bool HeaderHandler::end_object() {
  if (state_ == State::tensor_object) {
    finish_tensor();
    state_ = State::root;
  } else if (state_ == State::metadata_object) {
    state_ = State::root;
  } else {
    state_ = State::done;
  }
  return true;
}

void HeaderHandler::finish_tensor() {
  if (!has_dtype_ || !has_shape_ || !has_offsets_) {
    fail(fmt::format("no \"{}\"", !has_dtype_ ? "dtype" : !has_shape_ ? "shape" : "data_offsets"));
  }
  entry_.begin = offsets_[0];
  entry_.end = offsets_[1];
  header_.entries.push_back(std::move(entry_));
}

bool HeaderHandler::start_array(std::size_t) {
  if (state_ == State::shape) {
    state_ = State::shape_size;
  } else if (state_ == State::offsets) {
    state_ = State::offset;
  } else {
    fail("an array");
  }
  return true;
}

bool HeaderHandler::end_array() {
  if (state_ == State::offset && offsets_.size() != 2) {
    fail(fmt::format("{} of them", offsets_.size()));
  }
  state_ = State::tensor_object;
  return true;
}

bool HeaderHandler::parse_error(std::size_t position, const std::string&, const Json::exception& error) {
  throw InputError(
      fmt::format("\"{}\" is not a valid safetensors file: its header is not JSON at byte {}: {}.",
                  path_.string(), position, reason_of(error)),
      "The file is damaged or was not written by a safetensors library.");
}

}  // namespace

std::optional<Dtype> dtype_from_name(std::string_view name) {
  for (const DtypeInfo& known : kDtypes) {
    if (known.name == name) return known.dtype;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> tensor_bytes(const std::vector<std::int64_t>& shape, Dtype dtype) {
  auto bytes = static_cast<std::int64_t>(dtype_size(dtype));
  for (const std::int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(bytes, size, &bytes)) return std::nullopt;
  }
  return static_cast<std::uint64_t>(bytes);
}

Header parse_header(std::string_view text, const std::filesystem::path& path) {
  Header header;
  HeaderHandler handler(path, header);
  Json::sax_parse(text, &handler);
  return header;
}

}  // namespace quire::hub

namespace quire {

std::string_view dtype_name(Dtype dtype) { return hub::info(dtype).name; }
std::size_t dtype_size(Dtype dtype) { return hub::info(dtype).size; }

}  // namespace quire
