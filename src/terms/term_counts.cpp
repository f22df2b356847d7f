#include "quire/terms/term_counts.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "quire/base/error.h"
#include "quire/base/threads.h"
#include "terms/term_cutter.h"

namespace quire {
namespace {

// Documents whose distinct terms are held as text at a time.
constexpr std::size_t kBlock = 2048;

// The distinct terms of one document, before they are numbered.
struct DistinctTerms {
  struct Term {
    std::uint64_t hash;
    std::uint32_t size;
    std::int32_t count;
  };
  std::vector<Term> terms;
  std::string bytes;  // of the terms, one after another
};

// Counts the terms of documents: the scratch of one thread.
class Counter {
 public:
  explicit Counter(const TermOptions& options) : cutter_(options) {}

  void count(std::string_view text, DistinctTerms& out) {
    const auto& occurrences = cutter_.cut(text);
    out.terms.clear();
    out.bytes.clear();
    reset(occurrences.size());
    for (const auto& occurrence : occurrences) {
      const std::string_view term = cutter_.term(occurrence);
      std::size_t slot = occurrence.hash & mask_;
      while (slots_[slot].index >= 0) {
        if (slots_[slot].hash == occurrence.hash && slots_[slot].term == term) break;
        slot = (slot + 1) & mask_;
      }
      if (slots_[slot].index < 0) {
        slots_[slot] = {occurrence.hash, term, static_cast<std::int32_t>(out.terms.size())};
        out.terms.push_back({occurrence.hash, occurrence.size, 0});
        out.bytes.append(term);
      }
      ++out.terms[static_cast<std::size_t>(slots_[slot].index)].count;
    }
  }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::string_view term;
    std::int32_t index = -1;
  };

  void reset(std::size_t terms) {
    std::size_t size = 64;
    while (size < 2 * terms) size *= 2;
    slots_.assign(size, {});
    mask_ = size - 1;
  }

  terms::TermCutter cutter_;
  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
};

}  // namespace

std::uint64_t TermTable::hash(std::string_view term) { return XXH3_64bits(term.data(), term.size()); }

// The slot that holds the term, or the free one where it belongs.
std::size_t TermTable::slot_of(std::string_view text, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  for (;; slot = (slot + 1) & mask) {
    const std::int32_t id = slots_[slot];
    if (id < 0 || (hash_of(id) == hash && term(id) == text)) return slot;
  }
}

std::int32_t TermTable::find(std::string_view term, std::uint64_t hash) const {
  return slots_.empty() ? -1 : slots_[slot_of(term, hash)];
}

std::int32_t TermTable::add(std::string_view term, std::uint64_t hash) {
  if (hashes_.size() >= slots_.size() / 2) grow();
  const std::size_t slot = slot_of(term, hash);
  if (slots_[slot] >= 0) return slots_[slot];
  if (hashes_.size() == static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    throw Error("the documents have more than 2^31 distinct terms", "use shorter n-grams");
  }
  const auto id = static_cast<std::int32_t>(hashes_.size());
  slots_[slot] = id;
  hashes_.push_back(hash);
  bytes_.append(term);
  begins_.push_back(bytes_.size());
  return id;
}

void TermTable::grow() {
  slots_.assign(std::max<std::size_t>(1024, slots_.size() * 2), -1);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t id = 0; id < hashes_.size(); ++id) {
    std::size_t slot = hashes_[id] & mask;
    while (slots_[slot] >= 0) slot = (slot + 1) & mask;
    slots_[slot] = static_cast<std::int32_t>(id);
  }
}

void TermTable::clear() { *this = TermTable(); }

TermCounts::TermCounts(const TermOptions& options) : options_(options) {
  if (options.min_n >= 1 && options.min_n <= options.max_n) return;
  throw InputError(fmt::format("n-grams of {} to {} were asked for", options.min_n, options.max_n),
                   "the shortest is at least 1 and no longer than the longest");
}

void TermCounts::append(std::span<const std::string> texts, const Context& context) {
  std::vector<DistinctTerms> block(std::min(kBlock, texts.size()));
  for (std::size_t first = 0; first < texts.size(); first += kBlock) {
    const std::size_t count = std::min(kBlock, texts.size() - first);
    parallel_for(static_cast<std::int64_t>(count), 16, context.threads,
                 [&](std::int64_t begin, std::int64_t end) {
                   Counter counter(options_);
                   for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
                     counter.count(texts[first + i], block[i]);
                   }
                 });
    // Numbers follow the order of the documents.
    for (std::size_t i = 0; i < count; ++i) {
      std::string_view bytes = block[i].bytes;
      for (const DistinctTerms::Term& term : block[i].terms) {
        counts_.push_back({terms_.add(bytes.substr(0, term.size), term.hash), term.count});
        bytes.remove_prefix(term.size);
      }
      begins_.push_back(counts_.size());
    }
  }
}

void TermCounts::clear() {
  terms_.clear();
  begins_ = {0};
  counts_.clear();
}

}  // namespace quire
