#include "fuzz/fuzz.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "quire/base/error.h"

namespace quire::fuzz {

Folder::Folder() {
  const std::filesystem::path memory = "/dev/shm";
  const bool usable = ::access(memory.c_str(), W_OK) == 0;
  std::string name =
      ((usable ? memory : std::filesystem::temp_directory_path()) / "quire-fuzz-XXXXXX").string();
  require(::mkdtemp(name.data()) != nullptr, "a folder for files");
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path Folder::put(const std::string& name, std::string_view content) const {
  const std::filesystem::path path = path_ / name;
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(content.data(), static_cast<std::streamsize>(content.size()));
  return path;
}

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

bool takes(Target target, std::string_view input) {
  try {
    target(input);
    return true;
  } catch (const InputError&) {
    return false;
  }
}

std::map<std::string, Target>& targets() {
  static std::map<std::string, Target> all;
  return all;
}

}  // namespace quire::fuzz
