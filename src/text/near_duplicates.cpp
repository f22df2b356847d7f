#include "quire/text/near_duplicates.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include "quire/base/error.h"
#include "quire/base/threads.h"

namespace quire {
namespace {

constexpr int kMinima = 128;          // at most, of a document
constexpr double kMissed = 1e-4;      // of pairs at the threshold
constexpr std::int64_t kGrain = 256;  // documents
constexpr std::uint64_t kSeed = 0x9E3779B97F4A7C15;

using Shingles = std::span<const std::uint64_t>;

// A bijection that spreads every bit (Stafford's variant 13 of MurmurHash3's finaliser).
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

// Letters beyond ASCII are bytes of 0x80 and more.
bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

void hash_words(std::string_view text, std::vector<std::uint64_t>& words) {
  words.clear();
  std::string word;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && is_word_byte(text[i])) {
      const bool is_capital = text[i] >= 'A' && text[i] <= 'Z';
      word += static_cast<char>(is_capital ? text[i] + ('a' - 'A') : text[i]);
    } else if (!word.empty()) {
      words.push_back(XXH3_64bits(word.data(), word.size()));
      word.clear();
    }
  }
}

struct Bands {
  int count = 0;
  int rows = 0;  // minima of a band
};

// As many minima a band as may be, since that proposes the fewest pairs in vain, while a pair at the
// threshold t is missed with probability (1 - t^rows)^count <= kMissed.
Bands bands_for(double threshold) {
  for (int rows = 16; rows > 1; --rows) {
    const int count = kMinima / rows;
    if (std::pow(1 - std::pow(threshold, rows), count) <= kMissed) return {count, rows};
  }
  return {kMinima, 1};
}

double jaccard(Shingles a, Shingles b) {
  std::size_t common = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    common += a[i] == b[j] ? 1 : 0;
    const bool advance_a = a[i] <= b[j];
    const bool advance_b = b[j] <= a[i];
    i += advance_a ? 1 : 0;
    j += advance_b ? 1 : 0;
  }
  return static_cast<double>(common) / static_cast<double>(a.size() + b.size() - common);
}

// By document, one number for each band; documents share one when all minima of the band are equal.
class Signatures {
 public:
  Signatures(const std::vector<Shingles>& documents, Bands bands, int threads)
      : bands_(bands.count), values_(documents.size() * static_cast<std::size_t>(bands.count)) {
    const auto minima = static_cast<std::size_t>(bands.count * bands.rows);
    parallel_for(static_cast<std::int64_t>(documents.size()), kGrain, threads,
                 [&](std::int64_t begin, std::int64_t end) {
                   std::vector<std::uint32_t> least(minima);
                   for (std::int64_t i = begin; i < end; ++i) {
                     set_minima(documents[static_cast<std::size_t>(i)], least);
                     for (int band = 0; band < bands_; ++band) {
                       of(i)[band] = XXH3_64bits(least.data() + band * bands.rows,
                                                 static_cast<std::size_t>(bands.rows) * sizeof(least[0]));
                     }
                   }
                 });
  }

  [[nodiscard]] std::uint64_t at(std::int64_t document, int band) const {
    return values_[static_cast<std::size_t>(document * bands_ + band)];
  }

  // Whether two documents meet in a band before this one.
  [[nodiscard]] bool met_before(std::int64_t a, std::int64_t b, int band) const {
    for (int earlier = 0; earlier < band; ++earlier) {
      if (at(a, earlier) == at(b, earlier)) return true;
    }
    return false;
  }

 private:
  std::uint64_t* of(std::int64_t document) { return values_.data() + document * bands_; }

