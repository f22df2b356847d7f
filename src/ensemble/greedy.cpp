// Greedy selection with replacement, Caruana et al., "Ensemble selection from libraries of models" (ICML
// 2004): start with the best member, add whichever makes the mean best, keep the best prefix. Their remedy
// against overfitting is here too: the same from random halves of the members, and the mean of the weights.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "ensemble/lesson.h"
#include "quire/base/random.h"
#include "quire/base/threads.h"
#include "quire/ensemble/metrics.h"

namespace quire::ensemble {
namespace {

// With fewer members than this a half says too little, and the whole library is taken once.
constexpr std::int64_t kFewestForBags = 6;

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

// How good a mean is: by the metric, larger is better, then by log loss.
struct Standing {
  double score = 0;
  double loss = 0;
};

// The rows on which members differ, with the classes that any mixture of them may choose.
class Library {
 public:
  explicit Library(const Lesson& lesson)
      : classes_(lesson.tuned.classes),
        members_(lesson.tuned.members),
        metric_(lesson.options.metric),
        rows_(static_cast<std::int64_t>(lesson.rows.size())) {
    begins_.push_back(0);
    for (const std::int64_t row : lesson.rows) {
      add(lesson.tuned.probabilities_of(row), lesson.labels[at(row)]);
    }
  }

  [[nodiscard]] std::int64_t members() const { return members_; }
  [[nodiscard]] std::int64_t rows() const { return rows_; }

  // Of all rows together.
  [[nodiscard]] std::size_t candidates() const { return candidates_.size(); }

  // What the means are judged by first.
  [[nodiscard]] double first_score(const std::vector<float>& sums, const std::vector<float>& chance_sums,
                                   std::int64_t member, int picked) const {
    return metric_ == Metric::log_loss ? -loss(chance_sums, member, picked) : score(sums, member);
  }

  // Of the mean of `picked` members, whose probabilities sum to these, and one more.
  [[nodiscard]] Standing standing(const std::vector<float>& sums, const std::vector<float>& chance_sums,
                                  std::int64_t member, int picked) const {
    const double negative = loss(chance_sums, member, picked);
    return {metric_ == Metric::log_loss ? -negative : score(sums, member), negative};
  }

  // Accuracy (as a number of rows) or macro-F1 of the mean of those that were picked and one more.
  [[nodiscard]] double score(const std::vector<float>& sums, std::int64_t member) const {
    const std::vector<float>& values = values_[at(member)];
    std::vector<std::int64_t> hits = settled_hits_;
    std::vector<std::int64_t> predicted = settled_predictions_;
    std::int64_t right = settled_right_;
    for (std::size_t row = 0; row + 1 < begins_.size(); ++row) {
      const std::int64_t end = begins_[row + 1];
      std::int64_t best = begins_[row];
      float most = sums[at(best)] + values[at(best)];
      for (std::int64_t c = best + 1; c < end; ++c) {
        const float value = sums[at(c)] + values[at(c)];
        if (value > most) {
          most = value;
          best = c;
        }
      }
      const int label = candidates_[at(best)];
      const bool is_right = label == labels_[row];
      right += is_right ? 1 : 0;
      if (metric_ == Metric::macro_f1) {
        ++predicted[at(label)];
        hits[at(label)] += is_right ? 1 : 0;
      }
    }
    if (metric_ == Metric::accuracy) return static_cast<double>(right);
    return macro_f1(hits, predicted);
  }

  // Sum over the rows of the negative logarithm of the mean probability of the truth.
  [[nodiscard]] double loss(const std::vector<float>& chance_sums, std::int64_t member, int picked) const {
    // One logarithm for the product of so many: it stays above 10^-192.
    constexpr std::size_t kFactors = 16;
    const std::vector<float>& chances = chances_[at(member)];
    double sum = static_cast<double>(rows_) * std::log(picked + 1);
    for (std::size_t i = 0; i < chances.size(); i += kFactors) {
      double product = 1;
      for (std::size_t j = i; j < std::min(i + kFactors, chances.size()); ++j) {
        product *= std::max(static_cast<double>(chance_sums[j] + chances[j]), kLeastProbability);
      }
      sum -= std::log(product);
    }
    return sum;
  }

