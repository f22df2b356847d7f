// linear.json, beside weights and a vocabulary that are whole. A model that opens predicts.
#include <array>

#include "fuzz/fuzz.h"
#include "members/linear/linear_fitted.h"
#include "quire/base/error.h"
#include "quire/hub/safetensors.h"

namespace quire {
namespace {

constexpr std::string_view kVocabulary =
    R"({"analyzer":"word","format":1,"l2_norm":true,"lowercase":true,"max_df":1.0,"max_features":0,"min_df":1.0,)"
    R"("ngram_range":[1,1],"smooth_idf":true,"sublinear_tf":true,"use_idf":true})"
    "\n1.5 \"cells\"\n1.25 \"stars\"\n";

fuzz::Folder& folder_with_weights() {
  static fuzz::Folder folder;
  static const bool written = [] {
    static constexpr std::array<float, 4> kWeights = {1, -1, -1, 1};
    static constexpr std::array<float, 2> kBias = {0.5F, -0.5F};
    write_safetensors(folder / "model.safetensors",
                      std::vector{view_tensor("weight", {2, 2}, kWeights), view_tensor("bias", {2}, kBias)});
    folder.put("tfidf.txt", kVocabulary);
    return true;
  }();
  fuzz::require(written, "weights");
  return folder;
}

}  // namespace

QUIRE_FUZZ_TARGET(linear) {
  const fuzz::Folder& folder = folder_with_weights();
  folder.put("linear.json", input);
  const auto model = FittedLinear::load(folder.path(), {});
  const auto corpus = model->new_corpus();
  const std::vector<Document> documents = {
      {.id = "1", .text = "stars and cells", .pair = {}, .label = {}, .group = {}, .line = 2}};
  corpus->append(documents, {});
  const std::vector<std::int64_t> rows = {0};
  const Matrix matrix = model->predict(*corpus, rows, {}, "");
  float sum = 0;
  for (const float value : matrix.values) sum += value;
  fuzz::require(sum > 0.99F && sum < 1.01F, "probabilities add up to 1");
}

}  // namespace quire
