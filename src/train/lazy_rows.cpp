#include "train/lazy_rows.h"

#include <algorithm>

#include "quire/kernels/tasks.h"

namespace quire::train {
namespace {

// Calls body(i) for all i below `count`, on all threads.
template <typename Body>
void for_rows(std::int64_t count, const Body& body) {
  constexpr std::int64_t kRowsPerTask = 16;
  kernels::for_tasks((count + kRowsPerTask - 1) / kRowsPerTask, [&](std::int64_t task) {
    const std::int64_t end = std::min((task + 1) * kRowsPerTask, count);
    for (std::int64_t i = task * kRowsPerTask; i < end; ++i) body(i);
  });
}

}  // namespace

// A row, and the first step that it missed.
struct LazyRows::Stale {
  std::int64_t row, since;
};

LazyRows::LazyRows(const at::Tensor& table, const at::Tensor& first_moment, const at::Tensor& second_moment)
    : table_(table.detach()),
      first_(first_moment),
      second_(second_moment),
      width_(table.size(1)),
      taken_(static_cast<std::size_t>(table.size(0)), 0) {}

void LazyRows::step(const at::Tensor& gradient, const kernels::AdamWStep& step) {
  const at::Tensor indices = gradient.indices().contiguous();
  const at::Tensor values = gradient.values().contiguous();
  const std::span rows(indices.const_data_ptr<std::int64_t>(), static_cast<std::size_t>(indices.size(1)));
  catch_up(rows);
  auto* weights = table_.mutable_data_ptr<float>();
  auto* first = first_.mutable_data_ptr<float>();
  auto* second = second_.mutable_data_ptr<float>();
  const auto* gradients = values.const_data_ptr<float>();
  for_rows(indices.size(1), [&](std::int64_t i) {
    const std::int64_t at = rows[static_cast<std::size_t>(i)] * width_;
    kernels::table().adamw(weights + at, gradients + i * width_, first + at, second + at, width_, step);
  });
  history_.push_back(step);
  for (const std::int64_t row : rows) taken_[static_cast<std::size_t>(row)] = steps();
}

void LazyRows::catch_up(std::span<const std::int64_t> rows) {
  std::vector<Stale> stale;
  for (const std::int64_t row : rows) {
    std::int64_t& taken = taken_.at(static_cast<std::size_t>(row));
    if (taken < steps()) stale.push_back({row, taken});
    taken = steps();
  }
  replay(stale);
}

void LazyRows::catch_up() {
  if (history_.empty()) return;
  std::vector<Stale> stale;
  for (std::size_t row = 0; row < taken_.size(); ++row) {
    if (taken_[row] < steps()) stale.push_back({static_cast<std::int64_t>(row), taken_[row]});
  }
  replay(stale);
  history_.clear();
  std::ranges::fill(taken_, 0);
}

void LazyRows::replay(std::span<const Stale> rows) {
  auto* weights = table_.mutable_data_ptr<float>();
  auto* first = first_.mutable_data_ptr<float>();
  auto* second = second_.mutable_data_ptr<float>();
  for_rows(static_cast<std::int64_t>(rows.size()), [&](std::int64_t i) {
    const Stale& stale = rows[static_cast<std::size_t>(i)];
    const std::int64_t at = stale.row * width_;
    kernels::table().adamw_missed(weights + at, first + at, second + at, width_,
                                  history_.data() + stale.since, steps() - stale.since);
  });
}

}  // namespace quire::train
