#include <fmt/format.h>

#include <memory>

#include "quire/base/error.h"
#include "quire/pipeline/options.h"
#include "quire/pipeline/run.h"
#include "verb.h"

namespace quire::app {
namespace {

void add_option(CLI::App& verb, const Option& option) {
  const std::string name = fmt::format("--{}", option.name);
  const std::string help(option.help);
  std::visit(
      [&](auto* value) {
        using T = std::remove_pointer_t<decltype(value)>;
        if constexpr (std::is_same_v<T, bool>) {
          verb.add_flag(name, *value, help);
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          verb.add_option(name, *value, help)->delimiter(',');
        } else {
          // Said twice, the last counts: so that a script's options can be overridden.
          CLI::Option* added = verb.add_option(name, *value, help)->take_last();
          if constexpr (std::is_same_v<T, std::string>) {
            if (!value->empty()) added->default_str(*value);
          } else if constexpr (!std::is_same_v<T, std::optional<double>>) {
            added->default_str(fmt::format("{}", *value));
          }
        }
      },
      option.value);
}

void print_summary(const TrainSummary& summary, const TrainOptions& options) {
  if (summary.unchanged) {
    fmt::print("{} is finished; nothing was changed\n", options.output);
    return;
  }
  for (const FoldScore& score : summary.folds) {
    fmt::print("fold {}  accuracy {:.4f}  macro-F1 {:.4f}  ({} rows)\n", score.fold, score.metrics.accuracy,
               score.metrics.macro_f1, score.metrics.n);
  }
  if (summary.validation) {
    fmt::print("{}  accuracy {:.4f}  macro-F1 {:.4f}  ({} rows)\n",
               summary.out_of_fold ? "out-of-fold" : "validation", summary.validation->accuracy,
               summary.validation->macro_f1, summary.validation->n);
    if (summary.epoch_selected_on_validation) {
      fmt::print(
          "each fold chose its epoch on the rows it is scored on; --select last gives a score without that "
          "choice\n");
    }
  }
  fmt::print("run written to {} in {:.0f} s\n", options.output, summary.seconds);
}

}  // namespace

void add_train(Program& program) {
  CLI::App& verb = *program.app.add_subcommand("train", "train a classifier on a labelled table");
  const auto options = std::make_shared<TrainOptions>();
  verb.add_option("FILE", options->file, "labelled TSV or CSV, may be .gz or .xz")->required();
  verb.add_option("-o,--output", options->output, "run directory to write")->required();
  for (const Option& option : option_table(*options)) add_option(verb, option);
  verb.add_flag("--quiet", program.common.quiet, "no progress, only warnings");
  verb.callback([&program, options] {
    program.common.threads = options->threads;
    program.common.seed = options->seed;
    program.action = [options](const Context& context) {
      check_options(*options);
      try {
        print_summary(train_run(*options, context), *options);
      } catch (const Interrupted& stopped) {
        context.info(fmt::format(
            "finished folds and a checkpoint are kept in {}; the same command with --resume goes on",
            options->output));
        throw;
      }
      return 0;
    };
  });
}

}  // namespace quire::app
