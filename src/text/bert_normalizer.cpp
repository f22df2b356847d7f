#include "text/bert_normalizer.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace quire::text {
namespace {

// Stripping of accents and lower case, one code point after the other.
class Folder {
 public:
  Folder(bool strip_accents, bool lowercase, std::string& out)
      : strip_accents_(strip_accents), lowercase_(lowercase), out_(out) {}
  ~Folder() { flush(); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void put(char32_t code_point) {
    if (!strip_accents_) {
      write(code_point);
    } else {
      for (const char32_t part : canonical_decomposition(code_point)) order(part);
    }
  }

 private:
  // Canonical ordering sorts runs of non-starters by combining class. Nearly all of them are
  // marks and deleted, but the reference's tables are of different ages: some stay, in order.
  void order(char32_t part) {
    const UnicodeRecord& record = unicode_record(part);
    const bool deleted = (record.bits & kMark) != 0;
    if (record.combining == 0) {
      flush();
      if (!deleted) write(part);
    } else if (!deleted) {
      waiting_.push_back({record.combining, part});
    }
  }

  void flush() {
    if (waiting_.empty()) return;
    std::ranges::stable_sort(waiting_, {}, &Waiting::combining);
    for (const Waiting& mark : waiting_) write(mark.code_point);
    waiting_.clear();
  }

  void write(char32_t code_point) {
    if (!lowercase_) {
      append_utf8(out_, code_point);
    } else {
      for (const char32_t lower : lower_case(code_point)) append_utf8(out_, lower);
    }
  }

  struct Waiting {
    std::uint8_t combining;
    char32_t code_point;
  };

  bool strip_accents_;
  bool lowercase_;
  std::string& out_;
  std::vector<Waiting> waiting_;
};

}  // namespace

void BertNormalizer::append_normalized(std::string_view text, std::string& normalized) const {
  Folder folder(strip_accents.value_or(lowercase), lowercase, normalized);
  std::size_t position = 0;
  while (position < text.size()) {
    const char32_t code_point = decode_utf8(text, position);
    const std::uint16_t bits = unicode_record(code_point).bits;
    if (clean_text && (bits & kRemoved) != 0) continue;
    if (clean_text && (bits & kSpace) != 0) {
      folder.put(U' ');
    } else if (handle_chinese_chars && (bits & kChinese) != 0) {
      folder.put(U' ');
      folder.put(code_point);
      folder.put(U' ');
    } else {
      folder.put(code_point);
    }
  }
}

}  // namespace quire::text
