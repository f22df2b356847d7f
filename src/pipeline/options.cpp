#include "quire/pipeline/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "pipeline/option_tables.h"
#include "quire/base/error.h"

namespace quire {

const std::vector<std::string_view>& member_kinds() {
  static const std::vector<std::string_view> kinds = {"encoder", "linear", "lightgbm", "fasttext", "textcnn"};
  return kinds;
}

std::vector<Option> option_table(TrainOptions& o) {
  std::vector<Option> table = {
      {.name = "member",
       .help = "kind of learner; its options follow the common ones",
       .value = &o.member,
       .choices = member_kinds()},
      {.name = "name", .help = "name of the member and its folder (default: the kind)", .value = &o.name},
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
      {.name = "seed", .help = "of everything random", .value = &o.seed, .least = 0, .most = 9e15},
      {.name = "threads",
       .help = "default: the CPUs this process may use",
       .value = &o.threads,
       .least = 0,
       .most = 4096,
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
  const std::size_t common = table.size();
  if (o.member == "encoder") add_encoder_options(o, table);
  if (o.member == "linear") add_linear_options(o, table);
  if (o.member == "lightgbm") add_lightgbm_options(o, table);
  if (o.member == "fasttext") add_fasttext_options(o, table);
  if (o.member == "textcnn") add_textcnn_options(o, table);
  for (std::size_t i = common; i < table.size(); ++i) table[i].of_member = true;
  return table;
}

std::string members_with(std::string_view name) {
  std::vector<std::string_view> kinds;
  for (const std::string_view kind : member_kinds()) {
    TrainOptions options;
    options.member = kind;
    const std::vector<Option> table = option_table(options);
    if (std::ranges::find(table, name, &Option::name) != table.end()) kinds.push_back(kind);
  }
  return kinds.empty() ? "" : fmt::format("it is an option of --member {}", fmt::join(kinds, ", "));
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

// Stopping early and averaging the best epochs go by the validation rows.
void check_validation(const TrainOptions& options) {
  if (options.folds > 1 || !options.valid.empty() || options.valid_fraction > 0) return;
  const bool encoder = options.member == "encoder";
  const bool textcnn = options.member == "textcnn";
  const bool patient = (encoder && options.encoder.patience > 0) || (textcnn && options.textcnn.patience > 0);
  const bool averages = encoder && options.encoder.average_best > 1;
  if (!patient && !averages) return;
  throw InputError(
      fmt::format("--{} goes by validation rows, of which --folds 1 --valid-fraction 0 leaves none",
                  patient ? "patience" : "average-best"),
      "hold some out by --valid-fraction or --valid, or leave the option away");
}

}  // namespace

bool saves_checkpoints(const TrainOptions& options) {
  return options.member == "encoder" || options.member == "textcnn";
}

void check_options(TrainOptions& options) {
  if (options.member == "linear") options.linear.features = linear_features(options.linear);
  for (const Option& option : option_table(options)) check_option(option);
  if (options.name.empty()) options.name = options.member;
  if (!options.valid.empty()) options.folds = 1;
  if (!is_plain_name(options.name)) {
    throw InputError(fmt::format("--name is '{}'", options.name), "a name is a folder's: it holds no '/'");
  }
  if (options.member == "encoder") check_encoder_options(options.encoder);
  if (options.member == "linear") check_linear_options(options.linear);
  check_validation(options);
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
