#include "quire/text/long_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "quire/base/error.h"
#include "text/special_tokens.h"

namespace quire {
namespace {

using Ids = std::vector<std::int32_t>;
using Strategy = LongText::Strategy;

constexpr std::size_t kHeadTokens = 128;

constexpr std::array kNames = {std::pair{"head", Strategy::head}, std::pair{"tail", Strategy::tail},
                               std::pair{"head+tail", Strategy::head_tail},
                               std::pair{"windows", Strategy::windows}};

// Cuts a text to `kept` tokens.
void cut(Ids& ids, std::size_t kept, Strategy strategy) {
  if (ids.size() <= kept) return;
  std::size_t head = kept;
  if (strategy == Strategy::tail) head = 0;
  if (strategy == Strategy::head_tail) head = std::min(kHeadTokens, kept / 2);
  const auto from = ids.begin() + static_cast<std::ptrdiff_t>(head);
  ids.erase(from, from + static_cast<std::ptrdiff_t>(ids.size() - kept));
}

std::optional<std::span<const std::int32_t>> as_span(const std::optional<Ids>& ids) {
  if (!ids) return {};
  return std::span<const std::int32_t>(*ids);
}

// The text that is too long slides through the windows; the first of a pair stands in each of them.
std::vector<Encoding> slide(const Tokenizer& tokenizer, Ids text, std::optional<Ids> pair, std::size_t budget,
                            const LongText& options) {
  bool truncated = false;
  std::size_t room = budget;
  if (pair) {
    truncated = text.size() > budget / 2;
    cut(text, budget / 2, Strategy::head);
    room -= text.size();
  }
  const Ids& sliding = pair ? *pair : text;
  const std::size_t stride = options.stride == 0 ? room : std::min(options.stride, room);
  std::vector<Encoding> windows;
  std::size_t end = 0;
  for (std::size_t begin = 0; end < sliding.size() && windows.size() < options.max_windows; begin += stride) {
    end = std::min(begin + room, sliding.size());
    const std::span<const std::int32_t> piece(sliding.data() + begin, end - begin);
    windows.push_back(pair ? tokenizer.assemble(text, piece) : tokenizer.assemble(piece));
  }
  windows.back().truncated = truncated || end < sliding.size();
  return windows;
}

}  // namespace

LongText::Strategy parse_long_text(std::string_view name) {
  for (const auto& [known, strategy] : kNames) {
    if (name == known) return strategy;
  }
  throw InputError(fmt::format("no long-text strategy is called '{}'", name),
                   "known: head, tail, head+tail, windows");
}

std::string_view long_text_name(LongText::Strategy strategy) {
  for (const auto& [name, known] : kNames) {
    if (strategy == known) return name;
  }
  return "";
}

std::vector<Encoding> encode_document(const Tokenizer& tokenizer, std::string_view text,
                                      std::optional<std::string_view> pair, const LongText& options) {
  Ids first;
  tokenizer.encode_text(text, first);
  std::optional<Ids> second;
  if (pair) tokenizer.encode_text(*pair, second.emplace());
  const std::size_t special =
      pair ? tokenizer.special_tokens_in_pair() : tokenizer.special_tokens_in_single();
  const std::size_t length = first.size() + (second ? second->size() : 0);
  // assemble() says what is wrong with a length that leaves no room.
  if (options.max_length <= special || length + special <= options.max_length) {
    return {tokenizer.assemble(first, as_span(second), options.max_length)};
  }
  const std::size_t budget = options.max_length - special;
  if (options.strategy == Strategy::windows)
    return slide(tokenizer, std::move(first), std::move(second), budget, options);
  const bool only_second = options.keep_first && second && first.size() < budget;
  const text::Kept kept =
      text::truncated_lengths(first.size(), second ? second->size() : 0, budget,
                              only_second ? Truncation::only_second : Truncation::longest_first);
  cut(first, kept.text, options.strategy);
  if (second) cut(*second, kept.pair, options.strategy);
  std::vector<Encoding> result = {tokenizer.assemble(first, as_span(second))};
  result.back().truncated = true;
  return result;
}

}  // namespace quire