  // Minimum of each of a family of hashes over the shingles: multiply, add, take the upper half.
  static void set_minima(Shingles shingles, std::vector<std::uint32_t>& least) {
    std::ranges::fill(least, std::numeric_limits<std::uint32_t>::max());
    for (const std::uint64_t shingle : shingles) {
      // Two halves of a good hash make as many as are wanted (Kirsch and Mitzenmacher 2006), of 32 bits so
      // that the compiler can take several at a time; the shift brings the upper bits in.
      const auto first = static_cast<std::uint32_t>(shingle);
      const auto second = static_cast<std::uint32_t>(shingle >> 32) | 1U;
      for (std::size_t i = 0; i < least.size(); ++i) {
        std::uint32_t value = first + static_cast<std::uint32_t>(i) * second;
        value ^= value >> 15;
        value *= 0x2C1B3C6DU;
        value ^= value >> 13;
        least[i] = value < least[i] ? value : least[i];
      }
    }
  }

  int bands_;
  std::vector<std::uint64_t> values_;  // [documents, bands]
};

// Documents that stand for those of the very same shingles, and the others' pairs with them.
std::vector<std::int64_t> representatives(const std::vector<Shingles>& documents,
                                          std::vector<NearDuplicatePair>& pairs) {
  std::vector<std::int64_t> kept;
  std::unordered_multimap<std::uint64_t, std::int64_t> seen;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const Shingles own = documents[i];
    if (own.empty()) continue;
    const std::uint64_t hash = XXH3_64bits(own.data(), own.size_bytes());
    const auto [begin, end] = seen.equal_range(hash);
    const auto same = std::find_if(begin, end, [&](const auto& entry) {
      return std::ranges::equal(documents[static_cast<std::size_t>(entry.second)], own);
    });
    const auto number = static_cast<std::int64_t>(i);
    if (same != end) {
      pairs.push_back({same->second, number, 1.0});
    } else {
      seen.emplace(hash, number);
      kept.push_back(number);
    }
  }
  return kept;
}

// Runs of equal numbers, each of at least two documents.
struct Bucket {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

std::vector<Bucket> buckets_of(const std::vector<std::pair<std::uint64_t, std::int64_t>>& sorted) {
  std::vector<Bucket> buckets;
  const auto count = static_cast<std::int64_t>(sorted.size());
  for (std::int64_t begin = 0; begin < count;) {
    std::int64_t end = begin + 1;
    while (end < count &&
           sorted[static_cast<std::size_t>(end)].first == sorted[static_cast<std::size_t>(begin)].first) {
      ++end;
    }
    if (end - begin > 1) buckets.push_back({begin, end});
    begin = end;
  }
  return buckets;
}

// Pairs of representatives that meet in some band and are as similar as is asked.
class PairSearch {
 public:
  PairSearch(const std::vector<Shingles>& documents, double threshold, const Context& context)
      : documents_(documents),
        threshold_(threshold),
        context_(context),
        bands_(bands_for(threshold)),
        signatures_(documents, bands_, context.threads) {}

  void run(const std::vector<std::int64_t>& kept, std::vector<NearDuplicatePair>& pairs) const {
    std::vector<std::vector<NearDuplicatePair>> found(static_cast<std::size_t>(bands_.count));
    parallel_for(bands_.count, 1, context_.threads, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t band = begin; band < end; ++band) {
        context_.check_stop();
        search_band(kept, static_cast<int>(band), found[static_cast<std::size_t>(band)]);
      }
    });
    for (const auto& part : found) pairs.insert(pairs.end(), part.begin(), part.end());
  }

 private:
  void search_band(const std::vector<std::int64_t>& kept, int band,
                   std::vector<NearDuplicatePair>& found) const {
    std::vector<std::pair<std::uint64_t, std::int64_t>> sorted;
    sorted.reserve(kept.size());
    for (const std::int64_t document : kept) sorted.emplace_back(signatures_.at(document, band), document);
    std::ranges::sort(sorted);
    for (const Bucket bucket : buckets_of(sorted)) {
      for (std::int64_t i = bucket.begin; i < bucket.end; ++i) {
        for (std::int64_t j = i + 1; j < bucket.end; ++j) {
          check(sorted[static_cast<std::size_t>(i)].second, sorted[static_cast<std::size_t>(j)].second, band,
                found);
        }
      }
    }
  }

  void check(std::int64_t a, std::int64_t b, int band, std::vector<NearDuplicatePair>& found) const {
    const Shingles first = documents_[static_cast<std::size_t>(a)];
    const Shingles second = documents_[static_cast<std::size_t>(b)];
    // Not even if the smaller set lay in the larger.
    const auto [smaller, larger] = std::minmax(first.size(), second.size());
    if (static_cast<double>(smaller) < threshold_ * static_cast<double>(larger)) return;
    if (signatures_.met_before(a, b, band)) return;
    const double similarity = jaccard(first, second);
    if (similarity >= threshold_) found.push_back({a, b, similarity});
  }

  const std::vector<Shingles>& documents_;
  double threshold_;
  const Context& context_;
  Bands bands_;
  Signatures signatures_;
};

