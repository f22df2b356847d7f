// A fuzz target: a reader of ours and any bytes. It may take them or refuse them with InputError; whatever
// else it throws, and whatever a sanitizer says, is a fault.
//
// `scripts/check fuzz` makes a libFuzzer program of each target (CMake's QUIRE_FUZZ). In every other build
// tests/fuzz/replay_test.cpp gives it its corpus, tests/fuzz/corpus/NAME, and some damage to that.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace quire::fuzz {

// A folder in memory, where there is such a file system: thousands of small files a second.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  // Without waiting for a disk. Returns where the file lies.
  std::filesystem::path put(const std::string& name, std::string_view content) const;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// Ends the process when what must hold of an input that was taken does not.
void require(bool holds, const char* what);

using Target = void (*)(std::string_view input);

// Was the input taken? InputError is the one exception that may leave a target.
[[nodiscard]] bool takes(Target target, std::string_view input);

// The targets of this program by name.
std::map<std::string, Target>& targets();

}  // namespace quire::fuzz

#ifdef QUIRE_FUZZ
#define QUIRE_FUZZ_ENTRY(name)                                                          \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {   \
    (void)quire::fuzz::takes(fuzz_##name, {reinterpret_cast<const char*>(data), size}); \
    return 0;                                                                           \
  }
#else
#define QUIRE_FUZZ_ENTRY(name) \
  static const bool registered_##name = quire::fuzz::targets().emplace(#name, fuzz_##name).second;
#endif

// Defines the target `name`: QUIRE_FUZZ_TARGET(npy) { ... input ... }
#define QUIRE_FUZZ_TARGET(name)                    \
  static void fuzz_##name(std::string_view input); \
  QUIRE_FUZZ_ENTRY(name)                           \
  static void fuzz_##name([[maybe_unused]] std::string_view input)
