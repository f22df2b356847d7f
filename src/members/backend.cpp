#include "quire/members/backend.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <link.h>

#include <string>
#include <string_view>

#include "members/backend_entry.h"
#include "quire/base/error.h"
#include "quire/base/openmp.h"
#include "quire/base/version.h"

namespace quire {
namespace {

using Entry = const TorchBackend* (*)();

constexpr const char* kFile = "libquire_torch.so";

[[noreturn]] void throw_stale(std::string_view file) {
  throw Error(fmt::format("'{}' belongs to another build of quire than this one, {}", file, version()),
              "build again, or install again: libquire.so and libquire_torch.so come from one build");
}

[[noreturn]] void throw_not_loaded(std::string_view reason) {
  // The C library's words for ENOMEM, and the loader's own, which say no more.
  for (const std::string_view memory :
       {"Cannot allocate memory", "cannot create shared object descriptor", "failed to map segment"}) {
    if (reason.find(memory) == std::string_view::npos) continue;
    throw Error(
        fmt::format("not enough memory to load the libtorch half of quire: {}", reason),
        "its libraries take 500 MB of address space: `ulimit -v` shows a limit; where that is not it, a "
        "file system mounted with noexec is");
  }
  // What an older or newer libquire.so does not hold.
  if (reason.find("undefined symbol: _ZN") != std::string_view::npos &&
      reason.find("5quire") != std::string_view::npos)
    throw_stale(reason.substr(0, reason.find(": ")));
  throw Error(fmt::format("cannot load the libtorch half of quire: {}", reason),
              "run scripts/setup and build again; `quire info` says what was found");
}

std::string path_of(void* library) {
  const link_map* map = nullptr;
  return ::dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 && map != nullptr ? map->l_name : kFile;
}

const TorchBackend& load() {
  shorten_openmp_waiting();
  // Found through this library's RUNPATH, which names its own folder. It stays loaded.
  void* library = ::dlopen(kFile, RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) throw_not_loaded(::dlerror());
  const auto entry = reinterpret_cast<Entry>(::dlsym(library, kBackendEntry));
  if (entry == nullptr) throw_stale(path_of(library));
  return *entry();
}

}  // namespace

const TorchBackend& torch_backend() {
  static const TorchBackend& backend = load();
  return backend;
}

}  // namespace quire
