// The encoder member: a pretrained transformer, fine-tuned.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "quire/base/error.h"
#include "quire/hub/checkpoint.h"
#include "quire/members/backend.h"
#include "quire/members/encoder_options.h"
#include "quire/members/member.h"
#include "quire/nn/classifier.h"
#include "quire/text/tokenizer.h"
#include "quire/train/classification.h"
#include "quire/train/loop.h"

namespace quire {

class EncoderMember : public Member {
 public:
  EncoderMember(EncoderOptions options, const Context& context);

  [[nodiscard]] std::unique_ptr<Corpus> new_corpus() const override;
  void describe(const LabelSet& classes, const Context& context) const override;
  [[nodiscard]] std::unique_ptr<FittedMember> fit(const FitInput& input,
                                                  const Context& context) const override;
  void overfit(const FitInput& input, const Context& context) const override;

 private:
  [[nodiscard]] nn::Classifier build(Checkpoint& checkpoint, std::int64_t classes, std::uint64_t seed) const;
  [[nodiscard]] static const TokenCorpus& tokens(const FitInput& input);

  EncoderOptions options_;
  train::LoopOptions loop_;
  train::ClassificationOptions loss_;  // without what depends on a fold
  c10::Device device_ = c10::kCPU;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::optional<InputError> refusal_;  // of pairs
};

[[nodiscard]] std::unique_ptr<FittedMember> open_fitted_encoder(const std::filesystem::path& directory,
                                                                const OpenOptions& options);

}  // namespace quire
