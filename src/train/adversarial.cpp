#include "train/adversarial.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "quire/base/error.h"
#include "quire/nn/aten.h"
#include "quire/nn/look_up.h"

namespace quire::train {
namespace {

using Tensors = std::vector<at::Tensor>;  // one for each table

double norm_of(const Tensors& tensors) {
  double squares = 0;
  for (const at::Tensor& one : tensors) {
    const double norm = one.norm().item<double>();
    squares += norm * norm;
  }
  return std::sqrt(squares);
}

Tensors scaled(const Tensors& tensors, double factor) {
  Tensors result;
  for (const at::Tensor& one : tensors) result.push_back(one * factor);
  return result;
}

Tensors sum(const Tensors& a, const Tensors& b) {
  Tensors result;
  for (std::size_t i = 0; i < a.size(); ++i) result.push_back(a[i] + b[i]);
  return result;
}

// A direction of length `length`; nothing when there is no gradient to follow.
Tensors along(const Tensors& gradients, double length) {
  Tensors values;
  for (const at::Tensor& gradient : gradients) values.push_back(nn::gradient_values(gradient));
  const double norm = norm_of(values);
  return norm > 0 ? scaled(values, length / norm) : Tensors();
}

// The rows of a table that a gradient reaches, moved for as long as it lives and then put back to the bit.
class MovedRows {
 public:
  MovedRows(const at::Tensor& table, const at::Tensor& gradient)
      : table_(table), rows_(gradient.is_sparse() ? gradient.coalesce().indices()[0] : at::Tensor()) {
    original_ = rows_.defined() ? table_.index_select(0, rows_) : table_.clone();
  }
  ~MovedRows() { set(original_); }
  MovedRows(const MovedRows&) = delete;
  MovedRows& operator=(const MovedRows&) = delete;

  // `offset` has as many rows as the gradient.
  void move_by(const at::Tensor& offset) { set(original_ + offset); }

 private:
  void set(const at::Tensor& values) {
    rows_.defined() ? table_.index_copy_(0, rows_, values) : table_.copy_(values);
  }

  at::Tensor table_, rows_, original_;  // rows_ undefined: all
};

// The sparse tables that have a gradient.
class MovedTables {
 public:
  explicit MovedTables(std::vector<nn::Parameter>& parameters) {
    for (nn::Parameter& parameter : parameters) {
      if (!parameter.sparse || !parameter.value.grad().defined()) continue;
      values_.push_back(parameter.value);
      moved_.push_back(std::make_unique<MovedRows>(parameter.value, parameter.value.grad()));
    }
  }

  [[nodiscard]] bool empty() const { return values_.empty(); }
  [[nodiscard]] Tensors gradients() const {
    Tensors gradients;
    for (const at::Tensor& value : values_) gradients.push_back(value.grad());
    return gradients;
  }
  void move_by(const Tensors& offsets) {
    for (std::size_t i = 0; i < moved_.size(); ++i) moved_[i]->move_by(offsets[i]);
  }

 private:
  Tensors values_;
  std::vector<std::unique_ptr<MovedRows>> moved_;
};

// Gradients are set aside and put back.
Tensors take_gradients(std::vector<nn::Parameter>& parameters) {
  Tensors gradients;
  for (nn::Parameter& parameter : parameters) {
    gradients.push_back(parameter.value.grad());
    parameter.value.mutable_grad() = at::Tensor();
  }
  return gradients;
}

void put_gradients(std::vector<nn::Parameter>& parameters, const Tensors& gradients) {
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i].value.mutable_grad() = gradients[i];
}

// Adds the gradients at the edge of the ball.
void add_pgd(std::vector<nn::Parameter>& parameters, MovedTables& tables, const AdversarialOptions& options,
             const std::function<void()>& pass) {
  // Madry's rule of thumb: steps that add up to 2.5 times the radius.
  const double size = 2.5 * options.epsilon / static_cast<double>(options.steps);
  Tensors direction = tables.gradients();
  const Tensors clean = take_gradients(parameters);
  Tensors offset;
  for (std::int64_t i = 1; i <= options.steps; ++i) {
    const Tensors step = along(direction, size);
    if (step.empty()) break;
    offset = offset.empty() ? step : sum(offset, step);
    const double norm = norm_of(offset);
    if (norm > options.epsilon) offset = scaled(offset, options.epsilon / norm);
    tables.move_by(offset);
    if (i < options.steps) {
      pass();
      direction = tables.gradients();
      take_gradients(parameters);
    }
  }
  put_gradients(parameters, clean);
  pass();
}

}  // namespace

Adversarial parse_adversarial(std::string_view name) {
  if (name == "none") return Adversarial::none;
  if (name == "fgm") return Adversarial::fgm;
  if (name == "pgd") return Adversarial::pgd;
  throw InputError(fmt::format("no adversarial training is called '{}'", name), "known: none, fgm, pgd");
}

void add_adversarial_gradients(std::vector<nn::Parameter>& parameters, const AdversarialOptions& options,
                               const std::function<void()>& pass) {
  const at::NoGradGuard no_grad;
  MovedTables tables(parameters);
  if (tables.empty()) return;
  const auto differentiated = [&] {
    const at::AutoGradMode grad(true);
    pass();
  };
  if (options.kind == Adversarial::pgd) return add_pgd(parameters, tables, options, differentiated);
  const Tensors step = along(tables.gradients(), options.epsilon);
  if (step.empty()) return;
  tables.move_by(step);
  differentiated();
}

}  // namespace quire::train
