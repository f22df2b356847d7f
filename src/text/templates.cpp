// "post_processor" of a tokenizer.json: which special tokens stand where.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "text/components.h"

namespace quire::text {
namespace {

using Kind = TemplatePiece::Kind;

constexpr std::string_view kSupported =
    "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, a Sequence of these, or none";

// Without special tokens a pair still has two segments.
Templates plain() { return {{{{Kind::text, {}, 0}}}, {{{Kind::text, {}, 0}, {Kind::pair, {}, 1}}}}; }

std::uint8_t parse_segment(const Section& piece) {
  return static_cast<std::uint8_t>(piece.at("type_id").id(255));
}

TemplatePiece parse_piece(const Section& piece, const Section& special_tokens) {
  if (piece.has("Sequence")) {
    const Section text = piece.at("Sequence");
    const std::string name = text.string("id");
    if (name != "A" && name != "B") text.fail(fmt::format("{} is neither \"A\" nor \"B\"", in_quotes(name)));
    return {name == "A" ? Kind::text : Kind::pair, {}, parse_segment(text)};
  }
  const Section token = piece.at("SpecialToken");
  TemplatePiece parsed{Kind::special, {}, parse_segment(token)};
  const Section ids = special_tokens.at(token.string("id").c_str()).at("ids").expect_array();
  for (std::size_t i = 0; i < ids.value().size(); ++i) parsed.ids.push_back(ids.at(i).id(kLargestId));
  return parsed;
}

Template parse_template(const Section& pieces, const Section& special_tokens, bool is_pair) {
  Template parsed;
  for (std::size_t i = 0; i < pieces.expect_array().value().size(); ++i) {
    parsed.pieces.push_back(parse_piece(pieces.at(i), special_tokens));
    if (parsed.pieces.back().kind == Kind::pair && !is_pair) {
      pieces.at(i).fail("a single text has no second one");
    }
  }
  return parsed;
}

// ["[SEP]", 102]
std::int32_t parse_named_id(const Section& named) {
  if (named.expect_array().value().size() != 2) named.fail_expecting("a token and its id");
  return named.at(1).id(kLargestId);
}

Templates parse_processor(const Section& processor, bool inside_sequence);

// At most one of the processors may add tokens: what the reference does with more is an accident.
Templates parse_sequence(const Section& processors) {
  Templates parsed = plain();
  bool found = false;
  for (std::size_t i = 0; i < processors.expect_array().value().size(); ++i) {
    const Section processor = processors.at(i);
    if (processor.expect_object().string("type") == "ByteLevel") continue;
    if (found) processor.fail("more than one processor of a sequence adds special tokens");
    found = true;
    parsed = parse_processor(processor, true);
  }
  return parsed;
}

Templates parse_processor(const Section& processor, bool inside_sequence) {
  const std::string type = processor.expect_object().string("type");
  if (type == "TemplateProcessing") {
    const Section tokens = processor.at("special_tokens").expect_object();
    return {parse_template(processor.at("single"), tokens, false),
            parse_template(processor.at("pair"), tokens, true)};
  }
  if (type == "BertProcessing" || type == "RobertaProcessing") {
    const std::int32_t cls = parse_named_id(processor.at("cls"));
    const std::int32_t sep = parse_named_id(processor.at("sep"));
    return type == "BertProcessing" ? bert_templates(cls, sep) : roberta_templates(cls, sep);
  }
  if (type == "ByteLevel") return plain();
  if (type == "Sequence" && !inside_sequence) return parse_sequence(processor.at("processors"));
  processor.fail(fmt::format("the type {} is not supported", in_quotes(type)),
                 fmt::format("Supported: {}.", kSupported));
}

}  // namespace

Templates parse_templates(const Section& root) {
  return root.has("post_processor") ? parse_processor(root.at("post_processor"), false) : plain();
}

}  // namespace quire::text