  void pick(std::int64_t member, std::vector<float>& sums, std::vector<float>& chance_sums) const {
    const std::vector<float>& values = values_[at(member)];
    for (std::size_t c = 0; c < sums.size(); ++c) sums[c] += values[c];
    const std::vector<float>& chances = chances_[at(member)];
    for (std::size_t i = 0; i < chances.size(); ++i) chance_sums[i] += chances[i];
  }

 private:
  void add(const float* probabilities, int label) {
    if (values_.empty()) {
      values_.resize(at(members_));
      chances_.resize(at(members_));
      settled_hits_.resize(at(classes_));
      settled_predictions_.resize(at(classes_));
      support_.resize(at(classes_));
    }
    ++support_[at(label)];
    for (std::int64_t m = 0; m < members_; ++m) {
      chances_[at(m)].push_back(probabilities[m * classes_ + label]);
    }
    const std::vector<int> found = possible_choices(probabilities);
    if (found.size() == 1) {
      ++settled_predictions_[at(found[0])];
      if (found[0] == label) {
        ++settled_hits_[at(label)];
        ++settled_right_;
      }
      return;
    }
    candidates_.insert(candidates_.end(), found.begin(), found.end());
    for (std::int64_t m = 0; m < members_; ++m) {
      for (const int k : found) values_[at(m)].push_back(probabilities[m * classes_ + k]);
    }
    begins_.push_back(static_cast<std::int64_t>(candidates_.size()));
    labels_.push_back(label);
  }

  // Without the classes that no member thinks more probable than some member's first choice: no mixture
  // chooses them.
  [[nodiscard]] std::vector<int> possible_choices(const float* probabilities) const {
    std::vector<int> firsts;
    for (std::int64_t m = 0; m < members_; ++m) {
      const float* const row = probabilities + m * classes_;
      const int first = static_cast<int>(std::max_element(row, row + classes_) - row);
      if (std::ranges::find(firsts, first) == firsts.end()) firsts.push_back(first);
    }
    std::vector<int> found;
    for (int k = 0; k < static_cast<int>(classes_); ++k) {
      const bool beaten = std::ranges::any_of(firsts, [&](int first) {
        if (first == k) return false;
        for (std::int64_t m = 0; m < members_; ++m) {
          const float* const row = probabilities + m * classes_;
          if (row[k] > row[first] || (row[k] == row[first] && k < first)) return false;
        }
        return true;
      });
      if (!beaten) found.push_back(k);
    }
    return found;
  }

  [[nodiscard]] double macro_f1(const std::vector<std::int64_t>& hits,
                                const std::vector<std::int64_t>& predicted) const {
    double sum = 0;
    int seen = 0;
    for (std::size_t k = 0; k < hits.size(); ++k) {
      const std::int64_t both = predicted[k] + support_[k];
      if (both == 0) continue;
      sum += 2 * static_cast<double>(hits[k]) / static_cast<double>(both);
      ++seen;
    }
    return seen == 0 ? 0 : sum / seen;
  }

