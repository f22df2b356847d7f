#include "members/encoder/vector_encoder.h"

#include <cmath>

#include "members/encoder/encoder_checks.h"
#include "members/shared/token_documents.h"
#include "members/shared/torch_errors.h"
#include "quire/hub/checkpoint.h"
#include "quire/nn/classifier.h"
#include "quire/train/predict.h"

namespace quire {
namespace {

// The mean head's inputs are the vectors; its last layer is never used, so its size is of no matter.
nn::Classifier build(const VectorOptions& options) {
  Checkpoint checkpoint(options.model);
  check_max_length(options.max_length, checkpoint.config());
  nn::ClassifierOptions classifier;
  classifier.head = nn::HeadKind::mean;
  classifier.classes = 2;
  classifier.precision = choose_precision(options.precision, c10::kCPU);
  return nn::Classifier(checkpoint.config(), &checkpoint, classifier);
}

void scale_to_length_one(Matrix& vectors) {
  for (std::int64_t row = 0; row < vectors.rows; ++row) {
    double square = 0;
    for (const float x : vectors.row(row)) square += static_cast<double>(x) * static_cast<double>(x);
    if (square <= 0) continue;
    const double scale = 1 / std::sqrt(square);
    for (float& x : vectors.row(row)) x = static_cast<float>(x * scale);
  }
}

class PooledEncoder : public VectorEncoder {
 public:
  explicit PooledEncoder(const VectorOptions& options)
      : model_(build(options)), tokenizer_(load_tokenizer(options.model)) {
    check_tokenizer(*tokenizer_, model_.config(), options.model);
    refusal_ = refuse_pairs(*tokenizer_, model_.config(), options.model);
    long_text_.max_length = static_cast<std::size_t>(options.max_length);
  }

  [[nodiscard]] std::unique_ptr<Corpus> new_corpus() const override {
    return std::make_unique<TokenDocuments>(tokenizer_, long_text_, refusal_);
  }
  [[nodiscard]] Matrix vectors(const Corpus& corpus, std::span<const std::int64_t> rows,
                               const Context& context, std::string_view stage) const override {
    const auto& tokens = dynamic_cast<const TokenDocuments&>(corpus).tokens();
    Matrix vectors =
        without_stack_traces([&] { return train::head_inputs(model_, tokens, rows, context, stage); });
    vectors.cols = width();  // of no rows, too
    scale_to_length_one(vectors);
    return vectors;
  }
  [[nodiscard]] std::int64_t width() const override { return model_.config().hidden_size; }

 private:
  nn::Classifier model_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  LongText long_text_;
  std::optional<InputError> refusal_;  // of pairs
};

}  // namespace

std::unique_ptr<VectorEncoder> make_vector_encoder(const VectorOptions& options) {
  return std::make_unique<PooledEncoder>(options);
}

}  // namespace quire
