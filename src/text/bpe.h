// The byte-pair encoding model over bytes: the pair of neighbouring symbols with the lowest rank
// is merged, the leftmost first, until no pair is left to merge (Sennrich et al. 2016).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "text/vocabulary.h"

namespace quire::text {

// Which two ids make which, in the order of their ranks.
struct BpeMerge {
  std::int32_t left;
  std::int32_t right;
  std::int32_t merged;
};

struct BpeOptions {
  std::optional<std::int32_t> unknown;  // for bytes without a token; not given: they are dropped
  bool fuse_unknown = false;            // one for a run of them
  bool whole_words_first = false;       // a word that is a token is that token ("ignore_merges")
};

class Bpe {
 public:
  // Of two merges of the same pair the later counts. `vocabulary` must outlive the model.
  Bpe(const Vocabulary& vocabulary, const std::vector<BpeMerge>& merges, const BpeOptions& options);

  // What append_ids needs room for; one per thread, for any number of words.
  class Scratch;

  // Appends the ids of a word, given as its bytes.
  void append_ids(std::string_view word, std::vector<std::int32_t>& ids, Scratch& scratch) const;

 private:
  struct Merge {
    std::uint32_t rank;
    std::int32_t merged;
  };
  struct MergeSlot {
    std::int32_t left = -1;  // -1: empty
    std::int32_t right = -1;
    Merge merge{};
  };

  [[nodiscard]] const Merge* find(std::int32_t left, std::int32_t right) const noexcept;
  [[nodiscard]] std::size_t slot_of(std::int32_t left, std::int32_t right) const noexcept;
  void fill_symbols(std::string_view word, Scratch& scratch) const;
  void merge_all(Scratch& scratch) const;
  void push_merge(std::int32_t position, Scratch& scratch) const;

  const Vocabulary& vocabulary_;
  BpeOptions options_;
  std::array<std::int32_t, 256> byte_ids_{};  // -1: no token
  std::vector<MergeSlot> slots_;              // by hash, open addressing, at most half full
};

class Bpe::Scratch {
 private:
  friend class Bpe;

  // A doubly linked list in the order of the word. A symbol that was merged into the one before
  // it has the id -1.
  struct Symbol {
    std::int32_t id;
    std::int32_t previous;
    std::int32_t next;  // -1: the last
  };
  // A merge that was possible when it was queued.
  struct Candidate {
    std::uint32_t rank;
    std::int32_t position;  // of the left symbol
    std::int32_t merged;
    // std::push_heap keeps the largest on top, and the lowest rank comes first.
    bool operator<(const Candidate& other) const noexcept {
      return rank != other.rank ? rank > other.rank : position > other.position;
    }
  };
  std::vector<Symbol> symbols;
  std::vector<Candidate> queue;
};

}  // namespace quire::text
