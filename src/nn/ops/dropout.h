// Which elements of a packed tensor dropout keeps.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "quire/kernels/kernels.h"
#include "quire/nn/aten.h"
#include "quire/nn/ops.h"

namespace quire::nn {

[[nodiscard]] kernels::DropoutStream dropout_stream(const DropoutState& state, std::uint32_t document,
                                                    std::uint32_t site);

// A site of one network of several that read the same documents.
[[nodiscard]] std::uint32_t network_site(const DropoutState& state, std::uint32_t site);

// The decisions for all rows of one tensor at one site. Owns what it needs, since the backward
// pass asks again.
class DropoutPlan {
 public:
  DropoutPlan(const RowLayout& rows, double probability, const DropoutState& state, std::uint32_t site);

  [[nodiscard]] bool active() const { return active_; }
  // Multipliers of the elements of one row: 0 or 1 / (1 - p).
  void fill_row(std::int64_t row, std::span<float> multipliers) const;
  // Multipliers of all rows, float32 [rows, width]: by our kernels on the CPU, or by ATen's operations
  // on `device`. Both draw the same.
  [[nodiscard]] at::Tensor multipliers(std::int64_t width) const;
  [[nodiscard]] at::Tensor multipliers(std::int64_t width, c10::Device device) const;

 private:
  bool active_;
  kernels::DropoutRate rate_;
  kernels::DropoutStream stream_;        // all but the document
  std::vector<std::uint32_t> document_;  // of each row
  std::vector<std::int32_t> row_in_document_;
};

// The first `count` decisions of one stream.
struct DropoutPiece {
  std::uint32_t document = 0;
  std::uint32_t site = 0;
  std::int64_t count = 0;
};

// What keep_multipliers of the kernels draws, by ATen's integer operations on any device: float32, the
// pieces one after another, each from a multiple of kDropoutBlock on. Some 130 operations whatever the
// number of pieces, 300 bytes of memory traffic an element.
inline constexpr std::int64_t kDropoutBlock = 128;
[[nodiscard]] at::Tensor draw_multipliers(std::span<const DropoutPiece> pieces,
                                          const kernels::DropoutStream& seed_and_epoch,
                                          const kernels::DropoutRate& rate, c10::Device device);
// Where each piece starts in that tensor; one entry more for its size.
[[nodiscard]] std::vector<std::int64_t> piece_starts(std::span<const DropoutPiece> pieces);

// Carries a plan through autograd's saved data.
struct PlanHolder : torch::CustomClassHolder {
  explicit PlanHolder(std::shared_ptr<DropoutPlan> plan_in) : plan(std::move(plan_in)) {}
  static std::shared_ptr<DropoutPlan> get(const c10::IValue& value);
  std::shared_ptr<DropoutPlan> plan;
};

}  // namespace quire::nn
