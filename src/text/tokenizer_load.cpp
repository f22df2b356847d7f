#include <fmt/format.h>

#include <algorithm>

#include "quire/base/error.h"
#include "quire/text/tokenizer.h"
#include "text/byte_level_tokenizer.h"
#include "text/components.h"
#include "text/tokenizer_files.h"
#include "text/tokenizer_parts.h"
#include "text/wordpiece_tokenizer.h"

namespace quire {
namespace text {
namespace {

// The id of the token in a role; else that of the special token which stands at one end of the
// template, if `otherwise` is that.
std::int32_t special_id(const Tokenizer::Parts& parts, const SpecialNames& names, const char* role,
                        const TemplatePiece* otherwise = nullptr) {
  if (const auto name = names.name(role)) {
    if (const auto id = parts.find(*name)) return *id;
  }
  return otherwise != nullptr && !otherwise->ids.empty() ? otherwise->ids.front() : -1;
}

SpecialTokens find_special_tokens(const Tokenizer::Parts& parts, const SpecialNames& names) {
  const std::vector<TemplatePiece>& pieces = parts.templates.single.pieces;
  SpecialTokens special;
  special.cls = special_id(parts, names, "cls_token", pieces.empty() ? nullptr : &pieces.front());
  special.sep = special_id(parts, names, "sep_token", pieces.empty() ? nullptr : &pieces.back());
  special.pad = special_id(parts, names, "pad_token");
  special.unk = special_id(parts, names, "unk_token");
  special.mask = special_id(parts, names, "mask_token");
  return special;
}

// `normal_form(content)` is what a token with "normalized" is looked for as.
template <typename NormalForm>
void build_finders(Tokenizer::Parts& parts, NormalForm normal_form) {
  std::vector<TokenFinder::Pattern> raw;
  std::vector<TokenFinder::Pattern> normalized;
  for (const AddedToken& token : parts.added) {
    if (!token.normalized) {
      raw.push_back({token.content, token});
      continue;
    }
    std::string form = normal_form(token.content);
    if (form.empty()) {
      throw InputError(fmt::format("{}: the added token {} is empty once it is normalized.", parts.where,
                                   in_quotes(token.content)),
                       "Set its \"normalized\" to false.");
    }
    normalized.push_back({std::move(form), token});
  }
  parts.raw_tokens = TokenFinder(std::move(raw));
  parts.normalized_tokens = TokenFinder(std::move(normalized));
}

void expect_known_ids(const Template& form, const Tokenizer::Parts& parts) {
  for (const TemplatePiece& piece : form.pieces) {
    for (const std::int32_t id : piece.ids) {
      if (id < parts.id_end) continue;
      throw InputError(
          fmt::format("{}, \"post_processor\": there is no token with the id {}.", parts.where, id),
          "The file is damaged, or was put together out of two.");
    }
  }
}

std::unique_ptr<Tokenizer::Parts> make_parts(TokenizerFiles& files) {
  auto parts = std::make_unique<Tokenizer::Parts>();
  const Section root(files.frame, files.where);
  parts->where = files.where;
  parts->added = parse_added_tokens(root, files.vocabulary);
  parts->templates = parse_templates(root);
  parts->vocabulary = std::move(files.vocabulary);
  parts->merges = std::move(files.merges);
  for (const AddedToken& token : parts->added) parts->added_names.add(token.content, token.id);
  parts->id_end = std::max(parts->vocabulary.id_end(), parts->added_names.id_end());
  expect_known_ids(parts->templates.single, *parts);
  expect_known_ids(parts->templates.pair, *parts);
  parts->segments = files.tokenizer_class.segments;
  parts->special = find_special_tokens(*parts, files.special_names());
  parts->config = std::move(files.config);
  return parts;
}

std::unique_ptr<Tokenizer> make_wordpiece(TokenizerFiles& files) {
  const Section root(files.frame, files.where);
  expect_bert_pre_tokenizer(root);
  const BertNormalizer normalizer = parse_bert_normalizer(root);
  WordPiece model = parse_wordpiece(root, files.vocabulary);
  auto parts = make_parts(files);
  build_finders(*parts, [&](std::string_view content) {
    std::string form;
    normalizer.append_normalized(content, form);
    return form;
  });
  parts->frame = std::move(files.frame);
  return std::make_unique<WordPieceTokenizer>(std::move(parts), normalizer, std::move(model));
}

std::unique_ptr<Tokenizer> make_byte_level(TokenizerFiles& files) {
  const Section root(files.frame, files.where);
  expect_no_normalizer(root);
  const bool add_prefix_space = parse_byte_level_prefix(root);
  const BpeOptions options = parse_bpe_options(root, files.vocabulary);
  auto parts = make_parts(files);
  build_finders(*parts, [](std::string_view content) { return std::string(content); });
  parts->frame = std::move(files.frame);
  return std::make_unique<ByteLevelTokenizer>(std::move(parts), options, add_prefix_space);
}

}  // namespace
}  // namespace text

std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& directory) {
  text::TokenizerFiles files = text::read_tokenizer_files(directory);
  return files.kind == text::ModelKind::wordpiece ? text::make_wordpiece(files)
                                                  : text::make_byte_level(files);
}

}  // namespace quire
