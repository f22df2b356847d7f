#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "output.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/pipeline/run.h"
#include "verb.h"

namespace quire::app {
namespace {

void add_option(CLI::App& verb, const Option& option, const std::string& group) {
  const std::string name = fmt::format("--{}", flag_of(option));
  std::string help(option.help);
  if (!option.choices.empty()) help += fmt::format(" ({})", fmt::join(option.choices, " | "));
  std::visit(
      [&](auto* value) {
        using T = std::remove_pointer_t<decltype(value)>;
        if constexpr (std::is_same_v<T, bool>) {
          // What is on by default wants a word to turn it off.
          if (*value) {
            verb.add_flag(fmt::format("{},!--no-{}", name, flag_of(option)), *value,
                          help + " (on by default)")
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

void print_member(const MemberScore& score) {
  for (const FoldScore& fold : score.folds) {
    print("fold {}  accuracy {:.4f}  macro-F1 {:.4f}  ({} rows)\n", fold.fold, fold.metrics.accuracy,
          fold.metrics.macro_f1, fold.metrics.n);
  }
  if (!score.validation) return;
  print("{}  accuracy {:.4f}  macro-F1 {:.4f}  ({} rows)\n", score.out_of_fold ? "out-of-fold" : "validation",
        score.validation->accuracy, score.validation->macro_f1, score.validation->n);
  if (score.chosen_on_scored_rows)
    print("this score is too good: an epoch or a round was chosen by the very rows it is of\n");
}

void print_summary(const RunSummary& summary, const RunOptions& options) {
  if (options.overfit_batch) return;
  if (summary.unchanged) {
    print("{} is finished; nothing was changed\n", options.output);
    return;
  }
  for (const MemberScore& score : summary.members) print_member(score);
  print("run written to {} in {:.0f} s\n", options.output, summary.seconds);
}

// Before the first fold there is nothing to keep.
void report_kept(const RunOptions& options, const Context& context) {
  if (options.overfit_batch || !std::filesystem::exists(options.output)) return;
  const bool checkpoint = options.recipe.members.front().kind().keeps_checkpoint();
  context.info(fmt::format("finished folds{} are kept in {}; the same command with --resume goes on",
                           checkpoint ? " and a checkpoint" : "", options.output));
}

// The value of an option that decides which others there are, so that it is looked for first.
std::string value_of(const std::vector<std::string>& words, const std::string& option) {
  std::string found;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with(option + "=")) found = words[i].substr(option.size() + 1);
    if (words[i] == option && i + 1 < words.size()) found = words[i + 1];
  }
  return found;
}

// The defaults: a recipe's, or those of the kind that --member names. What is wrong with them is said when
// the verb runs.
Recipe defaults_of(const std::vector<std::string>& words, std::string& problem, std::string& hint) {
  Recipe recipe;
  try {
    if (const std::string file = value_of(words, "--recipe"); !file.empty()) {
      recipe = read_recipe(read_file(file), file);
      if (recipe.members.size() == 1) return recipe;
      throw InputError(fmt::format("'{}' has {} members", file, recipe.members.size()),
                       "`train` trains one member");
    }
    const std::string kind = value_of(words, "--member");
    recipe.members.emplace_back(kind.empty() ? "encoder" : kind);
  } catch (const Error& error) {
    problem = error.what();
    hint = error.hint();
    recipe.members.assign(1, MemberOptions());
  }
  return recipe;
}

struct TrainFlags {
  RunOptions run;
  std::string kind, recipe;
  std::string problem, hint;  // of --member or --recipe
};

void add_task_options(CLI::App& verb, TaskOptions& task) {
  for (const Option& option : data_options(task))
    if (option.name != "train") add_option(verb, option, "Tables");
  for (const Option& option : fold_options(task)) add_option(verb, option, "Folds");
}

void add_member_options(CLI::App& verb, TrainFlags& flags) {
  MemberOptions& member = flags.run.recipe.members.front();
  flags.kind = member.kind().name();
  std::string kinds;
  for (const MemberKind* kind : member_kinds())
    kinds += fmt::format("{}{}: {}", kinds.empty() ? "" : "; ", kind->name(), kind->summary());
  const std::string own = fmt::format("Options of the {} member (others: --member NAME --help)", flags.kind);
  verb.add_option("--member", flags.kind, "kind of learner (" + kinds + ")")
      ->take_last()
      ->capture_default_str();
  verb.add_option("--name", member.name, "name of the member and its folder (default: the kind)")
      ->take_last();
  for (const Option& option : member.settings().table()) add_option(verb, option, own);
}

}  // namespace

void add_train(Program& program, const std::vector<std::string>& words) {
  CLI::App& verb = *program.app.add_subcommand("train", "train a classifier on a labelled table");
  const auto flags = std::make_shared<TrainFlags>();
  if (words.size() > 1 && words[1] == "train")
    flags->run.recipe = defaults_of(words, flags->problem, flags->hint);
  else
    flags->run.recipe.members.emplace_back();
  RunOptions& run = flags->run;
  verb.add_option("FILE", run.recipe.task.train, "labelled TSV or CSV, may be .gz or .xz");
  verb.add_option("-o,--output", run.output, "run directory to write");
  verb.add_option("--recipe", flags->recipe, "recipe.toml of a run whose options are the defaults");
  add_member_options(verb, *flags);
  add_task_options(verb, run.recipe.task);
  verb.add_flag("--resume", run.resume, "go on with an interrupted run; a finished one stays as it is");
  verb.add_flag("--force", run.force, "replace an existing run of ours");
  verb.add_flag("--overfit-batch", run.overfit_batch,
                "only show that the model can learn one batch by heart; writes nothing");
  add_threads_and_quiet(verb, program.common);
  add_profile_option(verb, program.common);
  verb.callback([&program, flags] {
    program.action = [flags](const Context& context) {
      if (!flags->problem.empty()) throw InputError(flags->problem, flags->hint);
      if (flags->run.recipe.task.train.empty())
        throw InputError("FILE is required: the labelled table to train on", "see `quire train --help`");
      if (flags->run.output.empty() && !flags->run.overfit_batch)
        throw InputError("--output is required: the run directory to write", "see `quire train --help`");
      check_options(flags->run);
      try {
        print_summary(train_run(flags->run, context), flags->run);
      } catch (const Interrupted&) {
        report_kept(flags->run, context);
        throw;
      }
      return 0;
    };
  });
}

}  // namespace quire::app
