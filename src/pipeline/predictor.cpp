#include "quire/pipeline/predictor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <numeric>

#include "pipeline/combine.h"
#include "pipeline/run_directory.h"
#include "quire/base/error.h"
#include "quire/members/kind.h"
#include "quire/table/labels.h"

namespace quire {
namespace {

namespace fs = std::filesystem;

// Those that the combination uses, or the one that was asked for.
std::vector<std::size_t> wanted_members(const Recipe& recipe, const std::optional<Combination>& combination,
                                        const std::string& member, const std::string& run) {
  std::vector<std::string> names;
  for (const MemberOptions& one : recipe.members) names.push_back(one.name);
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool used = member.empty() ? !combination || combination->uses(i) : names[i] == member;
    if (used) wanted.push_back(i);
  }
  if (!member.empty() && wanted.empty()) {
    throw InputError(fmt::format("the run '{}' has no member '{}'", run, member),
                     fmt::format("its members are {}", fmt::join(names, ", ")));
  }
  if (!combination && wanted.size() > 1) {
    throw InputError(fmt::format("the members of '{}' have not been combined yet", run),
                     "finish it with `quire run ... --resume`, or predict with one by --member NAME");
  }
  return wanted;
}

}  // namespace

Predictor::Predictor(const fs::path& path, Options options, const Context& context)
    : columns_(options.columns), format_(options.format.value_or(TableFormat{})) {
  if (!fs::exists(path)) throw_system_error(ENOENT, "open", path.string());
  if (RunDirectory(path).is_run()) {
    open_run(path, options, context);
    return;
  }
  if (!options.member.empty() || !options.method.empty()) {
    throw InputError(
        fmt::format("'{}' is not a run of quire, so it has no members to choose among", path.string()),
        "leave out --member and --method");
  }
  members_.emplace_back().folds.push_back(member_kind("encoder").open(path, options.model, context));
}

void Predictor::open_run(const fs::path& path, const Options& options, const Context& context) {
  const RunDirectory run(path);
  const Recipe recipe = run.read();
  const ColumnFlags trained = column_flags(recipe.task);
  if (!columns_.id) {
    columns_.id = trained.id;
    columns_.id_may_be_missing = true;
  }
  if (!columns_.label) columns_.label = trained.label;
  if (columns_.text.empty()) columns_.text = trained.text;
  if (trained.label) label_name_ = *trained.label;
  if (!options.format) format_ = table_format(recipe.task);
  if (options.member.empty()) combination_ = chosen_combination(run, options.method);
  const LabelSet classes = LabelSet::read(run.labels());
  for (const std::size_t i : wanted_members(recipe, combination_, options.member, path.string())) {
    const MemberOptions& member = recipe.members[i];
    const auto folds = run.finished_folds(member.name);
    if (recipe.task.valid.empty() && static_cast<std::int64_t>(folds.size()) < recipe.task.folds) {
      context.warn(fmt::format("'{}' is not finished: {} of {} folds predict", path.string(), folds.size(),
                               recipe.task.folds));
    }
    OpenMember& open = members_.emplace_back();
    open.place = i;
    for (const auto& fold : folds) {
      open.folds.push_back(member.kind().open(fold, options.model, context));
      if (open.folds.back()->class_names() == classes.names()) continue;
      throw InputError(fmt::format("'{}' was trained on other classes than those of the run", fold.string()),
                       "its files come from another run: copy the whole directory");
    }
  }
}

std::size_t Predictor::size() const {
  return std::accumulate(members_.begin(), members_.end(), std::size_t{0},
                         [](std::size_t sum, const OpenMember& member) { return sum + member.folds.size(); });
}

// The mean over the folds. They read documents alike, so they share a corpus.
Matrix Predictor::OpenMember::predict(std::span<const Document> documents, const Context& context) const {
  const std::unique_ptr<Corpus> corpus = folds.front()->new_corpus();
  corpus->append(documents, context);
  std::vector<std::int64_t> rows(documents.size());
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  Matrix mean(static_cast<std::int64_t>(rows.size()),
              static_cast<std::int64_t>(folds.front()->class_names().size()));
  const auto share = 1.0F / static_cast<float>(folds.size());
  for (const auto& fold : folds) {
    const Matrix one = fold->predict(*corpus, rows, context, {});
    for (std::size_t i = 0; i < one.values.size(); ++i) mean.values[i] += share * one.values[i];
  }
  return mean;
}

Matrix Predictor::predict(std::span<const Document> documents, const Context& context) const {
  if (!combination_) return members_.front().predict(documents, context);
  // A member that is not used leaves an empty matrix.
  std::vector<Matrix> matrices(combination_->members.size());
  for (const OpenMember& member : members_) matrices[member.place] = member.predict(documents, context);
  return combination_->combine(matrices, context);
}

}  // namespace quire
