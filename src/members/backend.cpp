#include "quire/members/backend.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>

#include "quire/base/error.h"

namespace quire {
namespace {

using Entry = const TorchBackend* (*)();

// libtorch's OpenMP threads wait for each other some 300,000 turns of a loop before they sleep. When
// another process wants the CPUs, they wait for one that is not running: training then took three times as
// long (docs/benchmarks.md). 10,000 turns cost nothing on a quiet machine. What the user set, stays.
void shorten_spinning() {
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) ::setenv("GOMP_SPINCOUNT", "10000", 0);
}

const TorchBackend& load() {
  shorten_spinning();
  // Found through this library's RUNPATH, which names its own folder. It stays loaded.
  void* library = ::dlopen("libquire_torch.so", RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) {
    throw Error(fmt::format("cannot load the libtorch half of quire: {}", ::dlerror()),
                "run scripts/setup and build again; `quire info` says what was found");
  }
  const auto entry = reinterpret_cast<Entry>(::dlsym(library, "quire_torch_backend"));
  if (entry == nullptr)
    throw Error("libquire_torch.so does not belong to this version of quire", "build again");
  return *entry();
}

}  // namespace

const TorchBackend& torch_backend() {
  static const TorchBackend& backend = load();
  return backend;
}

}  // namespace quire
