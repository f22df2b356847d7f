// Probabilities of documents under a trained classifier.
#pragma once

#include <cstdint>
#include <span>

#include "quire/base/context.h"
#include "quire/base/matrix.h"
#include "quire/nn/model.h"
#include "quire/text/token_corpus.h"

namespace quire::train {

// Softmax of the logits of `rows`, in their order: [rows, classes]. Documents are sorted by length
// into batches of about `tokens_per_batch` tokens (0: what suits the device); what is computed for a document
// does not depend on the others in its batch. Reports progress under `stage` when that is not empty.
[[nodiscard]] Matrix predict(const nn::TextModel& model, const TokenCorpus& corpus,
                             std::span<const std::int64_t> rows, const Context& context,
                             std::string_view stage = {}, std::int64_t tokens_per_batch = 0);

// What the last layer of the model reads of `rows`, dropout off: [rows, width]. With an encoder and its mean
// head these are the mean-pooled hidden states.
[[nodiscard]] Matrix head_inputs(const nn::TextModel& model, const TokenCorpus& corpus,
                                 std::span<const std::int64_t> rows, const Context& context,
                                 std::string_view stage = {}, std::int64_t tokens_per_batch = 0);

}  // namespace quire::train
