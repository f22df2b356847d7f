#include "quire/hub/safetensors.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "quire/base/error.h"
#include "support.h"

namespace quire {
namespace {

// A file of a header and `size` bytes of data, with nothing checked.
std::string raw_file(const std::string& header, std::size_t size) {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + std::string(size, 'x');
}

class HostileFile : public test::TemporaryDirectory {
 public:
  // The message of the error that opening it ends in.
  std::string error_of(const std::string& bytes) {
    const std::filesystem::path path = *this / "hostile.safetensors";
    write_file_atomically(path, bytes);
    try {
      const SafetensorsFile file(path);
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("hostile.safetensors"), std::string::npos) << error.what();
      EXPECT_FALSE(error.hint().empty());
      return error.what();
    }
    return "no error";
  }
};

TensorView raw_tensor(Dtype dtype, std::vector<std::int64_t> shape, const auto& values) {
  return {"t", dtype, std::move(shape), std::as_bytes(std::span(values))};
}

TEST(Safetensors, ReadsEveryDtypeTheReferenceWrote) {
  const SafetensorsFile file(test::fixture("golden/safetensors/mixed.safetensors"));
  EXPECT_EQ(file.tensors().size(), 13U);
  EXPECT_EQ(file.metadata(), (std::map<std::string, std::string>{{"format", "pt"}}));

  const TensorView* single = file.find("single");
  ASSERT_NE(single, nullptr);
  EXPECT_EQ(single->dtype, Dtype::f32);
  EXPECT_EQ(single->shape, (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(to_float32(*single), (std::vector<float>{-3, -2, -1, 0, 1, 2}));
  EXPECT_EQ(to_int64(*file.find("long")), (std::vector<std::int64_t>{-2, -1, 0, 1}));
  EXPECT_EQ(to_float32(*file.find("scalar")), (std::vector<float>{2.5F}));
  EXPECT_TRUE(to_float32(*file.find("empty")).empty());
  EXPECT_EQ(file.find("flags")->dtype, Dtype::boolean);
  EXPECT_EQ(file.find("byte")->dtype, Dtype::i8);
  EXPECT_NE(file.find("a \"name\"\twith\\ every\x01thing, é and 東"), nullptr);
  EXPECT_NE(file.find(""), nullptr);
  EXPECT_EQ(file.find("missing"), nullptr);
  // Rounded by the reference to 11 and 8 bits.
  EXPECT_FLOAT_EQ(to_float32(*file.find("half"))[0], -0.199951171875F);
  EXPECT_FLOAT_EQ(to_float32(*file.find("brain"))[0], -0.2001953125F);
}

TEST(Safetensors, WritesTheBytesTheReferenceWrites) {
  const test::TemporaryDirectory directory;
  for (const char* name :
       {"golden/safetensors/mixed.safetensors", "golden/encoder/bert/model/model.safetensors",
        "golden/encoder/bert-old-names/model.safetensors"}) {
    const SafetensorsFile source(test::fixture(name));
    std::vector<TensorView> tensors = source.tensors();
    std::ranges::reverse(tensors);  // the order given must not matter
    write_safetensors(directory / "copy.safetensors", tensors, source.metadata());
    EXPECT_TRUE(read_file(directory / "copy.safetensors") == read_file(test::fixture(name))) << name;
  }
}

TEST(Safetensors, GivesBackWhatWasWritten) {
  const test::TemporaryDirectory directory;
  const std::vector<float> values = {1.5F, -0.0F, std::numeric_limits<float>::denorm_min(), INFINITY};
  const std::vector<std::int64_t> counts = {std::numeric_limits<std::int64_t>::min(), 7};
  const std::vector<TensorView> tensors = {view_tensor("values", {2, 2}, values),
                                           view_tensor("counts", {2}, counts)};
  write_safetensors(directory / "a.safetensors", tensors, {{"step", "12"}, {"format", "pt"}});

  const SafetensorsFile file(directory / "a.safetensors");
  const std::vector<float> read = to_float32(*file.find("values"));
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(read[i]), std::bit_cast<std::uint32_t>(values[i]));
  }
  EXPECT_EQ(to_int64(*file.find("counts")), counts);
  EXPECT_EQ(file.metadata().at("step"), "12");
}

TEST(Safetensors, WritesAndReadsAFileWithoutTensors) {
  const test::TemporaryDirectory directory;
  write_safetensors(directory / "a.safetensors", {}, {});
  EXPECT_EQ(read_file(directory / "a.safetensors").substr(8), "{}      ");
  EXPECT_TRUE(SafetensorsFile(directory / "a.safetensors").tensors().empty());
}

TEST(Safetensors, RefusesToWriteWhatCouldNotBeRead) {
  const test::TemporaryDirectory directory;
  const std::vector<float> values(6);
  const std::filesystem::path path = directory / "a.safetensors";
  EXPECT_ERROR(write_safetensors(path, std::vector{view_tensor("w", {2, 2}, values)}), Error,
               "\"w\" has 24 bytes, which is not F32 [2, 2]");
  EXPECT_ERROR(
      write_safetensors(path, std::vector{view_tensor("w", {6}, values), view_tensor("w", {2, 3}, values)}),
      Error, "two tensors are named \"w\"");
  EXPECT_ERROR(write_safetensors(path, std::vector{view_tensor("__metadata__", {6}, values)}), Error,
               "__metadata__");
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Safetensors, ConvertsEveryHalfExactly) {
  std::vector<std::uint16_t> bits(65536);
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint16_t>(i);
  const std::vector<float> values = to_float32(raw_tensor(Dtype::f16, {65536}, bits));
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const auto exponent = static_cast<int>((i >> 10) & 31);
    const auto mantissa = static_cast<double>(i & 1023);
    const double sign = i < 32768 ? 1.0 : -1.0;
    double expected = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    if (exponent == 31) expected = mantissa == 0 ? INFINITY : NAN;
    const float found = values[i];
    ASSERT_EQ(std::isnan(found), std::isnan(expected)) << i;
    if (std::isfinite(expected)) {
      ASSERT_EQ(static_cast<double>(found), sign * expected) << i;
    }
    ASSERT_EQ(std::isinf(found), std::isinf(expected)) << i;
    ASSERT_EQ(std::signbit(found), i >= 32768) << i;
  }
}

