// Checks that several kinds of learner share.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <string_view>

#include "quire/base/error.h"
#include "quire/members/kind.h"

namespace quire {

// InputError for a precision, which encoders alone have.
inline void check_reads_whole_documents(const OpenOptions& open, const std::filesystem::path& directory,
                                        std::string_view kind) {
  if (open.precision == "fp32" || open.precision == "auto") return;
  throw InputError(
      fmt::format("--precision is {}, but '{}' is a {} member", open.precision, directory.string(), kind),
      "encoders alone have a choice: leave it at fp32");
}

// What --select makes of the validation rows, for members that train by epochs.
template <typename Options>
[[nodiscard]] Choice choice_of(const Options& options) {
  if (options.select == "best-of-fold") return options.epochs > 1 ? Choice::scored : Choice::none;
  return options.select == "best" && (options.epochs > 1 || options.patience > 0) ? Choice::inner
                                                                                  : Choice::none;
}

// --select auto is last, but best for who stops early or averages.
template <typename Options>
void settle_selection(Options& options, bool averages = false) {
  if (options.select == "auto") options.select = options.patience > 0 || averages ? "best" : "last";
}

// InputError for an early stop by epochs that nobody looks at.
template <typename Options>
void check_selection(const Options& options) {
  if (options.patience > 0 && options.select == "last") {
    throw InputError("--patience stops when no epoch is better, --select last looks at none",
                     "use --select best");
  }
}

}  // namespace quire
