#include "train/pace.h"

namespace quire::train {
namespace {

// A document that is scored costs about a third of one that is trained on: no backward pass.
constexpr double kScoringShare = 1.0 / 3;

}  // namespace

void Pace::add_step(double seconds, std::int64_t documents, std::int64_t tokens) {
  if (count_ == 1) steps_ = {};
  ++count_;
  steps_.seconds += seconds;
  steps_.documents += static_cast<double>(documents);
  steps_.tokens += static_cast<double>(tokens);
}

void Pace::add_scoring(double seconds, std::int64_t documents) {
  scoring_.seconds += seconds;
  scoring_.documents += static_cast<double>(documents);
}

double Pace::seconds_for(double trained, double scored) const {
  if (count_ < 2) return -1;
  const double a_document = steps_.seconds / steps_.documents;
  const double a_score =
      scoring_.documents > 0 ? scoring_.seconds / scoring_.documents : kScoringShare * a_document;
  return trained * a_document + scored * a_score;
}

}  // namespace quire::train
