#include "quire/pipeline/predictor.h"

#include <fmt/format.h>

#include <cerrno>
#include <numeric>

#include "pipeline/run_directory.h"
#include "quire/base/error.h"
#include "quire/members/kind.h"
#include "quire/table/labels.h"

namespace quire {

Predictor::Predictor(const std::filesystem::path& path, Options options, const Context& context)
    : columns_(std::move(options.columns)), format_(options.format.value_or(TableFormat{})) {
  if (!std::filesystem::exists(path)) throw_system_error(ENOENT, "open", path.string());
  const RunDirectory run(path);
  if (!run.is_run()) {
    members_.push_back(member_kind("encoder").open(path, options.model, context));
    return;
  }
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
  const MemberOptions& member = recipe.members.front();
  const auto folds = run.finished_folds(member.name);
  if (recipe.task.valid.empty() && static_cast<std::int64_t>(folds.size()) < recipe.task.folds) {
    context.warn(fmt::format("'{}' is not finished: {} of {} folds predict", path.string(), folds.size(),
                             recipe.task.folds));
  }
  const LabelSet classes = LabelSet::read(run.labels());
  for (const auto& fold : folds) {
    members_.push_back(member.kind().open(fold, options.model, context));
    if (members_.back()->class_names() == classes.names()) continue;
    throw InputError(fmt::format("'{}' was trained on other classes than those of the run", fold.string()),
                     "its files come from another run: copy the whole directory");
  }
}

Matrix Predictor::predict(std::span<const Document> documents, const Context& context) const {
  const std::unique_ptr<Corpus> corpus = members_.front()->new_corpus();
  corpus->append(documents, context);
  std::vector<std::int64_t> rows(documents.size());
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  Matrix mean(static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(class_names().size()));
  const auto share = 1.0F / static_cast<float>(members_.size());
  for (const auto& member : members_) {
    const Matrix one = member->predict(*corpus, rows, context, {});
    for (std::size_t i = 0; i < one.values.size(); ++i) mean.values[i] += share * one.values[i];
  }
  return mean;
}

}  // namespace quire
