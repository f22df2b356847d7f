// What the verbs share: their common options, and how they are registered.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

#include "quire/base/context.h"
#include "quire/members/member.h"
#include "quire/table/columns.h"
#include "quire/table/reader.h"

namespace quire::app {

// Options every verb has.
struct Common {
  std::int64_t threads = 0;  // 0: the CPUs this process may use
  std::int64_t seed = 42;
  bool quiet = false;
  bool profile = false;
};

// The verb that was chosen; main runs it with a context.
using Action = std::function<int(const Context&)>;

struct Program {
  CLI::App app;
  Common common;
  Action action;
};

void add_common_options(CLI::App& verb, Common& common);
// Of these only --threads and --quiet, for verbs whose recipe holds the seed.
void add_threads_and_quiet(CLI::App& verb, Common& common);
// --profile, for verbs that run a model.
void add_profile_option(CLI::App& verb, Common& common);

// --id, --text, --label, --quoting, for verbs that read a table as a run does.
struct TableFlags {
  std::string id, label, quoting;
  std::vector<std::string> text;

  // `otherwise` says in the help which columns are taken when no flag names them.
  void add_to(CLI::App& verb, const std::string& otherwise = "the run's");
  [[nodiscard]] ColumnFlags columns() const;
  // Nothing when no flag says how.
  [[nodiscard]] std::optional<TableFormat> format() const;
};

// --max-length, --precision, --member and the like, for verbs that open a trained model.
struct ModelFlags {
  std::int64_t max_length = 0;  // 0: as trained
  std::string precision = "fp32";
  std::string device = "cpu";
  std::string member, method;  // of a run of several members

  void add_to(CLI::App& verb);
  [[nodiscard]] OpenOptions options() const;
};

// `words` is the whole command line: its --member decides which options `train` has.
void add_train(Program& program, const std::vector<std::string>& words);
void add_run(Program& program);
void add_predict(Program& program);
void add_eval(Program& program);
void add_export(Program& program);
void add_clean(Program& program);
void add_tokenize(Program& program);
void add_info(Program& program);

}  // namespace quire::app
