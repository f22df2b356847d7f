#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "output.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/pipeline/run.h"
#include "verb.h"

namespace quire::app {
namespace {

void print_leaderboard(const RunSummary& summary) {
  std::size_t width = 4;
  for (const LeaderboardRow& row : summary.leaderboard) width = std::max(width, row.name.size());
  print("{:<{}}  kind      accuracy  95 %           macro-F1  log loss  holdout  p\n", "name", width);
  for (const LeaderboardRow& row : summary.leaderboard) {
    print("{:<{}}  {:<8}  {:8.4f}  {:.4f}-{:.4f}  {:8.4f}  {:8.4f}  {:>7}  {:.2g}{}\n", row.name, width,
          row.is_ensemble ? "ensemble" : "member", row.oof.accuracy, row.oof.interval.low,
          row.oof.interval.high, row.oof.macro_f1, row.oof.log_loss,
          row.holdout ? fmt::format("{:.4f}", row.holdout->accuracy) : "", row.p_against_best_member,
          row.name == summary.chosen ? "  <- predicts" : "");
  }
  print(
      "accuracy, macro-F1 and log loss are out of fold: each row by models and weights that never saw it; p "
      "is "
      "McNemar's against the best member\n");
}

struct RunFlags {
  RunOptions run;
  std::string recipe;
  std::vector<std::string> values;
};

}  // namespace

void add_run(Program& program) {
  CLI::App& verb =
      *program.app.add_subcommand("run", "a whole recipe: many members, combined, to a submission");
  const auto flags = std::make_shared<RunFlags>();
  verb.add_option("RECIPE", flags->recipe, "recipe.toml (examples/recipes has some)")->required();
  verb.add_option("-o,--output", flags->run.output, "run directory to write")->required();
  verb.add_option("--set", flags->values,
                  "SECTION.KEY=VALUE or member.NAME.KEY=VALUE: another value than the recipe's")
      ->allow_extra_args(false);
  verb.add_flag("--resume", flags->run.resume,
                "go on with a run; members whose options changed are made anew, nothing else");
  verb.add_flag("--force", flags->run.force, "replace an existing run of ours");
  add_threads_and_quiet(verb, program.common);
  add_profile_option(verb, program.common);
  verb.callback([&program, flags] {
    program.action = [flags](const Context& context) {
      RunOptions& run = flags->run;
      run.recipe = read_recipe(read_file(flags->recipe), flags->recipe);
      for (const std::string& value : flags->values) set_value(run.recipe, value);
      run.combine = true;
      if (run.recipe.task.train.empty()) {
        throw InputError(fmt::format("'{}' names no table to train on", flags->recipe),
                         "add train = \"FILE\" under [data]");
      }
      check_options(run);
      try {
        print_leaderboard(train_run(run, context));
      } catch (const Interrupted&) {
        if (std::filesystem::exists(run.output))
          context.info(fmt::format("what is finished is kept in {}; the same command with --resume goes on",
                                   run.output));
        throw;
      }
      print("run written to {}\n", run.output);
      return 0;
    };
  });
}

}  // namespace quire::app
