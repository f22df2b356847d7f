#include "pipeline/combined_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "quire/ensemble/confidence.h"
#include "quire/ensemble/label_issues.h"
#include "quire/ensemble/metrics.h"
#include "quire/table/writer.h"

namespace quire {
namespace {

std::string number(double value) { return fmt::format("{:.6f}", value); }

std::size_t most_probable_of(std::span<const float> row) {
  return static_cast<std::size_t>(std::ranges::max_element(row) - row.begin());
}

}  // namespace

void write_leaderboard(const std::filesystem::path& path, std::span<const LeaderboardRow> rows) {
  const std::vector<std::string> header = {"name",
                                           "kind",
                                           "round",
                                           "rows",
                                           "oof_accuracy",
                                           "oof_low",
                                           "oof_high",
                                           "oof_macro_f1",
                                           "oof_log_loss",
                                           "oof_ece",
                                           "holdout_accuracy",
                                           "holdout_low",
                                           "holdout_high",
                                           "holdout_macro_f1",
                                           "p_against_best_member",
                                           "seconds"};
  TableWriter writer(path, header);
  for (const LeaderboardRow& row : rows) {
    std::vector<std::string> fields = {row.name,
                                       row.is_ensemble ? "ensemble" : "member",
                                       std::to_string(row.round),
                                       std::to_string(row.oof.rows),
                                       number(row.oof.accuracy),
                                       number(row.oof.interval.low),
                                       number(row.oof.interval.high),
                                       number(row.oof.macro_f1),
                                       number(row.oof.log_loss),
                                       number(row.oof.ece)};
    if (row.holdout) {
      for (const double value : {row.holdout->accuracy, row.holdout->interval.low, row.holdout->interval.high,
                                 row.holdout->macro_f1})
        fields.push_back(number(value));
    } else {
      fields.resize(fields.size() + 4);
    }
    fields.push_back(fmt::format("{:.3g}", row.p_against_best_member));
    fields.push_back(fmt::format("{:.1f}", row.seconds));
    writer.write(fields);
  }
  writer.commit();
}

void write_out_of_fold(const std::filesystem::path& path, const Task& task, const Matrix& oof) {
  const std::vector<std::string> header = {task.id_name, "fold", "label", "predicted", "probability"};
  TableWriter writer(path, header);
  for (std::size_t row = 0; row < task.ids.size(); ++row) {
    const int fold = task.split.fold_of_row[row];
    const auto values = oof.row(static_cast<std::int64_t>(row));
    std::vector<std::string> fields = {task.ids[row], fold < 0 ? "" : std::to_string(fold),
                                       task.classes.name(task.labels[row]), "", ""};
    if (!is_missing(values)) {
      const std::size_t best = most_probable_of(values);
      fields[3] = task.classes.names()[best];
      fields[4] = number(static_cast<double>(values[best]));
    }
    writer.write(fields);
  }
  writer.commit();
}

void write_suspects(const std::filesystem::path& path, const Task& task, const Matrix& oof) {
  const std::vector<std::string> header = {task.id_name,         "given",  "likely", "given_probability",
                                           "likely_probability", "quality"};
  const std::span<const int> labels(task.labels.data(), static_cast<std::size_t>(task.rows));
  TableWriter writer(path, header);
  for (const LabelIssue& issue : find_label_issues(oof, labels)) {
    const std::vector<std::string> fields = {task.ids[static_cast<std::size_t>(issue.row)],
                                             task.classes.name(issue.given),
                                             task.classes.name(issue.likely),
                                             number(issue.given_probability),
                                             number(issue.likely_probability),
                                             number(issue.margin_quality)};
    writer.write(fields);
  }
  writer.commit();
}

void write_coverage(const std::filesystem::path& path, const Matrix& probabilities,
                    std::span<const int> truth) {
  const std::vector<std::string> header = {"confidence", "rows", "coverage", "accuracy"};
  TableWriter writer(path, header);
  for (const CoveragePoint& point : coverage_curve(probabilities, truth)) {
    const std::vector<std::string> fields = {number(point.confidence), std::to_string(point.rows),
                                             number(point.coverage), number(point.accuracy)};
    writer.write(fields);
  }
  writer.commit();
}

void write_predictions(const std::filesystem::path& path, const Task& task, const PredictedTable& table,
                       const Matrix& probabilities, bool with_probability) {
  std::vector<std::string> header = {task.id_name, task.options.label};
  if (with_probability) header.emplace_back("probability");
  TableWriter writer(path, header);
  for (std::size_t row = 0; row < table.ids.size(); ++row) {
    const auto values = probabilities.row(static_cast<std::int64_t>(row));
    const std::size_t best = most_probable_of(values);
    std::vector<std::string> fields = {table.ids[row], task.classes.names()[best]};
    if (with_probability) fields.push_back(number(static_cast<double>(values[best])));
    writer.write(fields);
  }
  writer.commit();
}

}  // namespace quire
