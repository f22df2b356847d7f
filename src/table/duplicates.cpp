#include "quire/table/duplicates.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include "quire/base/error.h"
#include "quire/base/utf8.h"

namespace quire {
namespace {

struct Row {
  TextFingerprint text;
  std::size_t number = 0;
  friend auto operator<=>(const Row&, const Row&) = default;
};

std::int64_t count_in(std::span<const TextFingerprint> texts, const std::vector<Row>& sorted) {
  return std::ranges::count_if(texts, [&](const TextFingerprint& text) {
    return std::ranges::binary_search(sorted, text, {}, &Row::text);
  });
}

}  // namespace

TextFingerprint text_fingerprint(const Document& document) {
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  const std::unique_ptr<XXH3_state_t, Free> state(XXH3_createState());
  if (!state) throw std::bad_alloc();
  XXH3_128bits_reset(state.get());
  // The length first: "a b" and "c" are not "a" and "b c".
  const auto add = [&](std::string_view part) {
    const std::uint64_t size = part.size();
    XXH3_128bits_update(state.get(), &size, sizeof(size));
    XXH3_128bits_update(state.get(), part.data(), part.size());
  };
  add(trim(document.text));
  if (document.pair) add(trim(*document.pair));
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return {.low = hash.low64, .high = hash.high64};
}

TextDuplicates count_text_duplicates(std::span<const TextFingerprint> train, std::span<const int> fold_of_row,
                                     std::span<const TextFingerprint> valid,
                                     std::span<const TextFingerprint> test) {
  if (train.size() != fold_of_row.size())
    throw Error(fmt::format("{} texts for {} rows in folds", train.size(), fold_of_row.size()));
  std::vector<Row> rows(train.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = {.text = train[i], .number = i};
  std::ranges::sort(rows);
  TextDuplicates found;
  for (std::size_t i = 1, first = 0; i < rows.size(); ++i) {
    if (rows[i].text != rows[first].text) {
      first = i;
      continue;
    }
    ++found.copies;
    if (fold_of_row[rows[i].number] != fold_of_row[rows[first].number]) ++found.across_folds;
  }
  found.valid = count_in(valid, rows);
  found.test = count_in(test, rows);
  return found;
}

}  // namespace quire
