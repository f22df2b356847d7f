// Every option of `train` in one table: names, defaults, ranges and help. The command line, the
// recipe file and the run directory all read it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "quire/base/context.h"
#include "quire/members/encoder_options.h"
#include "quire/members/fasttext_options.h"
#include "quire/members/lightgbm_options.h"
#include "quire/members/linear_options.h"
#include "quire/members/textcnn_options.h"
#include "quire/table/columns.h"

namespace quire {

struct TrainOptions {
  std::string file;    // labelled table
  std::string output;  // run directory

  std::string member = "encoder";
  std::string name;  // of the member and its folder; default: `member`
  std::int64_t folds = 5;
  double valid_fraction = 0.1;  // held out when folds is 1
  std::string valid;            // table of validation rows, used as given
  std::string test;             // table to predict with every fold
  std::string id, label, group;
  std::vector<std::string> text;
  std::string quoting = "automatic";
  std::int64_t limit = 0;  // read only the first N rows; 0: all
  std::int64_t seed = 42;
  std::int64_t threads = 0;  // 0: the CPUs this process may use
  bool resume = false;
  bool force = false;
  bool overfit_batch = false;  // show that one batch can be learned, and write nothing

  // Of the member that is trained.
  EncoderOptions encoder;
  LinearOptions linear;
  LightgbmOptions lightgbm;
  FasttextOptions fasttext;
  TextcnnOptions textcnn;
};

struct Option {
  using Value = std::variant<std::int64_t*, double*, std::string*, bool*, std::vector<std::string>*,
                             std::optional<double>*>;

  std::string_view name;  // as on the command line, without dashes; recipes write _ for -
  std::string_view help;
  Value value;
  double least = 0, most = 0;               // numbers; no range when equal
  std::vector<std::string_view> choices{};  // strings; any when empty
  bool in_recipe = true;                    // false: about this call, not about the result
  bool of_member = false;                   // of the chosen member alone
};

// The kinds of learner that --member takes.
[[nodiscard]] const std::vector<std::string_view>& member_kinds();

// The options that all members share and those of `options.member`, bound to `options`, whose values
// are the defaults until set.
[[nodiscard]] std::vector<Option> option_table(TrainOptions& options);

// For an option that `option_table` lacks: which members have it ("it is an option of --member encoder,
// textcnn"); empty where none has. `name` as in the table.
[[nodiscard]] std::string members_with(std::string_view name);

// Does the member keep its place within a fold, or does an interrupted fold start again?
[[nodiscard]] bool saves_checkpoints(const TrainOptions& options);

// Throws InputError for a value out of range, not among its choices, or in contradiction to another.
void check_options(TrainOptions& options);

// The recipe of a run as TOML, and back. Reading throws InputError for an unknown key (with the
// nearest known one) and a value of the wrong type.
[[nodiscard]] std::string write_recipe(TrainOptions options);
[[nodiscard]] TrainOptions read_recipe(std::string_view toml, const std::string& path);

[[nodiscard]] ColumnFlags column_flags(const TrainOptions& options);

}  // namespace quire
