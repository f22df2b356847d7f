#include "members/shared/torch_fit.h"

#include <fmt/format.h>

#include "quire/base/error.h"

namespace quire {

train::LoopInput loop_input(const FitInput& input, const TokenCorpus& tokens) {
  train::LoopInput loop;
  loop.corpus = &tokens;
  loop.labels = input.labels;
  loop.train = input.train;
  loop.valid = input.valid;
  loop.fold = static_cast<std::uint32_t>(input.fold);
  loop.folds = input.folds;
  loop.directory = input.directory;
  loop.resume = input.resume;
  return loop;
}

void report_overfit(const train::OverfitResult& result, const Context& context) {
  const std::string what =
      fmt::format("one batch of {} documents: loss {:.4f} at first, {:.4f} after {} steps", result.documents,
                  result.first_loss, result.last_loss, result.steps);
  if (!result.learned) {
    throw Error(what + "; not all of them are predicted right",
                "documents that are alike with different labels cannot be learned; else try a higher "
                "--learning-rate");
  }
  context.info(what + "; all of them are predicted right");
}

}  // namespace quire
