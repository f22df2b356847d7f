#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "quire/pipeline/run.h"
#include "verb.h"

namespace quire::app {

void add_export(Program& program) {
  CLI::App& verb =
      *program.app.add_subcommand("export", "copy one fold of a run to a directory other programs load");
  struct Options {
    std::string run, output;
    int fold = 0;
  };
  const auto options = std::make_shared<Options>();
  verb.add_option("RUN", options->run, "a run of `quire train`")->required();
  verb.add_option("--fold", options->fold, "which fold, from 0")->check(CLI::Range(0, 1000))->required();
  verb.add_option("-o,--output", options->output, "directory to write: Hugging Face's layout for an encoder")
      ->required();
  add_common_options(verb, program.common);
  verb.callback([&program, options] {
    program.action = [options](const Context& context) {
      const auto names = export_fold(options->run, options->fold, options->output);
      context.info(fmt::format("{} holds {}", options->output, fmt::join(names, ", ")));
      return 0;
    };
  });
}

}  // namespace quire::app
