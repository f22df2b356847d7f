// Which way to multiply 8-bit integers this CPU has, and the loops of prediction that go with the
// table of kernels.h.
#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "kernels/amx.h"
#include "kernels/prediction_loops.h"
#include "quire/kernels/kernels.h"

namespace quire::kernels {

// Defined by src/kernels/prediction_loops.cpp, once per instruction set.
extern const PredictionLoops prediction_baseline;
extern const PredictionLoops prediction_avx2;
extern const PredictionLoops prediction_avx512;

namespace {

struct Choice {
  const Int8Path* path;
  std::string reason;
};

Choice choose() {
  const char* setting = std::getenv("QUIRE_ISA");
  const std::string_view wanted = setting == nullptr ? "" : setting;
  const std::vector<const Int8Path*> paths = available_int8_paths();
  for (const Int8Path* path : paths) {
    if (wanted == path->name) return {path, fmt::format("{}: asked for by QUIRE_ISA", path->name)};
  }
  if (wanted == "baseline" || wanted == "avx2" || wanted == "avx512")
    return {paths.front(), fmt::format("plain loops: QUIRE_ISA is '{}'", wanted)};
  if (wanted == "avx512_bf16" && has_vnni())
    return {&avx512_vnni_path, fmt::format("avx512_vnni: QUIRE_ISA is '{}'", wanted)};
  const char* amx = probe_amx_int8() == Amx::broken ? "; AMX is announced but fails its self-test" : "";
  if (paths.size() == 1)
    return {paths.front(), fmt::format("plain loops, slower than fp32: this CPU has no AVX512_VNNI{}", amx)};
  return {paths.back(), fmt::format("{}: the widest this CPU runs{}", paths.back()->name, amx)};
}

const Choice& chosen() {
  static const Choice choice = choose();
  return choice;
}

}  // namespace

const PredictionLoops& prediction_loops() {
  static const PredictionLoops& loops = [&]() -> const PredictionLoops& {
    const std::string_view name = table().name;
    return name == "avx512" ? prediction_avx512 : name == "avx2" ? prediction_avx2 : prediction_baseline;
  }();
  return loops;
}

bool has_vnni() {
  return __builtin_cpu_supports("avx512vnni") &&
         std::string_view(available_tables().back()->name) == "avx512";
}

std::vector<const Int8Path*> available_int8_paths() {
  std::vector<const Int8Path*> paths = {&prediction_loops().plain_int8};
  if (has_vnni()) paths.push_back(&avx512_vnni_path);
  if (probe_amx_int8() == Amx::works) paths.push_back(&amx_int8_path);
  return paths;
}

const Int8Path& int8_path() { return *chosen().path; }

std::string int8_choice() { return chosen().reason; }

}  // namespace quire::kernels
