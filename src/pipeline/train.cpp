// `quire train` and `quire run`: from labelled tables to a run directory. Training is a run of one member.
#include <fmt/format.h>

#include "pipeline/combine.h"
#include "pipeline/member_run.h"
#include "pipeline/readings.h"
#include "pipeline/run_directory.h"
#include "pipeline/run_inputs.h"
#include "pipeline/task.h"
#include "quire/base/error.h"
#include "quire/base/stopwatch.h"
#include "quire/pipeline/run.h"
#include "quire/table/writer.h"

namespace quire {
namespace {

void write_folds(const RunDirectory& run, const Task& task) {
  const std::vector<std::string> header = {task.id_name, "fold"};
  TableWriter writer(run.folds(), header);
  for (std::size_t row = 0; row < task.split.fold_of_row.size(); ++row) {
    const int fold = task.split.fold_of_row[row];
    const std::vector<std::string> fields = {task.ids[row], fold < 0 ? "" : std::to_string(fold)};
    writer.write(fields);
  }
  writer.commit();
}

// Stopping early and averaging the best epochs go by validation rows.
void check_validation(const Recipe& recipe) {
  const TaskOptions& task = recipe.task;
  if (task.folds > 1 || !task.valid.empty() || task.valid_fraction > 0) return;
  for (const MemberOptions& member : recipe.members) {
    const std::string_view option = member.settings().needs_validation();
    if (option.empty() || member.settings().choice() != Choice::scored) continue;
    throw InputError(
        fmt::format("--{} goes by validation rows, of which --folds 1 --valid-fraction 0 leaves none",
                    option),
        "hold some out by --valid-fraction or --valid, or use --select best");
  }
}

// What the same command line resolved to when the run was started.
void take_columns(TaskOptions& options, const TaskOptions& started) {
  if (options.id.empty()) options.id = started.id;
  if (options.label.empty()) options.label = started.label;
  if (options.group.empty()) options.group = started.group;
  if (options.text.empty()) options.text = started.text;
}

class Training {
 public:
  Training(RunOptions options, const Context& context)
      : options_(std::move(options)), context_(context), run_(options_.output) {
    context_.seed = static_cast<std::uint64_t>(options_.recipe.task.seed);
  }

  RunSummary run();

 private:
  void read();
  void describe();
  void fill_corpora(bool resumes);
  [[nodiscard]] const Corpus* corpus_of(const MemberRun& member) const;

  RunOptions options_;
  Context context_;
  RunDirectory run_;
  Task task_;
  std::vector<MemberRun> members_;
  Readings readings_;
};

void Training::read() {
  // Files and options are checked before any work.
  for (const MemberOptions& member : options_.recipe.members)
    members_.emplace_back(task_, member, run_, context_);
  if (!options_.resume || !run_.is_run())
    for (MemberRun& member : members_) (void)member.member();
  task_ = read_task(options_.recipe.task, context_);
  options_.recipe.task = task_.options;
}

// Only for members that have something left to do.
void Training::fill_corpora(bool resumes) {
  for (MemberRun& member : members_)
    if (!resumes || !member.finished()) readings_.add(member.options().settings().reading(), member.member());
  if (!readings_.empty()) readings_.fill(task_, context_);
}

const Corpus* Training::corpus_of(const MemberRun& member) const {
  return readings_.find(member.options().settings().reading());
}

void Training::describe() {
  describe_task(task_, context_);
  for (const std::string& summary : readings_.summaries()) context_.info(summary);
  for (MemberRun& member : members_)
    if (corpus_of(member) != nullptr) member.member().describe(task_.classes, context_);
}

RunSummary Training::run() {
  const Stopwatch watch;
  RunSummary summary;
  Existing existing = Existing::refuse;
  if (options_.resume) existing = options_.combine ? Existing::resume_edited : Existing::resume;
  if (options_.force) existing = Existing::replace;
  if (!options_.overfit_batch) run_.check(options_.recipe, existing);
  if (options_.resume && run_.is_run()) take_columns(options_.recipe.task, run_.read().task);
  read();
  if (options_.overfit_batch) {
    fill_corpora(false);
    describe();
    for (MemberRun& member : members_) member.overfit(*corpus_of(member));
    summary.unchanged = true;
    return summary;
  }

  RunInputs inputs = inputs_of(task_);
  for (const MemberOptions& member : options_.recipe.members) {
    const RunInputs own = inputs_of(member);
    inputs.fingerprints.insert(inputs.fingerprints.end(), own.fingerprints.begin(), own.fingerprints.end());
  }
  const bool resumes = options_.resume && run_.is_run();
  if (resumes) run_.compare(options_.recipe, inputs, existing);
  fill_corpora(resumes);
  if (readings_.empty() && !options_.combine) {
    summary.unchanged = true;
    return summary;
  }
  // Reads the models, so that nothing is written for one that is damaged.
  describe();
  const FileLock lock = run_.prepare(options_.recipe, inputs, existing, context_);
  task_.classes.write(run_.labels());
  write_folds(run_, task_);
  for (MemberRun& member : members_) {
    if (members_.size() > 1 && corpus_of(member) != nullptr)
      context_.info(fmt::format("member {}", member.options().name));
    summary.members.push_back(member.run(corpus_of(member)));
  }
  if (options_.combine) {
    Combined combined = combine_members(task_, options_.recipe, members_, summary.members, run_, context_);
    summary.leaderboard = std::move(combined.leaderboard);
    summary.chosen = std::move(combined.chosen);
    run_.remove_other_members(options_.recipe);
  }
  summary.documents = task_.rows;
  summary.classes = task_.classes.names();
  summary.seconds = watch.seconds();
  return summary;
}

}  // namespace

void check_options(RunOptions& options) {
  check_recipe(options.recipe);
  if (options.combine) check_ensemble(options.recipe.ensemble);
  if (!options.recipe.output.submission.empty() && options.recipe.task.test.empty()) {
    throw InputError(fmt::format("[output] submission is '{}', but there is no test table",
                                 options.recipe.output.submission),
                     "name one under [data] test");
  }
  check_validation(options.recipe);
  if (options.resume && options.force) {
    throw InputError("--resume goes on with a run and --force replaces it", "give one of the two");
  }
}

RunSummary train_run(RunOptions options, const Context& context) {
  check_options(options);
  return Training(std::move(options), context).run();
}

}  // namespace quire