TEST(Safetensors, ConvertsEveryBfloatExactly) {
  std::vector<std::uint16_t> bits(65536);
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint16_t>(i);
  const std::vector<float> values = to_float32(raw_tensor(Dtype::bf16, {65536}, bits));
  for (std::uint32_t i = 0; i < 65536; ++i) ASSERT_EQ(std::bit_cast<std::uint32_t>(values[i]), i << 16);
}

TEST(Safetensors, ConvertsNoOtherDtype) {
  const std::vector<std::int64_t> values = {1, 2};
  const TensorView tensor = view_tensor("embeddings.position_ids", {2}, values);
  EXPECT_ERROR((void)to_float32(tensor), InputError,
               "The tensor \"embeddings.position_ids\" holds I64, expected F32, F16 or BF16.");
  const std::vector<float> floats = {1};
  EXPECT_ERROR((void)to_int64(view_tensor("w", {1}, floats)), InputError, "\"w\" holds F32, expected I64");
}

TEST(Safetensors, ReadsTensorsThatAreNotAligned) {
  const test::TemporaryDirectory directory;
  std::string bytes = raw_file(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                               R"("b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}})",
                               5);
  const float value = 3.25F;
  std::memcpy(bytes.data() + bytes.size() - 4, &value, 4);
  write_file_atomically(directory / "odd.safetensors", bytes);
  EXPECT_EQ(to_float32(*SafetensorsFile(directory / "odd.safetensors").find("b")), std::vector<float>{3.25F});
}

TEST(Safetensors, RefusesAFileCutAnywhere) {
  HostileFile directory;
  const std::string whole = raw_file(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8);
  ASSERT_EQ(directory.error_of(whole), "no error");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ASSERT_NE(directory.error_of(whole.substr(0, size)), "no error") << size;
  }
  EXPECT_NE(directory.error_of(whole + "x"), "no error");
}

