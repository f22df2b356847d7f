#include <span>

#include "nn/attention/attention.h"
#include "quire/kernels/gemm.h"
#include "quire/kernels/kernels.h"
#include "quire/kernels/tasks.h"

namespace quire::nn {
namespace {

using kernels::Fp32Rows;
using kernels::kPanelWidth;

std::int64_t panel_count(std::int64_t columns) { return (columns + kPanelWidth - 1) / kPanelWidth; }

// Memory of one thread, kept between tasks.
class Scratch {
 public:
  explicit Scratch(std::int64_t floats) {
    if (memory_.size() < static_cast<std::size_t>(floats)) memory_.resize(static_cast<std::size_t>(floats));
  }
  // Together no more than what was asked for.
  [[nodiscard]] float* take(std::int64_t floats) {
    float* piece = memory_.data() + used_;
    used_ += floats;
    return piece;
  }

 private:
  static thread_local std::vector<float> memory_;
  std::int64_t used_ = 0;
};
thread_local std::vector<float> Scratch::memory_;

// All panels of a right operand.
struct Panels {
  const float* data = nullptr;
  std::int64_t depth = 0, columns = 0;
};

std::int64_t panels_size(std::int64_t depth, std::int64_t columns) {
  return panel_count(columns) * kPanelWidth * depth;
}

Panels pack(const Fp32Rows& x, Scratch& scratch) {
  float* data = scratch.take(panels_size(x.rows, x.depth));
  for (std::int64_t p = 0; p < panel_count(x.depth); ++p)
    kernels::fp32_tiles()->pack(x, p * kPanelWidth, data + p * kPanelWidth * x.rows);
  return {data, x.rows, x.depth};
}

Panels pack_transposed(const Fp32Rows& x, Scratch& scratch) {
  float* data = scratch.take(panels_size(x.depth, x.rows));
  for (std::int64_t p = 0; p < panel_count(x.rows); ++p)
    kernels::fp32_tiles()->pack_transposed(x, p * kPanelWidth, data + p * kPanelWidth * x.depth);
  return {data, x.depth, x.rows};
}

// `rows` <= tile_rows rows times `right`, to out with `stride`.
void multiply_rows(const float* left, std::int64_t left_stride, std::int64_t rows, const Panels& right,
                   float* out, std::int64_t stride) {
  alignas(64) float edge[16 * kPanelWidth];
  for (std::int64_t p = 0; p < panel_count(right.columns); ++p) {
    const float* panel = right.data + p * kPanelWidth * right.depth;
    const std::int64_t columns = std::min(kPanelWidth, right.columns - p * kPanelWidth);
    float* target = out + p * kPanelWidth;
    if (columns == kPanelWidth) {
      kernels::fp32_tiles()->multiply(left, left_stride, rows, panel, right.depth, target, stride);
      continue;
    }
    kernels::fp32_tiles()->multiply(left, left_stride, rows, panel, right.depth, edge, kPanelWidth);
    for (std::int64_t r = 0; r < rows; ++r) std::copy_n(edge + r * kPanelWidth, columns, target + r * stride);
  }
}

// One head of one document.
class AttentionHead {
 public:
  AttentionHead(const AttentionPlan& plan, std::int64_t task, std::int64_t hidden)
      : plan_(plan),
        b_(static_cast<std::size_t>(task / plan.heads)),
        head_(task % plan.heads),
        width_(hidden / plan.heads),
        length_(plan.length(b_)),
        // Not a multiple of what would put the rows of a tile into the same cache sets.
        stride_(panel_count(length_) * kPanelWidth + 16),
        scale_(static_cast<float>(score_scale(width_))) {}

  // This head's part of tensor [T, parts * hidden]: part 0 the query, 1 the key, 2 the value.
  [[nodiscard]] Fp32Rows rows(const at::Tensor& x, std::int64_t part) const {
    return {x.const_data_ptr<float>() + offset(x, part), length_, width_, x.size(1)};
  }
  [[nodiscard]] std::int64_t offset(const at::Tensor& x, std::int64_t part) const {
    return plan_.offsets[b_] * x.size(1) + (part * plan_.heads + head_) * width_;
  }

  void forward(const at::Tensor& qkv, const at::Tensor& out) const;
  void backward(const at::Tensor& qkv, const at::Tensor& grad_out, const at::Tensor& grad_qkv) const;

 private:
  // Calls body(first row, rows) for all tiles.
  template <typename Body>
  void for_tiles(Body body) const {
    const std::int64_t step = kernels::fp32_tiles()->tile_rows;
    for (std::int64_t row = 0; row < length_; row += step) body(row, std::min(step, length_ - row));
  }
  // Multiplies rows [first, first + count) of the head by what dropout keeps of them.
  void drop(std::span<const float> multipliers, std::int64_t count, float* x) const {
    if (plan_.dropout == 0) return;
    for (std::int64_t r = 0; r < count; ++r)
      kernels::table().multiply(x + r * stride_, multipliers.data() + r * length_, length_);
  }
  void draw(std::int64_t first, std::int64_t count, std::vector<float>& multipliers) const {
    if (plan_.dropout > 0) fill_multipliers(plan_, b_, head_, first, first + count, multipliers);
  }
  // Rows of the probabilities before dropout.
  void probabilities(const Fp32Rows& query, const Panels& keys, std::int64_t row, std::int64_t count,
                     float* out) const {
    multiply_rows(query.data + row * query.stride, query.stride, count, keys, out, stride_);
    for (std::int64_t r = 0; r < count; ++r) kernels::table().softmax(out + r * stride_, length_, scale_);
  }

