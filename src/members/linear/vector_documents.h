// Documents as vectors of a frozen encoder.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "quire/members/backend.h"
#include "quire/members/member.h"

namespace quire {

// The encoder of those who read documents with it: loaded when it is first needed, once for all of them.
class FrozenEncoder {
 public:
  // Throws InputError for a directory without an encoder. With a `fingerprint` the directory is read, and has
  // to be the one it was taken of, only when the encoder is opened.
  explicit FrozenEncoder(VectorOptions options, std::optional<std::string> fingerprint = {});

  // Loads libtorch and the encoder at the first call. Throws InputError for options that do not suit the
  // encoder, and when the directory does not have the fingerprint.
  [[nodiscard]] const VectorEncoder& open(const Context& context) const;

  [[nodiscard]] const VectorOptions& options() const { return options_; }
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }

 private:
  VectorOptions options_;
  std::string fingerprint_;
  bool trusted_;  // the fingerprint is of what the directory held just now
  mutable std::mutex mutex_;
  mutable std::unique_ptr<VectorEncoder> encoder_;
};

class VectorDocuments : public Corpus {
 public:
  explicit VectorDocuments(std::shared_ptr<const FrozenEncoder> encoder) : encoder_(std::move(encoder)) {}

  void append(std::span<const Document> documents, const Context& context) override;
  void clear() override;
  [[nodiscard]] std::int64_t size() const override { return tokens_ ? tokens_->size() : 0; }
  [[nodiscard]] std::string summary() const override { return tokens_ ? tokens_->summary() : "no documents"; }
  [[nodiscard]] std::uint64_t fingerprint(std::int64_t row) const override {
    return tokens_->fingerprint(row);
  }

  // Computes the vectors of all documents that have none yet, for all folds at once: nothing about them is
  // learned from any row. Reports progress under `stage`, and how long it took, unless that is empty.
  void prepare(const Context& context, std::string_view stage) const;
  // [rows, width], prepared where they are not.
  [[nodiscard]] Matrix vectors(std::span<const std::int64_t> rows, const Context& context) const;
  [[nodiscard]] const FrozenEncoder& encoder() const { return *encoder_; }

 private:
  std::shared_ptr<const FrozenEncoder> encoder_;
  std::unique_ptr<Corpus> tokens_;  // the encoder's; none before the first documents
  mutable std::mutex mutex_;        // of vectors_
  mutable Matrix vectors_;          // of the first rows
};

}  // namespace quire
