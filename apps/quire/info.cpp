#include <fmt/format.h>

#include "output.h"
#include "quire/base/error.h"
#include "quire/base/threads.h"
#include "quire/base/version.h"
#include "quire/members/backend.h"
#include "verb.h"

namespace quire::app {
namespace {

std::string cpu_features() {
  std::string features;
  const auto add = [&](bool has, const char* name) {
    if (has) features += fmt::format("{}{}", features.empty() ? "" : " ", name);
  };
  add(__builtin_cpu_supports("avx2"), "avx2");
  add(__builtin_cpu_supports("fma"), "fma");
  add(__builtin_cpu_supports("avx512f"), "avx512f");
  add(__builtin_cpu_supports("avx512bw"), "avx512bw");
  add(__builtin_cpu_supports("avx512vl"), "avx512vl");
  add(__builtin_cpu_supports("avx512vnni"), "avx512vnni");
  return features.empty() ? "none of interest" : features;
}

}  // namespace

void add_info(Program& program) {
  CLI::App& verb = *program.app.add_subcommand("info", "versions, CPU features, kernels chosen, threads");
  add_common_options(verb, program.common);
  verb.callback([&program] {
    program.action = [](const Context& context) {
      print("quire             {}\n", version());
      print("threads           {} (of {} this process may use)\n", context.threads, available_threads());
      print("cpu features      {}\n", cpu_features());
      try {
        for (const std::string& line : torch_backend().describe()) print("{}\n", line);
      } catch (const InputError&) {
        throw;
      } catch (const Error& error) {
        print("libtorch          not usable: {}\n", error.what());
      }
      return 0;
    };
  });
}

}  // namespace quire::app
