#include "text/latex_letters.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "quire/text/unicode.h"

namespace quire::text {
namespace {

constexpr std::array<std::pair<char, char32_t>, 15> kAccents{{{'`', 0x300},
                                                              {'\'', 0x301},
                                                              {'^', 0x302},
                                                              {'~', 0x303},
                                                              {'=', 0x304},
                                                              {'u', 0x306},
                                                              {'.', 0x307},
                                                              {'"', 0x308},
                                                              {'r', 0x30A},
                                                              {'H', 0x30B},
                                                              {'v', 0x30C},
                                                              {'d', 0x323},
                                                              {'c', 0x327},
                                                              {'k', 0x328},
                                                              {'b', 0x331}}};

constexpr std::array<std::pair<std::string_view, char32_t>, 13> kLetters{{{"AA", 0xC5},
                                                                          {"AE", 0xC6},
                                                                          {"L", 0x141},
                                                                          {"O", 0xD8},
                                                                          {"OE", 0x152},
                                                                          {"aa", 0xE5},
                                                                          {"ae", 0xE6},
                                                                          {"i", 0x131},
                                                                          {"j", 0x237},
                                                                          {"l", 0x142},
                                                                          {"o", 0xF8},
                                                                          {"oe", 0x153},
                                                                          {"ss", 0xDF}}};

template <typename Table, typename Name>
std::optional<char32_t> find_in(const Table& table, Name name) {
  for (const auto& [known, code_point] : table) {
    if (known == name) return code_point;
  }
  return {};
}

using Pair = std::pair<char32_t, char32_t>;

// Every Latin letter that decomposes into one and a mark.
std::map<Pair, char32_t> find_compositions() {
  std::map<Pair, char32_t> compositions;
  const std::array<Pair, 2> blocks{{{0xC0, 0x250}, {0x1E00, 0x1F00}}};
  for (const auto& [first, end] : blocks) {
    for (char32_t code_point = first; code_point < end; ++code_point) {
      const CodePoints whole = canonical_decomposition(code_point);
      const std::vector<char32_t> parts(whole.begin(), whole.end());
      if (parts.size() == 2) compositions.emplace(Pair{parts[0], parts[1]}, code_point);
    }
  }
  return compositions;
}

}  // namespace

std::optional<char32_t> accent_mark(char name) { return find_in(kAccents, name); }

std::optional<char32_t> named_letter(std::string_view name) { return find_in(kLetters, name); }

std::optional<char32_t> composed_letter(char32_t letter, char32_t mark) {
  static const std::map<Pair, char32_t> compositions = find_compositions();
  if (letter == 0x131) letter = 'i';  // LaTeX takes the dot off first, Unicode does not
  if (letter == 0x237) letter = 'j';
  const auto found = compositions.find({letter, mark});
  if (found == compositions.end()) return {};
  return found->second;
}

}  // namespace quire::text
