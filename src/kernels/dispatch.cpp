#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "kernels/prediction_loops.h"
#include "quire/base/error.h"
#include "quire/kernels/gemm.h"
#include "quire/kernels/kernels.h"

namespace quire::kernels {

// Defined by src/kernels/loops.cpp, once per instruction set.
extern const Table baseline;
extern const Table avx2;
extern const Table avx512;

namespace {

struct Choice {
  const Table* table;
  std::string reason;
};

Choice choose() {
  const std::vector<const Table*> tables = available_tables();
  const char* wanted = std::getenv("QUIRE_ISA");
  if (wanted == nullptr || *wanted == '\0') {
    return {tables.back(), fmt::format("{}: the widest this CPU runs", tables.back()->name)};
  }
  if (aten_only()) {
    return {tables.back(), "none: QUIRE_ISA asks for ATen's own operations"};
  }
  for (const Table* candidate : tables) {
    if (std::string_view(wanted) == candidate->name) {
      return {candidate, fmt::format("{}: asked for by QUIRE_ISA", candidate->name)};
    }
  }
  // Ways to multiply that go beyond a table.
  std::vector<std::string_view> products;
  if (has_vnni()) products.push_back(avx512_vnni_path.name);
  for (const Bf16Path* path : available_bf16_paths()) products.emplace_back(path->name);
  if (std::find(products.begin(), products.end(), wanted) != products.end()) {
    return {tables.back(),
            fmt::format("{}: the widest beside {}, which QUIRE_ISA asks for", tables.back()->name, wanted)};
  }
  std::string names;
  for (const std::string_view name : products) names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  for (const Table* candidate : tables)
    names += fmt::format("{}{}", names.empty() ? "" : ", ", candidate->name);
  throw InputError(fmt::format("QUIRE_ISA is '{}', which this CPU does not run", wanted),
                   fmt::format("it runs {}, aten", names));
}

const Choice& chosen() {
  static const Choice choice = choose();
  return choice;
}

}  // namespace

DropoutRate::DropoutRate(double probability)
    : threshold(static_cast<std::uint32_t>(std::lround(probability * 65536))),
      scale(static_cast<float>(65536.0 / (65536.0 - threshold))) {}

std::vector<const Table*> available_tables() {
  std::vector<const Table*> tables = {&baseline};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) tables.push_back(&avx2);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    tables.push_back(&avx512);
  }
  return tables;
}

const Table& table() { return *chosen().table; }

bool aten_only() {
  static const bool asked = [] {
    const char* wanted = std::getenv("QUIRE_ISA");
    return wanted != nullptr && std::string_view(wanted) == "aten";
  }();
  return asked;
}

std::string choice() { return chosen().reason; }

}  // namespace quire::kernels
