#include "quire/base/fingerprint.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <new>
#include <vector>

#include "quire/base/error.h"
#include "quire/base/files.h"

namespace quire {

namespace fs = std::filesystem;

struct Fingerprint::State {
  std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> hash{XXH3_createState(), XXH3_freeState};
};

Fingerprint::Fingerprint() : state_(std::make_unique<State>()) {
  if (!state_->hash) throw std::bad_alloc();
  XXH3_128bits_reset(state_->hash.get());
}
Fingerprint::~Fingerprint() = default;
Fingerprint::Fingerprint(Fingerprint&&) noexcept = default;
Fingerprint& Fingerprint::operator=(Fingerprint&&) noexcept = default;

Fingerprint& Fingerprint::add(std::string_view text) {
  add(static_cast<std::int64_t>(text.size()));
  XXH3_128bits_update(state_->hash.get(), text.data(), text.size());
  return *this;
}

Fingerprint& Fingerprint::add(std::int64_t number) {
  XXH3_128bits_update(state_->hash.get(), &number, sizeof number);
  return *this;
}

Fingerprint& Fingerprint::add(std::span<const int> numbers) {
  add(static_cast<std::int64_t>(numbers.size()));
  XXH3_128bits_update(state_->hash.get(), numbers.data(), numbers.size_bytes());
  return *this;
}

std::string Fingerprint::hex() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(state_->hash.get());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::string file_fingerprint(const fs::path& path) {
  const MappedFile file(path);
  return Fingerprint()
      .add(std::string_view(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()))
      .hex();
}

std::string model_fingerprint(const fs::path& directory) {
  constexpr std::array<std::string_view, 4> kEndings = {".json", ".txt", ".safetensors", ".model"};
  std::vector<std::string> names;
  std::error_code failed;
  fs::recursive_directory_iterator entry(directory, failed);
  if (failed) throw_system_error(failed.value(), "open", directory.string());
  for (; entry != fs::recursive_directory_iterator(); ++entry) {
    const std::string name = entry->path().lexically_relative(directory).string();
    const bool counts =
        std::ranges::any_of(kEndings, [&](std::string_view ending) { return name.ends_with(ending); });
    if (counts && entry->is_regular_file()) names.push_back(name);
  }
  std::ranges::sort(names);
  Fingerprint all;
  for (const std::string& name : names) all.add(name).add(file_fingerprint(directory / name));
  return all.hex();
}

}  // namespace quire