std::int64_t root_of(std::vector<std::int64_t>& parent, std::int64_t document) {
  while (parent[static_cast<std::size_t>(document)] != document) {
    auto& up = parent[static_cast<std::size_t>(document)];
    up = parent[static_cast<std::size_t>(up)];
    document = up;
  }
  return document;
}

// Each document's first connected one: the smaller root always wins.
std::vector<std::int64_t> groups_of(std::int64_t documents, const std::vector<NearDuplicatePair>& pairs) {
  std::vector<std::int64_t> parent(static_cast<std::size_t>(documents));
  std::iota(parent.begin(), parent.end(), 0);
  for (const NearDuplicatePair& pair : pairs) {
    const std::int64_t a = root_of(parent, pair.first);
    const std::int64_t b = root_of(parent, pair.second);
    parent[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
  }
  for (std::int64_t i = 0; i < documents; ++i) parent[static_cast<std::size_t>(i)] = root_of(parent, i);
  return parent;
}

}  // namespace

NearDuplicateFinder::NearDuplicateFinder(const NearDuplicateOptions& options) : options_(options) {
  if (!(options.threshold > 0 && options.threshold <= 1)) {
    throw InputError(fmt::format("the threshold of near duplicates is {:g}", options.threshold),
                     "it is a similarity: more than 0, and 1 for the same words");
  }
  if (options.words < 1) {
    throw InputError(fmt::format("a shingle of {} words was asked for", options.words),
                     "3 is the usual number");
  }
}

void NearDuplicateFinder::add(std::string_view text) {
  hash_words(text, words_);
  scratch_.clear();
  if (!words_.empty()) {
    const std::size_t width = std::min(static_cast<std::size_t>(options_.words), words_.size());
    for (std::size_t i = 0; i + width <= words_.size(); ++i) {
      std::uint64_t hash = kSeed;
      for (std::size_t j = i; j < i + width; ++j) hash = mixed(hash ^ words_[j]) + std::rotl(hash, 7);
      scratch_.push_back(mixed(hash));
    }
  }
  std::ranges::sort(scratch_);
  const auto repeated = std::ranges::unique(scratch_);
  shingles_.insert(shingles_.end(), scratch_.begin(), repeated.begin());
  begins_.push_back(static_cast<std::int64_t>(shingles_.size()));
}

NearDuplicates NearDuplicateFinder::find(const Context& context) const {
  std::vector<Shingles> documents;
  for (std::size_t i = 0; i + 1 < begins_.size(); ++i) {
    documents.push_back(Shingles(shingles_).subspan(static_cast<std::size_t>(begins_[i]),
                                                    static_cast<std::size_t>(begins_[i + 1] - begins_[i])));
  }
  NearDuplicates result;
  const auto kept = representatives(documents, result.pairs);
  if (options_.threshold < 1) {
    PairSearch(documents, options_.threshold, context).run(kept, result.pairs);
  }
  std::ranges::sort(result.pairs, {},
                    [](const NearDuplicatePair& pair) { return std::pair(pair.first, pair.second); });
  result.group = groups_of(static_cast<std::int64_t>(documents.size()), result.pairs);
  return result;
}

}  // namespace quire
