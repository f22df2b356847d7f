#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "quire/base/error.h"
#include "quire/pipeline/options.h"
#include "quire/pipeline/run.h"
#include "verb.h"

namespace quire::app {
namespace {

void add_option(CLI::App& verb, const Option& option, const std::string& group) {
  const std::string name = fmt::format("--{}", option.name);
  const std::string help(option.help);
  std::visit(
      [&](auto* value) {
        using T = std::remove_pointer_t<decltype(value)>;
        if constexpr (std::is_same_v<T, bool>) {
          // What is on by default wants a word to turn it off.
          if (*value) {
            verb.add_flag(fmt::format("{},!--no-{}", name, option.name), *value, help + " (on by default)")
                ->group(group);
          } else {
            verb.add_flag(name, *value, help)->group(group);
          }
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          verb.add_option(name, *value, help)->delimiter(',')->group(group);
        } else {
          // Said twice, the last counts: so that a script's options can be overridden.
          CLI::Option* added = verb.add_option(name, *value, help)->take_last();
          added->group(group);
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
  if (options.overfit_batch) return;
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
          "each fold chose its epoch or round on the rows it is scored on; {} gives a score without that "
          "choice\n",
          options.member == "lightgbm" ? "--early-stopping-rounds 0" : "--select last");
    }
  }
  fmt::print("run written to {} in {:.0f} s\n", options.output, summary.seconds);
}

// Before the first fold there is nothing to keep.
void report_kept(const TrainOptions& options, const Context& context) {
  if (options.overfit_batch || !std::filesystem::exists(options.output)) return;
  context.info(fmt::format("finished folds{} are kept in {}; the same command with --resume goes on",
                           saves_checkpoints(options) ? " and a checkpoint" : "", options.output));
}

// The member on the command line decides which options there are, so it is looked for first. A name
// that does not exist is left for check_options to refuse.
std::string member_of(const std::vector<std::string>& words) {
  std::string member = "encoder";
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string found;
    if (words[i].starts_with("--member=")) found = words[i].substr(9);
    if (words[i] == "--member" && i + 1 < words.size()) found = words[i + 1];
    const auto& kinds = member_kinds();
    if (std::find(kinds.begin(), kinds.end(), found) != kinds.end()) member = found;
  }
  return member;
}

}  // namespace

void add_train(Program& program, const std::vector<std::string>& words) {
  CLI::App& verb = *program.app.add_subcommand("train", "train a classifier on a labelled table");
  const auto options = std::make_shared<TrainOptions>();
  options->member = member_of(words);
  verb.add_option("FILE", options->file, "labelled TSV or CSV, may be .gz or .xz")->required();
  verb.add_option("-o,--output", options->output, "run directory to write")->required();
  const std::string own =
      fmt::format("Options of the {} member (others: --member NAME --help)", options->member);
  for (const Option& option : option_table(*options))
    add_option(verb, option, option.of_member ? own : "Options");
  verb.add_flag("--quiet", program.common.quiet, "no progress, only warnings");
  add_profile_option(verb, program.common);
  verb.callback([&program, options] {
    program.common.threads = options->threads;
    program.common.seed = options->seed;
    program.action = [options](const Context& context) {
      check_options(*options);
      try {
        print_summary(train_run(*options, context), *options);
      } catch (const Interrupted& stopped) {
        report_kept(*options, context);
        throw;
      }
      return 0;
    };
  });
}

}  // namespace quire::app
