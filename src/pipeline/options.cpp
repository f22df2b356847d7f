#include "quire/pipeline/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "quire/base/error.h"

namespace quire {

std::vector<Option> option_table(TrainOptions& o) {
  EncoderOptions& e = o.encoder;
  constexpr double kMany = 1e9;
  return {
      {.name = "member", .help = "kind of learner", .value = &o.member, .choices = {"encoder"}},
      {.name = "name", .help = "name of the member and its folder (default: the kind)", .value = &o.name},
      {.name = "model",
       .help = "directory of a pretrained encoder (config.json, model.safetensors, tokenizer)",
       .value = &e.model},
      {.name = "folds",
       .help = "stratified folds; 1 holds out --valid-fraction",
       .value = &o.folds,
       .least = 1,
       .most = 1000},
      {.name = "valid-fraction",
       .help = "share of the rows held out when --folds is 1; 0: none",
       .value = &o.valid_fraction,
       .least = 0,
       .most = 0.9},
      {.name = "valid",
       .help = "table of validation rows, used as given (implies one fold)",
       .value = &o.valid},
      {.name = "test", .help = "table to predict with every fold: members/NAME/test.npy", .value = &o.test},
      {.name = "id", .help = "id column (default: id or *id, else row numbers)", .value = &o.id},
      {.name = "text",
       .help = "text columns, comma-separated (default: the rest); two are a pair",
       .value = &o.text},
      {.name = "label",
       .help = "label column (default: label, category, class, target, y or the last)",
       .value = &o.label},
      {.name = "group", .help = "column of groups: rows of a group share a fold", .value = &o.group},
      {.name = "quoting",
       .help = "quotes in the table",
       .value = &o.quoting,
       .choices = {"automatic", "none"}},
      {.name = "limit",
       .help = "use only the first N rows; 0: all",
       .value = &o.limit,
       .least = 0,
       .most = 1e12},
      {.name = "epochs",
       .help = "passes over the training rows",
       .value = &e.epochs,
       .least = 1,
       .most = 10000},
      {.name = "batch-size",
       .help = "documents in a micro-batch",
       .value = &e.batch_size,
       .least = 1,
       .most = 65536},
      {.name = "gradient-accumulation-steps",
       .help = "micro-batches in an optimiser step",
       .value = &e.gradient_accumulation_steps,
       .least = 1,
       .most = 65536},
      {.name = "max-length",
       .help = "tokens of a document, special tokens included",
       .value = &e.max_length,
       .least = 4,
       .most = 1e6},
      {.name = "max-steps",
       .help = "optimiser steps in a fold; 0: all epochs",
       .value = &e.max_steps,
       .least = 0,
       .most = kMany},
      {.name = "learning-rate",
       .help = "of the top encoder layer",
       .value = &e.learning_rate,
       .least = 0,
       .most = 10},
      {.name = "head-learning-rate",
       .help = "of a new head",
       .value = &e.head_learning_rate,
       .least = 0,
       .most = 10},
      {.name = "layer-decay",
       .help = "factor on the learning rate per layer down, embeddings last",
       .value = &e.layer_decay,
       .least = 0.01,
       .most = 1},
      {.name = "weight-decay",
       .help = "of AdamW; not for biases and norms",
       .value = &e.weight_decay,
       .least = 0,
       .most = 10},
      {.name = "warmup-ratio",
       .help = "share of the optimiser steps in which the learning rate rises",
       .value = &e.warmup_ratio,
       .least = 0,
       .most = 1},
      {.name = "max-grad-norm",
       .help = "clip the global gradient norm; 0: no clipping",
       .value = &e.max_grad_norm,
       .least = 0,
       .most = kMany},
      {.name = "dropout",
       .help = "of the whole network (default: the model's own)",
       .value = &e.dropout,
       .least = 0,
       .most = 0.95},
      {.name = "head",
       .help = "standard: the model family's own; mean: mean pooling and a linear layer",
       .value = &e.head,
       .choices = {"standard", "mean"}},
      {.name = "select",
       .help = "keep the best epoch by validation accuracy, or the last",
       .value = &e.select,
       .choices = {"best", "last"}},
      {.name = "seed", .help = "of everything random", .value = &o.seed, .least = 0, .most = 9e15},
      {.name = "precision", .help = "of the arithmetic", .value = &o.precision, .choices = {"fp32", "bf16"}},
      {.name = "device", .help = "where to train", .value = &o.device, .choices = {"cpu"}},
      {.name = "threads",
       .help = "default: the CPUs this process may use",
       .value = &o.threads,
       .least = 0,
       .most = 4096,
       .in_recipe = false},
      {.name = "save-every",
       .help = "minutes between checkpoints",
       .value = &e.save_every,
       .least = 0,
       .most = kMany,
       .in_recipe = false},
      {.name = "resume",
       .help = "go on with an interrupted run; a finished one stays as it is",
       .value = &o.resume,
       .in_recipe = false},
      {.name = "force",
       .help = "replace an existing run (only a directory with our recipe.toml)",
       .value = &o.force,
       .in_recipe = false},
  };
}

namespace {

void check_range(const Option& option, double value) {
  if (option.least == option.most || (value >= option.least && value <= option.most)) return;
  throw InputError(fmt::format("--{} is {:g}", option.name, value),
                   fmt::format("expected a value from {:g} to {:g}", option.least, option.most));
}

void check_choice(const Option& option, const std::string& value) {
  if (option.choices.empty() ||
      std::find(option.choices.begin(), option.choices.end(), value) != option.choices.end())
    return;
  const std::string nearest =
      nearest_name(value, std::vector<std::string>(option.choices.begin(), option.choices.end()));
  throw InputError(fmt::format("--{} is '{}'", option.name, value),
                   fmt::format("expected one of: {}{}", fmt::join(option.choices, ", "),
                               nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest)));
}

void check_option(const Option& option) {
  std::visit(
      [&](auto* value) {
        using T = std::remove_pointer_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::int64_t> || std::is_same_v<T, double>) {
          check_range(option, static_cast<double>(*value));
        } else if constexpr (std::is_same_v<T, std::optional<double>>) {
          if (*value) check_range(option, **value);
        } else if constexpr (std::is_same_v<T, std::string>) {
          check_choice(option, *value);
        }
      },
      option.value);
}

bool is_plain_name(const std::string& name) {
  return name.find('/') == std::string::npos && name != "." && name != "..";
}

}  // namespace

void check_options(TrainOptions& options) {
  for (const Option& option : option_table(options)) check_option(option);
  if (options.name.empty()) options.name = options.member;
  if (!options.valid.empty()) options.folds = 1;
  if (!is_plain_name(options.name)) {
    throw InputError(fmt::format("--name is '{}'", options.name), "a name is a folder's: it holds no '/'");
  }
  if (options.precision == "bf16") {
    throw InputError("--precision bf16 needs matrix units that this build does not use yet",
                     "leave it at fp32");
  }
  if (options.resume && options.force) {
    throw InputError("--resume goes on with a run and --force replaces it", "give one of the two");
  }
}

ColumnFlags column_flags(const TrainOptions& options) {
  const auto given = [](const std::string& name) {
    return name.empty() ? std::nullopt : std::optional(name);
  };
  return {.id = given(options.id),
          .label = given(options.label),
          .group = given(options.group),
          .text = options.text};
}

}  // namespace quire
