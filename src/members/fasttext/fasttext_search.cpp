#include "members/fasttext/fasttext_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "members/fasttext/fasttext_files.h"
#include "members/fasttext/fasttext_model.h"
#include "quire/base/random.h"
#include "quire/base/stopwatch.h"
#include "quire/table/folds.h"
#include "quire/table/writer.h"

namespace quire {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kHeldOut = 0.1;

struct Trial {
  FasttextOptions options;
  double accuracy = 0;
  double seconds = 0;
};

// Around what fastText's own search tries, without its longest n-grams and its learning rates above 2.
FasttextOptions draw(FasttextOptions options, Random& random) {
  constexpr std::array<std::int64_t, 5> kEpochs = {5, 10, 15, 25, 50};
  constexpr std::array<std::int64_t, 3> kDims = {50, 100, 200};
  constexpr std::array<std::int64_t, 4> kWordNgrams = {1, 1, 2, 3};
  constexpr std::array<std::pair<int, int>, 4> kCharNgrams = {{{0, 0}, {0, 0}, {2, 5}, {3, 6}}};
  const auto pick = [&random](const auto& values) {
    return values[random.below(static_cast<std::uint32_t>(values.size()))];
  };
  options.learning_rate = 0.05 * std::pow(40.0, static_cast<double>(random.uniform()));  // .05 to 2
  options.epochs = pick(kEpochs);
  const std::int64_t dim = pick(kDims);
  if (options.pretrained_vectors.empty()) options.dim = dim;
  options.word_ngrams = pick(kWordNgrams);
  std::tie(options.min_char_ngram, options.max_char_ngram) = pick(kCharNgrams);
  return options;
}

double accuracy_on(const FasttextModel& model, const FasttextSearch& search,
                   std::span<const std::int64_t> rows) {
  std::vector<float> row(static_cast<std::size_t>(model.classes()));
  std::int64_t right = 0;
  for (const std::int64_t i : rows) {
    model.predict(search.documents->text(i), row);
    const auto best = std::max_element(row.begin(), row.end()) - row.begin();
    right += best == search.labels[static_cast<std::size_t>(i)] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(rows.size());
}

std::string describe(const FasttextOptions& options) {
  return fmt::format("learning rate {:.3g}, {} epochs, dim {}, word n-grams to {}, characters {} to {}",
                     options.learning_rate, options.epochs, options.dim, options.word_ngrams,
                     options.min_char_ngram, options.max_char_ngram);
}

void write_trials(const std::filesystem::path& path, const std::vector<Trial>& trials) {
  const std::vector<std::string> header = {"accuracy", "seconds",     "learning_rate",  "epochs",
                                           "dim",      "word_ngrams", "min_char_ngram", "max_char_ngram"};
  TableWriter writer(path, header);
  for (const Trial& trial : trials) {
    const FasttextOptions& o = trial.options;
    const std::vector<std::string> fields = {fmt::format("{:.4f}", trial.accuracy),
                                             fmt::format("{:.1f}", trial.seconds),
                                             fmt::format("{:.6g}", o.learning_rate),
                                             std::to_string(o.epochs),
                                             std::to_string(o.dim),
                                             std::to_string(o.word_ngrams),
                                             std::to_string(o.min_char_ngram),
                                             std::to_string(o.max_char_ngram)};
    writer.write(fields);
  }
  writer.commit();
}

// Rows to train on and rows to judge by, both in the order of `rows`.
Fold split(const FasttextSearch& search, std::uint64_t seed) {
  std::vector<int> labels;
  for (const std::int64_t row : search.rows) labels.push_back(search.labels[static_cast<std::size_t>(row)]);
  const std::vector<bool> held_out = hold_out(labels, {}, kHeldOut, seed);
  Fold fold;
  for (std::size_t i = 0; i < search.rows.size(); ++i)
    (held_out[i] ? fold.valid : fold.train).push_back(search.rows[i]);
  return fold;
}

}  // namespace

FasttextOptions search_options(const FasttextOptions& options, const FasttextSearch& search, int threads,
                               const Context& context) {
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                           std::chrono::duration<double>(60 * options.search_minutes));
  const Fold rows = split(search, context.seed);
  const TemporaryFile file(search.directory / "search.txt");
  write_training_file(file.path(), *search.documents, rows.train, search.labels);

  Random random(context.seed, Purpose::sampling, static_cast<std::uint32_t>(search.fold));
  std::vector<Trial> trials;
  const auto is_over = [&] {
    return Clock::now() >= deadline || (search.most_trials > 0 && trials.size() >= search.most_trials);
  };
  for (Trial trial{.options = options}; !is_over(); trial.options = draw(options, random)) {
    const Stopwatch watch;
    const std::string stage = fmt::format("{} search, trial {}", search.stage, trials.size() + 1);
    const auto model = FasttextModel::train(
        trial.options, {.file = file.path(), .threads = threads, .stage = stage, .deadline = deadline},
        context);
    if (!model) break;
    trial.accuracy = accuracy_on(*model, search, rows.valid);
    trial.seconds = watch.seconds();
    trials.push_back(trial);
  }
  if (trials.empty()) {
    context.warn(
        fmt::format("{}: the time for the search was over before its first trial; the options stay "
                    "as they were given",
                    search.stage));
    return options;
  }
  write_trials(search.directory / "search.tsv", trials);
  const Trial& best = *std::ranges::max_element(trials, {}, &Trial::accuracy);
  context.info(fmt::format("{}: {} trials; the best on {} rows held out of the training rows, {:.4f}: {}",
                           search.stage, trials.size(), rows.valid.size(), best.accuracy,
                           describe(best.options)));
  return best.options;
}

}  // namespace quire