  const AttentionPlan& plan_;
  std::size_t b_;
  std::int64_t head_, width_, length_, stride_;
  float scale_;
};

void AttentionHead::forward(const at::Tensor& qkv, const at::Tensor& out) const {
  thread_local std::vector<float> multipliers;
  const std::int64_t tile = kernels::fp32_tiles()->tile_rows * stride_;
  Scratch scratch(panels_size(width_, length_) + panels_size(length_, width_) + tile);
  const Fp32Rows query = rows(qkv, 0);
  const Panels keys = pack_transposed(rows(qkv, 1), scratch);
  const Panels values = pack(rows(qkv, 2), scratch);
  float* scores = scratch.take(tile);
  float* target = out.mutable_data_ptr<float>() + offset(out, 0);
  for_tiles([&](std::int64_t row, std::int64_t count) {
    probabilities(query, keys, row, count, scores);
    draw(row, count, multipliers);
    drop(multipliers, count, scores);
    multiply_rows(scores, stride_, count, values, target + row * out.size(1), out.size(1));
  });
}

void AttentionHead::backward(const at::Tensor& qkv, const at::Tensor& grad_out,
                             const at::Tensor& grad_qkv) const {
  thread_local std::vector<float> multipliers;
  const std::int64_t tile = kernels::fp32_tiles()->tile_rows * stride_;
  const std::int64_t square = length_ * stride_;
  Scratch scratch(2 * panels_size(width_, length_) + 3 * panels_size(length_, width_) + tile + 3 * square);
  const Fp32Rows query = rows(qkv, 0);
  const Fp32Rows grad_context = rows(grad_out, 0);
  const Panels keys_transposed = pack_transposed(rows(qkv, 1), scratch);
  const Panels values_transposed = pack_transposed(rows(qkv, 2), scratch);
  const Panels keys = pack(rows(qkv, 1), scratch);
  const Panels queries = pack(query, scratch);
  const Panels grad_contexts = pack(grad_context, scratch);
  float* probability = scratch.take(tile);
  float* kept = scratch.take(square);
  float* grad_scores = scratch.take(square);
  float* transposed = scratch.take(square);
  float* grad = grad_qkv.mutable_data_ptr<float>();
  const std::int64_t grad_stride = grad_qkv.size(1);
  for_tiles([&](std::int64_t row, std::int64_t count) {
    float* kept_rows = kept + row * stride_;
    float* gradient = grad_scores + row * stride_;
    probabilities(query, keys_transposed, row, count, probability);
    std::copy_n(probability, count * stride_, kept_rows);
    draw(row, count, multipliers);
    drop(multipliers, count, kept_rows);
    multiply_rows(grad_context.data + row * grad_context.stride, grad_context.stride, count,
                  values_transposed, gradient, stride_);
    drop(multipliers, count, gradient);
    for (std::int64_t r = 0; r < count; ++r) {
      kernels::table().softmax_backward(probability + r * stride_, gradient + r * stride_, length_, scale_);
    }
    multiply_rows(gradient, stride_, count, keys, grad + offset(grad_qkv, 0) + row * grad_stride,
                  grad_stride);
  });
  const auto accumulate = [&](const float* left, const Panels& right, std::int64_t part) {
    kernels::fp32_tiles()->transpose({left, length_, length_, stride_}, transposed, stride_);
    for_tiles([&](std::int64_t row, std::int64_t count) {
      multiply_rows(transposed + row * stride_, stride_, count, right,
                    grad + offset(grad_qkv, part) + row * grad_stride, grad_stride);
    });
  };
  accumulate(grad_scores, queries, 1);
  accumulate(kept, grad_contexts, 2);
}

std::int64_t task_count(const AttentionPlan& plan) {
  return static_cast<std::int64_t>(plan.documents.size()) * plan.heads;
}

}  // namespace

void tiled_attention(const at::Tensor& qkv, const AttentionPlan& plan, const at::Tensor& out) {
  kernels::for_tasks(task_count(plan),
                     [&](std::int64_t task) { AttentionHead(plan, task, out.size(1)).forward(qkv, out); });
}

void tiled_attention_backward(const at::Tensor& qkv, const at::Tensor& grad_out, const AttentionPlan& plan,
                              const at::Tensor& grad_qkv) {
  kernels::for_tasks(task_count(plan), [&](std::int64_t task) {
    AttentionHead(plan, task, grad_out.size(1)).backward(qkv, grad_out, grad_qkv);
  });
}

}  // namespace quire::nn
