// Reads the encoder goldens: see tests/golden/README.md.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "quire/base/files.h"
#include "quire/hub/safetensors.h"
#include "quire/nn/aten.h"
#include "quire/nn/batch.h"
#include "quire/nn/parameters.h"
#include "support.h"

namespace quire::test {

inline at::Tensor as_tensor(const TensorView& view) {
  at::Tensor tensor = at::empty(view.shape, at::kFloat);
  to_float32(view, {tensor.mutable_data_ptr<float>(), static_cast<std::size_t>(tensor.numel())});
  return tensor;
}

// All rows of a gradient: that of word embeddings is sparse (nn/look_up.h).
inline at::Tensor dense(const at::Tensor& gradient) {
  return gradient.is_sparse() ? gradient.to_dense() : gradient;
}

// |found - expected| / |expected| in the Euclidean norm.
inline double relative_error(const at::Tensor& found_in, const at::Tensor& expected_in) {
  const at::Tensor expected = dense(expected_in).to(at::kDouble);
  const at::Tensor difference = dense(found_in.detach()).to(at::kDouble) - expected;
  const double norm = expected.norm().item<double>();
  const double error = difference.norm().item<double>();
  return norm > 0 ? error / norm : error;
}

// One family's golden files.
class Golden {
 public:
  explicit Golden(const std::string& family)
      : directory_(fixture("golden/encoder") / family),
        json_(nlohmann::json::parse(read_file(directory_ / "expected.json"))),
        file_(directory_ / "expected.safetensors") {
    for (const auto& document : json_["documents"]) {
      ids_.push_back(document["ids"].get<std::vector<std::int32_t>>());
      segments_.push_back(document["segments"].get<std::vector<std::uint8_t>>());
      labels_.push_back(document["label"].get<std::int64_t>());
    }
  }

  [[nodiscard]] std::filesystem::path model() const { return directory_ / "model"; }
  [[nodiscard]] const nlohmann::json& json() const { return json_; }
  [[nodiscard]] bool has(const std::string& name) const { return file_.find(name) != nullptr; }
  [[nodiscard]] at::Tensor tensor(const std::string& name) const {
    const TensorView* view = file_.find(name);
    if (view == nullptr) {
      ADD_FAILURE() << "no golden tensor " << name;
      return at::zeros({1});
    }
    return as_tensor(*view);
  }
  [[nodiscard]] std::size_t size() const { return ids_.size(); }
  [[nodiscard]] nn::PackedBatch batch(const std::vector<std::size_t>& chosen) const {
    std::vector<nn::TokenizedDocument> documents;
    for (const std::size_t i : chosen)
      documents.push_back({ids_[i], segments_[i], static_cast<std::uint32_t>(i)});
    return nn::pack(documents);
  }
  [[nodiscard]] nn::PackedBatch all() const {
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < size(); ++i) chosen.push_back(i);
    return batch(chosen);
  }
  [[nodiscard]] at::Tensor labels(const std::vector<std::size_t>& chosen) const {
    std::vector<std::int64_t> values;
    for (const std::size_t i : chosen) values.push_back(labels_[i]);
    return at::tensor(values);
  }
  [[nodiscard]] at::Tensor labels() const { return at::tensor(labels_); }

 private:
  std::filesystem::path directory_;
  nlohmann::json json_;
  SafetensorsFile file_;
  std::vector<std::vector<std::int32_t>> ids_;
  std::vector<std::vector<std::uint8_t>> segments_;
  std::vector<std::int64_t> labels_;
};

// Calls check(name, part) for each stored tensor that makes up a parameter's `value`.
template <typename Check>
void for_stored_parts(const nn::Parameter& parameter, const at::Tensor& value, Check check) {
  const auto parts = dense(value).chunk(static_cast<std::int64_t>(parameter.names.size()));
  for (std::size_t i = 0; i < parts.size(); ++i) check(parameter.names[i], parts[i]);
}

// Mathematically zero (softmax does not see a constant): only rounding.
inline bool is_key_bias(const std::string& name) { return name.ends_with("attention.self.key.bias"); }

}  // namespace quire::test