TEST(Safetensors, ChecksTheHeadersLength) {
  HostileFile directory;
  std::string bytes = raw_file("{}", 0);
  EXPECT_NE(directory.error_of("{}").find("it has 2 bytes, expected at least 8"), std::string::npos);
  bytes[0] = 3;
  EXPECT_NE(directory.error_of(bytes).find("claims 3 bytes, but only 2 follow"), std::string::npos);
  bytes[7] = '\x7f';
  EXPECT_NE(directory.error_of(bytes).find("the largest allowed is 100000000"), std::string::npos);
  EXPECT_NE(directory.error_of(raw_file(" {}", 0)).find("does not start with \"{\""), std::string::npos);
}

struct BadHeader {
  const char* header;
  std::size_t bytes;
  const char* message;
};

TEST(Safetensors, SaysWhatIsWrongWithAHeader) {
  const BadHeader cases[] = {
      {R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 8, "its header is not JSON at byte"},
      {R"({"w":[]})", 0, "the tensor \"w\": found an array, expected an object"},
      {R"({"w":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}})", 8,
       "the tensor \"w\", \"dtype\": found \"F31\", expected BF16, BOOL"},
      {R"({"w":{"dtype":"F32","shape":[2]}})", 8, "the tensor \"w\": found no \"data_offsets\""},
      {R"({"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8, "\"shape\": found the number -2"},
      {R"({"w":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", 8,
       "\"shape\": found the number \"2.0\""},
      {R"({"w":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8]}})", 8,
       "found the number 18446744073709551615, expected a size from 0 to 2^63 - 1"},
      {R"({"w":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}})", 8, "\"shape\": found an array"},
      {R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", 8, "\"data_offsets\": found 1 of them"},
      {R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}})", 8, "found the number 9, expected two"},
      {R"({"w":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8,
       "found the key \"dtype\""},
      {R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1}})", 8, "found the key \"more\""},
      {R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
       R"("w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
       8, "found the name \"w\" a second time"},
      {R"({"__metadata__":{"format":1}})", 0, "\"__metadata__\": found the number 1, expected a string"},
      {R"({"__metadata__":{"a":"1","a":"2"}})", 0, "found the key \"a\" a second time"},
      {R"({"__metadata__":null})", 0, "\"__metadata__\": found null, expected an object"},
      {R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4,
       "the tensor \"w\" has 4 bytes, expected 8 for F32 [2]"},
      {R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8,
       "the tensor \"w\" lies at bytes 8 to 0"},
      {R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4,
       "the tensor \"w\" ends at byte 8, but only 4 follow"},
      {R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 12,
       "12 bytes follow the header, but its tensors account for 8"},
      {R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12, "expected it to start at 0"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
       R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
       12, "the tensor \"b\" lies at bytes 4 to 12, expected it to start at 8"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
       R"("b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}})",
       16, "the tensor \"b\" lies at bytes 12 to 16, expected it to start at 8"},
      {R"({"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0,
       "more elements than a 64-bit number can count"},
      {R"({"w":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904,0],"data_offsets":[0,0]}})", 0,
       "more elements than a 64-bit number can count"},
  };
  HostileFile directory;
  for (const BadHeader& bad : cases) {
    const std::string message = directory.error_of(raw_file(bad.header, bad.bytes));
    EXPECT_NE(message.find(bad.message), std::string::npos) << bad.header << "\n" << message;
  }
}

TEST(Safetensors, ShowsHostileNamesHarmlessly) {
  HostileFile directory;
  const std::string message =
      directory.error_of(raw_file(R"({"\u001b[31m)" + std::string(100000, 'n') + "\":1}", 0));
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
  EXPECT_NE(message.find("\\x1b[31mnnn"), std::string::npos);
  EXPECT_LT(message.size(), 1000U);
}

TEST(Safetensors, EndsAtTheFirstBracketTooMany) {
  HostileFile directory;
  const std::string message = directory.error_of(raw_file("{\"w\":" + std::string(5'000'000, '['), 0));
  EXPECT_NE(message.find("found an array, expected an object"), std::string::npos) << message;
}

TEST(Safetensors, NamesAFileThatIsNotThere) {
  EXPECT_ERROR(SafetensorsFile("no/such.safetensors"), InputError, "no/such.safetensors");
  EXPECT_ERROR(const SafetensorsFile file{std::filesystem::temp_directory_path()}, InputError, "directory");
}

}  // namespace
}  // namespace quire
