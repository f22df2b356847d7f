// What a fit makes smaller and what it is judged by: all of a task that the loop does not know.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quire/base/context.h"
#include "quire/nn/model.h"
#include "quire/nn/ops.h"

namespace quire::train {

// The rows of a micro-batch, which pass through the network together.
using Batch = std::vector<std::int64_t>;
// Those of one optimiser step.
using Batches = std::span<const Batch>;

// What the batches of an epoch are drawn from, and nothing else.
struct Draw {
  std::uint64_t seed = 0;
  std::uint32_t fold = 0;
  std::uint32_t epoch = 0;
};

struct EpochSize {
  std::int64_t batches = 0;
  std::int64_t rows = 0;
};

struct StepSize {
  std::int64_t rows = 0;
  std::int64_t tokens = 0;
  // The rows of sparse tables that the step reads, which are brought up to date before it. Without a list
  // they all are.
  std::optional<std::vector<std::int64_t>> table_rows = {};
};

// Over all micro-batches of a step. What weighs 1 is the objective's to say: a document, a masked token.
struct StepLoss {
  double sum = 0;
  double weight = 0;
  [[nodiscard]] double mean() const { return sum / weight; }
};

// What the network is worth on rows held out.
struct Score {
  struct Value {
    std::string name;  // "accuracy": as files have it
    double value = 0;
  };
  std::vector<Value> values;  // none: nothing was scored
  double rank = 0;            // the best weights are those of the highest
  std::string text = {};      // the values as the user reads them

  // The value of that name. Throws std::out_of_range when there is none.
  [[nodiscard]] double operator[](std::string_view name) const;
};

// One of the networks of an objective. `name` tells their parameters apart; of a single network it is empty.
struct Network {
  std::string name;
  nn::Trainable* network = nullptr;
};

// Lent to a fit, which calls it from one thread.
class Objective {
 public:
  virtual ~Objective() = default;

  // All that the fit trains. A tensor that two of them share is one parameter.
  [[nodiscard]] virtual std::vector<Network> networks() = 0;
  // What the result depends on beside the loop's own options, in one line: networks, rows, losses. A
  // checkpoint of another recipe is refused.
  [[nodiscard]] virtual std::string recipe() const = 0;

  [[nodiscard]] virtual EpochSize epoch_size() const = 0;
  [[nodiscard]] virtual std::vector<Batch> draw_batches(const Draw& draw) const = 0;
  [[nodiscard]] virtual StepSize step_size(Batches step) const = 0;

  // Before the first step of a fit; a resumed fit does without.
  virtual void prepare(std::uint32_t /*fold*/, const Context& /*context*/) {}

  // Adds to the parameters' gradients that of the mean loss of the step: what it adds does not depend on
  // how the step is cut into micro-batches. It runs the backward passes itself, one a micro-batch
  // (train/gradient.h) or otherwise.
  virtual StepLoss accumulate(Batches step, const nn::DropoutState& dropout) = 0;

  // The mean loss of guessing. One that stays far above it has exploded.
  [[nodiscard]] virtual double guessing_loss() const = 0;

  // Rows of one scoring; 0: there are none, nothing is scored and the last weights are kept.
  [[nodiscard]] virtual std::int64_t scored_rows() const = 0;
  // Of the weights as they are, without dropout. `stage` names the work in reports.
  [[nodiscard]] virtual Score score(const Context& context, std::string_view stage) = 0;

 protected:
  Objective() = default;
  Objective(const Objective&) = default;
  Objective& operator=(const Objective&) = default;
};

}  // namespace quire::train