  std::int64_t classes_;
  std::int64_t members_;
  Metric metric_;
  std::int64_t rows_;
  std::vector<std::vector<float>> chances_;  // [members][rows], of the truth
  std::vector<std::int64_t> begins_;         // of each row on which members differ, in the lists below
  std::vector<int> candidates_;              // classes
  std::vector<std::vector<float>> values_;   // [members][candidates]
  std::vector<int> labels_;                  // of those rows
  std::vector<std::int64_t> support_;        // [classes], of all rows
  // What is the same for every mixture.
  std::vector<std::int64_t> settled_hits_;
  std::vector<std::int64_t> settled_predictions_;
  std::int64_t settled_right_ = 0;
};

// Less than this is rounding.
double margin_of(double value) { return 1e-7 * std::max(1.0, std::abs(value)); }

bool is_better(const Standing& a, const Standing& b) {
  if (std::abs(a.score - b.score) > margin_of(b.score)) return a.score > b.score;
  return a.loss < b.loss - margin_of(b.loss);
}

// The member to add after `round` picks: the best by the metric, of equals by log loss, then one that is in
// already.
std::int64_t best_addition(const Library& library, const std::vector<std::int64_t>& members,
                           const std::vector<int>& picks, const std::vector<float>& sums,
                           const std::vector<float>& chance_sums, int round) {
  std::vector<double> scores;
  for (const std::int64_t member : members) {
    scores.push_back(library.first_score(sums, chance_sums, member, round));
  }
  const double most = *std::ranges::max_element(scores);
  std::int64_t chosen = -1;
  Standing standing;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (scores[i] < most - margin_of(most)) continue;
    const Standing other = {most, library.loss(chance_sums, members[i], round)};
    const bool is_simpler =
        chosen >= 0 && picks[at(members[i])] > 0 && picks[at(chosen)] == 0 && !is_better(standing, other);
    if (chosen >= 0 && !is_better(other, standing) && !is_simpler) continue;
    chosen = members[i];
    standing = other;
  }
  return chosen;
}

// How often each member is picked, [members].
std::vector<int> select(const Library& library, std::vector<std::int64_t> members, int rounds) {
  std::vector<float> sums(library.candidates());
  std::vector<float> chance_sums(at(library.rows()));
  std::vector<int> picks(at(library.members()));
  std::vector<int> best_picks;
  Standing best;
  for (int round = 0; round < rounds; ++round) {
    const std::int64_t chosen = best_addition(library, members, picks, sums, chance_sums, round);
    const Standing chosen_standing = library.standing(sums, chance_sums, chosen, round);
    library.pick(chosen, sums, chance_sums);
    ++picks[at(chosen)];
    if (round == 0 || is_better(chosen_standing, best)) {
      best = chosen_standing;
      best_picks = picks;
    }
  }
  return best_picks;
}

// Members from the best to the worst alone, so that bags do not depend on the order they come in.
std::vector<std::int64_t> ranking(const Library& library) {
  const std::vector<float> sums(library.candidates());
  const std::vector<float> chance_sums(at(library.rows()));
  std::vector<Standing> standings;
  for (std::int64_t m = 0; m < library.members(); ++m) {
    standings.push_back(library.standing(sums, chance_sums, m, 0));
  }
  std::vector<std::int64_t> order(standings.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(
      order, [&](std::int64_t a, std::int64_t b) { return is_better(standings[at(a)], standings[at(b)]); });
  return order;
}

}  // namespace

void fit_greedy(const Lesson& lesson, Combination& combination) {
  const Library library(lesson);
  const auto order = ranking(library);
  const bool whole = library.members() < kFewestForBags || lesson.options.bags < 1;
  const std::int64_t bags = whole ? 1 : lesson.options.bags;
  std::vector<std::vector<int>> picks(at(bags));
  parallel_for(bags, 1, lesson.context.threads, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t bag = begin; bag < end; ++bag) {
      lesson.context.check_stop();
      auto members = order;
      if (!whole) {
        Random random(lesson.context.seed, Purpose::sampling, static_cast<std::uint32_t>(bag));
        random.shuffle(std::span(members));
        members.resize((members.size() + 1) / 2);
      }
      picks[at(bag)] = select(library, std::move(members), lesson.options.rounds);
    }
  });
  std::ranges::fill(combination.weights, 0.0);
  for (const auto& bag : picks) {
    const double total = std::accumulate(bag.begin(), bag.end(), 0.0);
    for (std::size_t m = 0; m < bag.size(); ++m) {
      combination.weights[m] += bag[m] / total / static_cast<double>(bags);
    }
  }
}

}  // namespace quire::ensemble
