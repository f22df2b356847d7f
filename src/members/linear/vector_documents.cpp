#include "members/linear/vector_documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "members/linear/encoder_copy.h"
#include "quire/base/error.h"
#include "quire/base/stopwatch.h"

namespace quire {

FrozenEncoder::FrozenEncoder(VectorOptions options, std::optional<std::string> fingerprint)
    : options_(std::move(options)),
      fingerprint_(fingerprint ? *fingerprint : encoder_fingerprint(options_.model)),
      trusted_(!fingerprint) {}

const VectorEncoder& FrozenEncoder::open(const Context& context) const {
  const std::lock_guard lock(mutex_);
  if (encoder_) return *encoder_;
  if (!trusted_ && encoder_fingerprint(options_.model) != fingerprint_) {
    throw InputError(fmt::format("'{}' is not the encoder that the model was trained with", options_.model),
                     "its files were changed or exchanged: train again, or copy the run anew");
  }
  encoder_ = torch_backend().open_vector_encoder(options_, context);
  return *encoder_;
}

void VectorDocuments::append(std::span<const Document> documents, const Context& context) {
  if (!tokens_) tokens_ = encoder_->open(context).new_corpus();
  tokens_->append(documents, context);
}

void VectorDocuments::clear() {
  tokens_.reset();
  vectors_ = {};
}

void VectorDocuments::prepare(const Context& context, std::string_view stage) const {
  const std::lock_guard lock(mutex_);
  if (vectors_.rows == size()) return;
  const Stopwatch watch;
  std::vector<std::int64_t> missing(static_cast<std::size_t>(size() - vectors_.rows));
  std::iota(missing.begin(), missing.end(), vectors_.rows);
  const Matrix found = encoder_->open(context).vectors(*tokens_, missing, context, stage);
  vectors_.values.insert(vectors_.values.end(), found.values.begin(), found.values.end());
  vectors_.rows = size();
  vectors_.cols = found.cols;
  if (stage.empty()) return;
  const double seconds = watch.seconds();
  context.info(fmt::format("{} vectors of {} dimensions in {:.1f} s, {:.1f} documents/s", missing.size(),
                           found.cols, seconds,
                           static_cast<double>(missing.size()) / std::max(seconds, 1e-9)));
}

Matrix VectorDocuments::vectors(std::span<const std::int64_t> rows, const Context& context) const {
  prepare(context, {});
  Matrix taken(static_cast<std::int64_t>(rows.size()), encoder_->open(context).width());
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::ranges::copy(vectors_.row(rows[i]), taken.row(static_cast<std::int64_t>(i)).begin());
  return taken;
}

}  // namespace quire
