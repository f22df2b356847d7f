// A tiny random model and a task of our own that it can learn.
#pragma once

#include <numeric>
#include <vector>

#include "nn/golden.h"
#include "quire/base/error.h"
#include "quire/base/random.h"
#include "quire/nn/classifier.h"
#include "quire/train/classification.h"
#include "quire/train/loop.h"
#include "stop_after.h"
#include "support.h"

namespace quire::test {

// Documents of random words in which one of the last `classes` ids of the vocabulary says the class.
struct Task {
  explicit Task(std::int64_t rows, int classes = 3) {
    Random random(5, Purpose::test);
    for (std::int64_t row = 0; row < rows; ++row) {
      const int label = static_cast<int>(row % classes);
      std::vector<std::int32_t> ids = {1};
      const std::uint32_t length = 3 + random.below(12);
      for (std::uint32_t i = 0; i < length; ++i)
        ids.push_back(static_cast<std::int32_t>(10 + random.below(30)));
      ids[1 + random.below(length)] = 4 + label;
      corpus.add(ids, std::vector<std::uint8_t>(ids.size(), 0), false);
      labels.push_back(label);
    }
    train.resize(static_cast<std::size_t>(rows * 4 / 5));
    std::iota(train.begin(), train.end(), std::int64_t{0});
    valid.resize(static_cast<std::size_t>(rows) - train.size());
    std::iota(valid.begin(), valid.end(), static_cast<std::int64_t>(train.size()));
  }
  TokenCorpus corpus;
  std::vector<int> labels;
  std::vector<std::int64_t> train, valid;
};

inline nn::Classifier tiny_model(std::int64_t classes, nn::ClassifierOptions options = {},
                                 std::int64_t width = 32) {
  EncoderConfig config;
  config.vocab_size = 50;
  config.hidden_size = config.embedding_size = width;
  config.layers = 2;
  config.heads = 4;
  config.intermediate_size = 2 * width;
  config.max_positions = 40;
  options.classes = classes;
  options.seed = 3;
  return nn::Classifier(config, nullptr, options);
}

// All options of a fit of a classifier side by side.
struct FitOptions : train::LoopOptions, train::ClassificationOptions {};

inline FitOptions quick_options() {
  FitOptions options;
  options.epochs = 4;
  options.batch_size = 8;
  options.optimizer.learning_rate = 3e-3;
  options.optimizer.head_learning_rate = 3e-3;
  return options;
}

inline train::Classification objective_of(nn::TextModel& model, const Task& task, const FitOptions& options) {
  return {model,
          {.corpus = &task.corpus, .labels = task.labels, .train = task.train, .valid = task.valid},
          options};
}

inline train::LoopResult fit(nn::TextModel& model, const Task& task, const FitOptions& options,
                             const std::filesystem::path& directory = {}, bool resume = false,
                             const Context& context = {}) {
  train::Classification objective = objective_of(model, task, options);
  return train::fit(objective, {.options = options, .directory = directory, .resume = resume}, context);
}

inline bool same_weights(const nn::Classifier& a, const nn::Classifier& b) {
  for (std::size_t i = 0; i < a.parameters().size(); ++i) {
    if (!at::equal(a.parameters()[i].value, b.parameters()[i].value)) return false;
  }
  return true;
}

// The tiny model after a fit that was stopped at the given number of reports and resumed from its checkpoint.
inline nn::Classifier stopped_and_resumed(const Task& task, const FitOptions& options, int reports,
                                          const TemporaryDirectory& directory = {}) {
  StopAfter stop(reports);
  nn::Classifier first = tiny_model(3);
  EXPECT_THROW(fit(first, task, options, directory.path(), false, stop.context()), Interrupted);
  nn::Classifier second = tiny_model(3);
  fit(second, task, options, directory.path(), true);
  return second;
}

}  // namespace quire::test
