// The trainable tensors of a model: where they come from, what they are called, how they train.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "quire/hub/checkpoint.h"

namespace quire::nn {

// How a tensor that no checkpoint gives is filled.
enum class Init {
  normal,  // the model's initializer_range
  zeros,
  ones,
  words,  // uniform within 0.25, as Kim (2014) starts the words that have no vector
  he,     // normal with variance 2 / (numbers that make up one output), for ReLU (He et al. 2015)
  lstm,   // uniform within 1 / sqrt(hidden), the first dimension being 4 * hidden, as torch.nn.LSTM
};

struct Parameter {
  // Names in a checkpoint, without the family's prefix. Several when the rows of several stored
  // tensors lie one after another in this one (query, key and value).
  std::vector<std::string> names;
  // Further names of the whole tensor: places that share it. It is one parameter, stepped once.
  std::vector<std::string> tied = {};
  at::Tensor value;  // float32, requires gradient
  // Which learning rate it takes: 0 the embeddings, i the i-th encoder layer, layers + 1 the head.
  std::int64_t depth = 0;
  bool decay = true;  // weight decay: not for biases and norms
  bool pretrained = false;
  bool frozen = false;       // takes no gradient
  bool unused = false;       // nothing reads it, see Features; frozen as well
  bool sparse = false;       // a table whose rows are looked up by token: its gradient may be sparse
  Init init = Init::normal;  // how it is filled without a checkpoint
};

// Where a tensor may come from. Without a checkpoint everything is new.
enum class Origin {
  stored,         // the checkpoint must have it
  stored_or_new,  // the checkpoint, if it has it
  fresh,          // new, whatever the checkpoint has under that name
};

// What a model is built from: a checkpoint, or random numbers where it has nothing.
class ParameterStore {
 public:
  // `checkpoint` may be null: everything is random. `spread` is the normal's standard deviation. The
  // tensors live on `device`; their first values do not depend on it.
  ParameterStore(Checkpoint* checkpoint, double spread, std::uint64_t seed, c10::Device device = c10::kCPU);

  // A tensor [rows, ...] made of equal parts, one for each name. InputError, naming the tensor, for
  // what the checkpoint lacks or has in another shape.
  at::Tensor get(const std::vector<std::string>& names, const std::vector<std::int64_t>& shape, Init init,
                 std::int64_t depth, Origin origin);

  // One more name for a tensor that `get` gave: no parameter of its own, and nothing is read for it.
  at::Tensor tie(std::string name, const at::Tensor& value);

  // Fills parameter `index` as if no checkpoint had given it.
  void reinitialise(std::size_t index);

  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] std::vector<Parameter>& parameters() { return parameters_; }
  [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }

 private:
  void load(const Parameter& parameter, const std::vector<std::int64_t>& shape);
  void fill(const at::Tensor& value, Init init, std::size_t stream);

  Checkpoint* checkpoint_;
  double spread_;
  std::uint64_t seed_;
  c10::Device device_;
  std::vector<Parameter> parameters_;
};

// A corner of a store: one depth and a prefix of names, so that layers read like the architecture.
class Scope {
 public:
  Scope(ParameterStore& store, std::string prefix, std::int64_t depth, Origin origin)
      : store_(&store), prefix_(std::move(prefix)), depth_(depth), origin_(origin) {}

  [[nodiscard]] Scope operator/(std::string_view name) const;
  [[nodiscard]] at::Tensor get(std::string_view name, const std::vector<std::int64_t>& shape,
                               Init init) const;
  // A table of word embeddings, [words, width]: Parameter::sparse.
  [[nodiscard]] at::Tensor get_table(std::string_view name, const std::vector<std::int64_t>& shape,
                                     Init init) const;
  // A tensor of another place of the store, under a name of this one too.
  at::Tensor tie(std::string_view name, const at::Tensor& value) const;
  // Several stored tensors as one: names[i] + suffix.
  [[nodiscard]] at::Tensor get(const std::vector<std::string>& names, std::string_view suffix,
                               const std::vector<std::int64_t>& shape, Init init) const;

 private:
  [[nodiscard]] std::string full_name(std::string_view name) const;

  ParameterStore* store_;
  std::string prefix_;
  std::int64_t depth_;
  Origin origin_;
};

class HostValues;

// Whether a tensor with several names is written once or under each of them, as a file's layout wants it.
enum class Ties { once, each };

// What is written of a parameter: one view for each stored tensor, named `prefix` + its name. The values
// live as long as `host`.
void append_views(const Parameter& parameter, std::string_view prefix, Ties ties, HostValues& host,
                  std::vector<TensorView>& views);

}  // namespace quire::nn
