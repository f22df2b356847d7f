#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <regex>
#include <string>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/matrix.h"
#include "quire/base/npy_writer.h"

namespace quire {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little-endian");

constexpr std::string_view kMagic{"\x93NUMPY\x01\x00", 8};
constexpr std::size_t kPreamble = 10;  // magic, version, header length (uint16)

// Magic, version and the header: 128 bytes for every shape that read_npy takes, so that the data starts at a
// multiple of 64 bytes. The header ends in a newline.
std::string header_of(std::int64_t rows, std::int64_t cols) {
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, cols);
  header.append(63 - (kPreamble + header.size()) % 64, ' ');
  header.push_back('\n');
  std::string start(kMagic);
  const auto length = static_cast<std::uint16_t>(header.size());
  start.append(reinterpret_cast<const char*>(&length), sizeof(length));
  return start + header;
}

[[noreturn]] void reject(const std::filesystem::path& path, std::string_view found) {
  throw InputError(fmt::format("'{}' is not a matrix of probabilities: {}", path.string(), found),
                   "expected a NumPy file with a float32 array of two dimensions in C order");
}

}  // namespace

NpyWriter::NpyWriter(const std::filesystem::path& path, std::int64_t cols) : file_(path), cols_(cols) {
  // Of any number of rows it has this length.
  if (file_.is_rewritable()) file_.write(header_of(0, cols_));
}

void NpyWriter::write(const Matrix& rows) {
  if (rows.cols != cols_) throw Error(fmt::format("a row of {} numbers for {} columns", rows.cols, cols_));
  rows_ += rows.rows;
  if (file_.is_rewritable()) {
    file_.write(std::as_bytes(std::span(rows.values)));
  } else {
    held_.insert(held_.end(), rows.values.begin(), rows.values.end());
  }
}

void NpyWriter::commit() {
  const std::string header = header_of(rows_, cols_);
  if (file_.is_rewritable()) {
    file_.rewrite_start(header);
  } else {
    file_.write(header);
    file_.write(std::as_bytes(std::span(held_)));
  }
  file_.commit();
}

void write_npy(const std::filesystem::path& path, const Matrix& matrix) {
  NpyWriter writer(path, matrix.cols);
  writer.write(matrix);
  writer.commit();
}

Matrix read_npy(const std::filesystem::path& path) {
  const MappedFile file(path);
  const std::span<const std::byte> bytes = file.bytes();
  if (bytes.size() < kPreamble || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    reject(path, "it does not start with NumPy's signature, version 1.0");
  }
  std::uint16_t length = 0;
  std::memcpy(&length, bytes.data() + kMagic.size(), sizeof(length));
  if (bytes.size() < kPreamble + length) reject(path, "its header is cut off");
  // Padding is cut off first: std::regex would recurse once for each of its characters.
  std::string header(reinterpret_cast<const char*>(bytes.data()) + kPreamble, length);
  header.resize(header.find_last_not_of(" \n") + 1);
  static const std::regex pattern(
      R"(^\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d{1,11}), (\d{1,7})\), \}$)");
  std::smatch match;
  if (!std::regex_match(header, match, pattern)) reject(path, "its header is " + header);
  Matrix matrix;
  matrix.rows = std::stoll(match[1]);
  matrix.cols = std::stoll(match[2]);
  const std::size_t available = bytes.size() - kPreamble - length;
  const auto count = static_cast<std::uint64_t>(matrix.rows) * static_cast<std::uint64_t>(matrix.cols);
  if (count * sizeof(float) != available) {
    reject(path, fmt::format("shape ({}, {}) does not fit its {} bytes of data", matrix.rows, matrix.cols,
                             available));
  }
  matrix.values.resize(static_cast<std::size_t>(count));
  if (count > 0) std::memcpy(matrix.values.data(), bytes.data() + kPreamble + length, available);
  return matrix;
}

}  // namespace quire
