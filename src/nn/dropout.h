// Which elements of a packed tensor dropout keeps.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "nn/aten.h"
#include "quire/kernels/kernels.h"
#include "quire/nn/ops.h"

namespace quire::nn {

// The decisions for all rows of one tensor at one site. Owns what it needs, since the backward
// pass asks again.
class DropoutPlan {
 public:
  DropoutPlan(const RowLayout& rows, double probability, const DropoutState& state, std::uint32_t site);

  [[nodiscard]] bool active() const { return active_; }
  // Multipliers of the elements of one row: 0 or 1 / (1 - p).
  void fill_row(std::int64_t row, std::span<float> multipliers) const;
  // Multipliers of all rows, float32 [rows, width] on the CPU.
  [[nodiscard]] at::Tensor multipliers(std::int64_t width) const;

 private:
  bool active_;
  kernels::DropoutRate rate_;
  kernels::DropoutStream stream_;        // all but the document
  std::vector<std::uint32_t> document_;  // of each row
  std::vector<std::int32_t> row_in_document_;
};

[[nodiscard]] kernels::DropoutStream dropout_stream(const DropoutState& state, std::uint32_t document,
                                                    std::uint32_t site);

// Carries a plan through autograd's saved data.
struct PlanHolder : torch::CustomClassHolder {
  explicit PlanHolder(std::shared_ptr<DropoutPlan> plan_in) : plan(std::move(plan_in)) {}
  static std::shared_ptr<DropoutPlan> get(const c10::IValue& value);
  std::shared_ptr<DropoutPlan> plan;
};

}  // namespace quire::nn
