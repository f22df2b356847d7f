#include "quire/nn/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quire/base/random.h"
#include "quire/nn/aten.h"
#include "quire/nn/host.h"

namespace quire::nn {
namespace {

void set_uniform(std::span<float> values, double bound, Random& random) {
  for (float& x : values) x = static_cast<float>(bound * (2 * random.uniform() - 1));
}

void set_normal(std::span<float> values, float spread, Random& random) {
  for (float& x : values) x = spread * random.normal();
}

}  // namespace

ParameterStore::ParameterStore(Checkpoint* checkpoint, double spread, std::uint64_t seed, c10::Device device)
    : checkpoint_(checkpoint), spread_(spread), seed_(seed), device_(device) {}

bool ParameterStore::has(std::string_view name) const {
  return checkpoint_ != nullptr && checkpoint_->has(name);
}

at::Tensor ParameterStore::get(const std::vector<std::string>& names, const std::vector<std::int64_t>& shape,
                               Init init, std::int64_t depth, Origin origin) {
  Parameter parameter;
  parameter.names = names;
  parameter.depth = depth;
  parameter.decay = shape.size() > 1;
  parameter.init = init;
  parameter.value = at::empty(shape, at::TensorOptions().dtype(at::kFloat).device(device_));
  const auto stored = [&] {
    return std::any_of(names.begin(), names.end(), [&](const auto& name) { return has(name); });
  };
  if (checkpoint_ != nullptr && (origin == Origin::stored || (origin == Origin::stored_or_new && stored()))) {
    load(parameter, shape);
    parameter.pretrained = true;
  } else {
    fill(parameter.value, init, parameters_.size());
  }
  parameter.value.requires_grad_();
  parameters_.push_back(parameter);
  return parameter.value;
}

void ParameterStore::load(const Parameter& parameter, const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> part_shape = shape;
  part_shape[0] /= static_cast<std::int64_t>(parameter.names.size());
  fill_values(parameter.value, [&](std::span<float> rest) {
    const std::size_t part = rest.size() / parameter.names.size();
    for (const std::string& name : parameter.names) {
      checkpoint_->read(name, part_shape, rest.subspan(0, part));
      rest = rest.subspan(part);
    }
  });
}

// Each tensor has a stream of its own, so that adding one changes no other.
void ParameterStore::fill(const at::Tensor& value, Init init, std::size_t stream) {
  Random random(seed_, Purpose::weights, static_cast<std::uint32_t>(stream));
  fill_values(value, [&](std::span<float> values) {
    switch (init) {
      case Init::zeros:
        std::ranges::fill(values, 0.0F);
        return;
      case Init::ones:
        std::ranges::fill(values, 1.0F);
        return;
      case Init::normal:
        set_normal(values, static_cast<float>(spread_), random);
        return;
      case Init::words:
        set_uniform(values, 0.25, random);
        return;
      case Init::he: {
        // [places, outputs, inputs]: an output is made of all places and inputs.
        const double inputs = static_cast<double>(value.numel()) / static_cast<double>(value.size(1));
        set_normal(values, static_cast<float>(std::sqrt(2 / inputs)), random);
        return;
      }
      case Init::lstm:
        set_uniform(values, 1 / std::sqrt(static_cast<double>(value.size(0)) / 4), random);
        return;
    }
  });
}

at::Tensor ParameterStore::tie(std::string name, const at::Tensor& value) {
  const auto found = std::ranges::find_if(
      parameters_, [&](const Parameter& parameter) { return parameter.value.is_same(value); });
  TORCH_CHECK(found != parameters_.end(), "'", name, "' is tied to a tensor of another store");
  found->tied.push_back(std::move(name));
  return found->value;
}

void ParameterStore::reinitialise(std::size_t index) {
  Parameter& parameter = parameters_[index];
  fill(parameter.value, parameter.init, index);
  parameter.pretrained = false;
}

Scope Scope::operator/(std::string_view name) const {
  Scope inner = *this;
  inner.prefix_ = full_name(name);
  return inner;
}

std::string Scope::full_name(std::string_view name) const {
  return prefix_.empty() ? std::string(name) : fmt::format("{}.{}", prefix_, name);
}

at::Tensor Scope::get_table(std::string_view name, const std::vector<std::int64_t>& shape, Init init) const {
  at::Tensor table = get(name, shape, init);
  store_->parameters().back().sparse = true;
  return table;
}

at::Tensor Scope::tie(std::string_view name, const at::Tensor& value) const {
  return store_->tie(full_name(name), value);
}

at::Tensor Scope::get(std::string_view name, const std::vector<std::int64_t>& shape, Init init) const {
  return get(std::vector<std::string>{std::string(name)}, "", shape, init);
}

at::Tensor Scope::get(const std::vector<std::string>& names, std::string_view suffix,
                      const std::vector<std::int64_t>& shape, Init init) const {
  std::vector<std::string> full;
  full.reserve(names.size());
  for (const std::string& name : names) full.push_back(full_name(name) + std::string(suffix));
  return store_->get(full, shape, init, depth_, origin_);
}

// The rows of the tensor are cut into equal parts, one for each stored name.
void append_views(const Parameter& parameter, std::string_view prefix, Ties ties, HostValues& host,
                  std::vector<TensorView>& views) {
  const at::Tensor& value = parameter.value;
  const auto parts = static_cast<std::int64_t>(parameter.names.size());
  const std::int64_t elements = value.numel() / parts;
  std::vector<std::int64_t> shape = value.sizes().vec();
  shape[0] /= parts;
  const std::span<const float> values = host(value);
  for (std::int64_t part = 0; part < parts; ++part) {
    views.push_back(view_tensor(
        fmt::format("{}{}", prefix, parameter.names[static_cast<std::size_t>(part)]), shape,
        values.subspan(static_cast<std::size_t>(part * elements), static_cast<std::size_t>(elements))));
  }
  if (ties == Ties::once) return;
  for (const std::string& name : parameter.tied)
    views.push_back(view_tensor(fmt::format("{}{}", prefix, name), value.sizes().vec(), values));
}

}  // namespace quire::nn
