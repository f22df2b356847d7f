// Random damage to real files: every one of them opens or ends in an InputError, and one that
// opens can be read to its last byte. Each runs for a second; meant to be run under sanitizers.
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <fstream>

#include "quire/base/error.h"
#include "quire/base/random.h"
#include "quire/hub/checkpoint.h"
#include "quire/hub/safetensors.h"
#include "support.h"

namespace quire {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kTime = std::chrono::milliseconds(1000);

// What a hostile header is made of.
constexpr std::string_view kPieces[] = {"{",
                                        "}",
                                        "[",
                                        "]",
                                        "\"",
                                        ":",
                                        ",",
                                        "0",
                                        "-1",
                                        "1e9",
                                        "9223372036854775807",
                                        "18446744073709551616",
                                        "null",
                                        "true",
                                        "\"dtype\"",
                                        "\"shape\":[]",
                                        "\"data_offsets\":[0,0]",
                                        "\"__metadata__\":{}",
                                        "\"F32\"",
                                        "\"BF16\"",
                                        "\\u0000",
                                        "\\ud800",
                                        "\xff",
                                        "\xe6\x9d",
                                        "[[[[[[[[",
                                        "{\"\":{\"\":",
                                        "\n"};

// An atomic write waits for the disk.
void write_plainly(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::size_t place(Random& random, const std::string& bytes) {
  // Most of what can go wrong stands at the start.
  const std::size_t reach = random.below(4) == 0 ? bytes.size() : std::min<std::size_t>(bytes.size(), 600);
  return random.below(static_cast<std::uint32_t>(reach + 1));
}

void damage(Random& random, std::string& bytes) {
  const std::size_t at = place(random, bytes);
  switch (random.below(6)) {
    case 0:
      if (at < bytes.size()) bytes[at] = static_cast<char>(random.next());
      break;
    case 1:
      if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
      break;
    case 2:
      bytes.erase(at, 1 + random.below(8));
      break;
    case 3:
      bytes.insert(at, kPieces[random.below(std::size(kPieces))]);
      break;
    case 4:
      bytes.insert(at, bytes.substr(place(random, bytes), random.below(64)));
      break;
    default:
      bytes.resize(at);
      break;
  }
}

// Inserting and deleting would nearly always be caught by the length: let it be right at times.
void repair_length(std::string& bytes, std::size_t data_size) {
  if (bytes.size() < 8 + data_size) return;
  const std::uint64_t length = bytes.size() - 8 - data_size;
  std::memcpy(bytes.data(), &length, 8);
}

void read_everything(const std::filesystem::path& path) {
  const SafetensorsFile file(path);
  for (const TensorView& tensor : file.tensors()) {
    std::uint64_t sum = 0;
    for (const std::byte byte : tensor.bytes) sum += static_cast<std::uint64_t>(byte);
    ASSERT_LE(sum, 255 * tensor.bytes.size());
    if (tensor.dtype == Dtype::f32 || tensor.dtype == Dtype::f16) (void)to_float32(tensor);
    ASSERT_EQ(file.find(tensor.name), &tensor);
  }
}

TEST(SafetensorsFuzz, SurvivesDamagedFiles) {
  const test::TemporaryDirectory directory;
  const std::vector<float> values(6);
  const std::vector<std::int64_t> counts(3);
  write_safetensors(directory / "seed.safetensors", std::vector{view_tensor("encoder.weight", {2, 3}, values),
                                                                view_tensor("bias", {}, {values.data(), 1}),
                                                                view_tensor("counts", {3, 1}, counts)});
  const std::string seed = read_file(directory / "seed.safetensors");
  const std::size_t data_size = 4 * 7 + 8 * 3;

  Random random(1, Purpose::test);
  int opened = 0;
  int refused = 0;
  for (const auto end = Clock::now() + kTime; Clock::now() < end;) {
    std::string bytes = seed;
    for (std::uint32_t i = 0; i <= random.below(4); ++i) damage(random, bytes);
    if (random.below(2) == 0) repair_length(bytes, data_size);
    write_plainly(directory / "damaged.safetensors", bytes);
    try {
      read_everything(directory / "damaged.safetensors");
      ++opened;
    } catch (const InputError&) {
      ++refused;
    }
  }
  // Both ways are taken, or the damage is too coarse or too fine to find anything.
  EXPECT_GT(opened, 10);
  EXPECT_GT(refused, 100);
}

TEST(ConfigFuzz, SurvivesDamagedFiles) {
  const test::TemporaryDirectory directory;
  const std::string seed = read_file(test::fixture("golden/encoder/electra/model/config.json"));
  Random random(2, Purpose::test);
  int opened = 0;
  int refused = 0;
  for (const auto end = Clock::now() + kTime; Clock::now() < end;) {
    std::string text = seed;
    for (std::uint32_t i = 0; i <= random.below(4); ++i) damage(random, text);
    write_plainly(directory / "config.json", text);
    try {
      const EncoderConfig config = load_config(directory.path());
      ASSERT_EQ(config.hidden_size % config.heads, 0);
      ASSERT_GT(config.max_length(), 0);
      ++opened;
    } catch (const InputError&) {
      ++refused;
    }
  }
  EXPECT_GT(opened, 10);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace quire
