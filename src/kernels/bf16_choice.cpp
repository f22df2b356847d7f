// Which way to compute bfloat16 products this CPU has, and whether it may be trusted.
#include <cpuid.h>
#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "kernels/amx.h"
#include "kernels/bf16.h"
#include "quire/base/child.h"
#include "quire/base/error.h"
#include "quire/kernels/kernels.h"

namespace quire::kernels {
namespace {

bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

// CPUID leaf 7: AMX-TILE and one kind of products.
constexpr int kAmxBf16 = 22;
constexpr int kAmxInt8 = 25;
bool announces_amx(int products) {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d >> products & 1) != 0 && (d >> 24 & 1) != 0;
}

// Some virtual machines announce AMX and then kill whoever uses it: a child of ours finds out.
Amx probe(int products, bool (*works)()) {
  if (!has_avx512() || !announces_amx(products)) return Amx::absent;
  return passes_in_child(works) && request_amx() ? Amx::works : Amx::broken;
}

struct Choice {
  const Bf16Path* path = nullptr;
  std::string reason;
};

Choice choose() {
  const std::vector<const Bf16Path*> paths = available_bf16_paths();
  const char* setting = std::getenv("QUIRE_ISA");
  const std::string_view wanted = setting == nullptr ? "" : setting;
  for (const Bf16Path* path : paths) {
    if (wanted == path->name) return {path, fmt::format("{}: asked for by QUIRE_ISA", path->name)};
  }
  if (!wanted.empty()) return {nullptr, fmt::format("none: QUIRE_ISA is '{}'", wanted)};
  const char* amx = probe_amx() == Amx::broken ? "; AMX is announced but fails its self-test" : "";
  if (paths.empty()) {
    return {nullptr, fmt::format("none: this CPU has neither AVX512_BF16 nor AMX{}", amx)};
  }
  if (probe_amx() == Amx::works) return {paths.back(), "amx: announced, and passed its self-test"};
  return {paths.back(), fmt::format("{}: the widest this CPU runs{}", paths.back()->name, amx)};
}

const Choice& chosen() {
  static const Choice choice = choose();
  return choice;
}

}  // namespace

Amx probe_amx() {
  static const Amx found = probe(kAmxBf16, amx_works);
  return found;
}

Amx probe_amx_int8() {
  static const Amx found = probe(kAmxInt8, amx_int8_works);
  return found;
}

std::vector<const Bf16Path*> available_bf16_paths() {
  std::vector<const Bf16Path*> paths;
  // The work between the products rounds with AVX512_BF16, which every CPU with AMX has.
  if (!has_avx512() || !__builtin_cpu_supports("avx512bf16")) return paths;
  paths.push_back(&avx512_bf16_path);
  if (probe_amx() == Amx::works) paths.push_back(&amx_path);
  return paths;
}

bool bf16_available() { return chosen().path != nullptr; }

bool bf16_pays() {
  return bf16_available() && (std::string_view(bf16_path().name) == "amx" || __builtin_cpu_is("amd") != 0);
}

std::string bf16_choice() { return chosen().reason; }

const Bf16Path& bf16_path() {
  if (chosen().path == nullptr) {
    throw Error(fmt::format("bfloat16 products are not available here ({})", chosen().reason));
  }
  return *chosen().path;
}

}  // namespace quire::kernels
