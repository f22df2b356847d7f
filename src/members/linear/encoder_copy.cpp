#include "members/linear/encoder_copy.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/hub/checkpoint.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

// Those that load_tokenizer may read.
constexpr const char* kTokenizerFiles[] = {"tokenizer.json",
                                           "tokenizer_config.json",
                                           "special_tokens_map.json",
                                           "added_tokens.json",
                                           "vocab.txt",
                                           "vocab.json",
                                           "merges.txt"};

}  // namespace

std::vector<std::string> encoder_files(const fs::path& directory) {
  std::vector<std::string> names = Checkpoint(directory).file_names();
  for (const char* name : kTokenizerFiles) {
    if (fs::exists(directory / name)) names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

std::string encoder_fingerprint(const fs::path& directory) {
  std::string content;
  for (const std::string& name : encoder_files(directory)) {
    const MappedFile file(directory / name);
    content += fmt::format("{} {:016x}\n", name, XXH3_64bits(file.bytes().data(), file.bytes().size()));
  }
  return fmt::format("{:016x}", XXH3_64bits(content.data(), content.size()));
}

void copy_encoder(const fs::path& from, const fs::path& to) {
  if (fs::exists(to)) {
    if (encoder_fingerprint(to) == encoder_fingerprint(from)) return;
    throw InputError(fmt::format("'{}' and '{}' hold different encoders", to.string(), from.string()),
                     "the files of --model have changed since the run was started: --force starts it afresh");
  }
  AtomicDirectory copy(to);
  for (const std::string& name : encoder_files(from)) copy.copy(from / name, name);
  copy.commit();
}

}  // namespace quire
