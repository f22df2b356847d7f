#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <thread>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/base/matrix.h"
#include "quire/base/npy_writer.h"
#include "support.h"

namespace quire {
namespace {

// A file as numpy.save writes it, with any header text.
std::string npy(std::string header, std::string_view data) {
  header.append(63 - (10 + header.size()) % 64, ' ');
  header.push_back('\n');
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes.push_back(static_cast<char>(header.size() & 0xFF));
  bytes.push_back(static_cast<char>(header.size() >> 8));
  return bytes.append(header).append(data);
}

TEST(Npy, ReadsWhatItWrote) {
  const test::TemporaryDirectory directory;
  Matrix matrix(3, 2);
  matrix.values = {0.25F,  -1.0F,
                   1e-30F, std::numeric_limits<float>::infinity(),
                   -0.0F,  std::numeric_limits<float>::quiet_NaN()};
  write_npy(directory / "m.npy", matrix);
  const Matrix read = read_npy(directory / "m.npy");
  EXPECT_EQ(read.rows, 3);
  EXPECT_EQ(read.cols, 2);
  ASSERT_EQ(read.values.size(), 6U);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(read.values[i], matrix.values[i]);
  EXPECT_TRUE(std::isnan(read.values[5]));
  EXPECT_TRUE(std::signbit(read.values[4]));
}

TEST(Npy, WritesTheBytesThatNumPyWrites) {
  const test::TemporaryDirectory directory;
  Matrix matrix(1, 2);
  matrix.values = {1.0F, -2.0F};
  write_npy(directory / "m.npy", matrix);
  const std::string expected = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }",
                                   std::string_view("\x00\x00\x80\x3F\x00\x00\x00\xC0", 8));
  EXPECT_EQ(expected.size(), 128U + 8U);
  EXPECT_EQ(read_file(directory / "m.npy"), expected);
}

TEST(Npy, RowsThatComeOneByOneMakeTheSameFile) {
  const test::TemporaryDirectory directory;
  Matrix whole(1000, 3);
  for (std::size_t i = 0; i < whole.values.size(); ++i) whole.values[i] = static_cast<float>(i);
  write_npy(directory / "whole.npy", whole);
  NpyWriter writer(directory / "rows.npy", 3);
  for (std::int64_t row = 0; row < whole.rows; ++row) {
    Matrix one(1, 3);
    std::ranges::copy(whole.row(row), one.values.begin());
    writer.write(one);
  }
  EXPECT_FALSE(std::filesystem::exists(directory / "rows.npy"));
  EXPECT_ERROR(writer.write(Matrix(1, 2)), Error, "a row of 2 numbers for 3 columns");
  writer.commit();
  EXPECT_EQ(read_file(directory / "rows.npy"), read_file(directory / "whole.npy"));
}

TEST(Npy, APipeGetsItsHeaderFirst) {
  const test::TemporaryDirectory directory;
  ASSERT_EQ(::mkfifo((directory / "pipe.npy").c_str(), 0600), 0);
  std::string found;
  std::thread reader([&] { found = read_file(directory / "pipe.npy"); });
  write_npy(directory / "pipe.npy", Matrix(2, 2, 1.0F));
  reader.join();
  write_npy(directory / "file.npy", Matrix(2, 2, 1.0F));
  EXPECT_EQ(found, read_file(directory / "file.npy"));
}

TEST(Npy, KeepsMatricesWithoutRows) {
  const test::TemporaryDirectory directory;
  write_npy(directory / "m.npy", Matrix(0, 39));
  const Matrix read = read_npy(directory / "m.npy");
  EXPECT_EQ(read.rows, 0);
  EXPECT_EQ(read.cols, 39);
}

TEST(Npy, RejectsEverythingElse) {
  const test::TemporaryDirectory directory;
  const auto path = directory / "m.npy";
  const auto expect_rejected = [&](const std::string& bytes, const std::string& part) {
    write_file_atomically(path, bytes);
    EXPECT_ERROR((void)read_npy(path), InputError, part);
  };
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }";
  expect_rejected("", "signature");
  expect_rejected("\x93NUMPY", "signature");
  expect_rejected("id,label\n1,2\n", "signature");
  expect_rejected(npy(good, "").substr(0, 60), "cut off");
  expect_rejected(npy(good, "1234567"), "does not fit");
  expect_rejected(npy(good, "123456789"), "does not fit");
  expect_rejected(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }", "12345678"),
                  "header is");
  expect_rejected(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }", "12345678"), "header is");
  expect_rejected(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "12345678"), "header is");
  expect_rejected(
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 9999999), }", "12345678"),
      "does not fit");
  EXPECT_ERROR((void)read_npy(directory / "missing.npy"), InputError, "No such file");
}

TEST(Npy, SurvivesAHeaderOfSixtyFourThousandSpaces) {
  const test::TemporaryDirectory directory;
  const std::string header =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }" + std::string(65000, ' ');
  write_file_atomically(directory / "m.npy", npy(header, "12345678"));
  EXPECT_EQ(read_npy(directory / "m.npy").cols, 2);
}

}  // namespace
}  // namespace quire
