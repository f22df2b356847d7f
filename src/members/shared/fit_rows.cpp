#include "members/shared/fit_rows.h"

#include <fmt/format.h>

#include "quire/base/error.h"
#include "quire/base/naming.h"

namespace quire {

std::string fold_name(const FitInput& input) {
  return fmt::format("fold {}/{}", input.fold + 1, input.folds);
}

std::size_t check_training_rows(const FitInput& input, const Context& context) {
  if (input.train.empty()) throw InputError(fmt::format("{} has no training rows", fold_name(input)));
  std::vector<bool> seen(input.classes->size());
  for (const std::int64_t row : input.train)
    seen[static_cast<std::size_t>(input.labels[static_cast<std::size_t>(row)])] = true;
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < seen.size(); ++i)
    if (!seen[i]) missing.push_back(input.classes->name(static_cast<int>(i)));
  if (!missing.empty()) {
    context.warn(fmt::format("{}: no training row has one of these classes, so they are never predicted: {}",
                             fold_name(input), quoted_list(missing)));
  }
  return seen.size() - missing.size();
}

}  // namespace quire
