#include <algorithm>
#include <array>
#include <map>

#include "quire/base/utf8.h"
#include "text/clean_steps.h"
#include "text/latex_letters.h"

namespace quire::text {
namespace {

constexpr std::array<std::string_view, 12> kMathEnvironments = {
    "align",   "alignat", "array", "displaymath", "eqnarray", "equation",
    "flalign", "gather",  "math",  "multline",    "split",    "subequations"};

// Their first argument names something and is no text.
constexpr std::array<std::string_view, 18> kNamingCommands = {
    "autocite", "autoref", "bibitem", "cite", "citealp", "citealt", "citeauthor", "citep", "citet",
    "citeyear", "cref",    "eqref",   "href", "label",   "pageref", "parencite",  "ref",   "textcite"};

bool is_letter(char byte) { return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'); }
bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }
bool is_space(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// Finds marks from places that only move forward, so that a mark which is not there is looked for once,
// however many openings wait for it.
class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {}

  std::size_t find(std::string_view mark, std::size_t from) {
    const auto known = found_.find(mark);
    if (known != found_.end() && known->second.from <= from && from <= known->second.place)
      return known->second.place;
    const std::size_t place = text_.find(mark, from);
    found_.insert_or_assign(std::string(mark), Found{from, place});
    return place;
  }

 private:
  struct Found {
    std::size_t from;   // between here
    std::size_t place;  // and there it is not: npos is the end
  };

  std::string_view text_;
  std::map<std::string, Found, std::less<>> found_;
};

class Stripper {
 public:
  explicit Stripper(std::string_view text) : text_(text), finder_(text) {}

  std::string run() {
    while (position_ < text_.size()) {
      const char byte = text_[position_];
      if (byte == '\\') {
        command();
      } else if (byte == '$') {
        dollar();
      } else if (byte == '{' || byte == '}') {
        ++position_;
      } else {
        out_.push_back(byte == '~' ? ' ' : byte);
        ++position_;
      }
    }
    return std::move(out_);
  }

 private:
  // Pandoc's rule, which tells formulas from amounts of money: no space after the opening dollar, none
  // before the closing one, and no digit after that.
  void dollar() {
    const bool is_double = text_.substr(position_).starts_with("$$");
    const std::string_view mark = is_double ? "$$" : "$";
    const std::size_t begin = position_ + mark.size();
    for (std::size_t end = text_.find(mark, begin); end != std::string_view::npos;
         end = text_.find(mark, end + 1)) {
      if (text_[end - 1] == '\\') continue;
      const std::size_t after = end + mark.size();
      const bool is_formula =
          is_double || (end > begin && !is_space(text_[begin]) && !is_space(text_[end - 1]) &&
                        (after == text_.size() || !is_digit(text_[after])));
      if (!is_formula) break;
      skip_to(after);
      return;
    }
    out_.append(mark);
    position_ = begin;
  }

  void command() {
    const std::size_t start = position_ + 1;
    if (start == text_.size() || is_space(text_[start])) {
      skip_to(start);
      return;
    }
    const char byte = text_[start];
    if (is_letter(byte)) {
      named_command(start);
    } else if (byte == '(' || byte == '[') {
      skip_past(byte == '(' ? "\\)" : "\\]", start + 1);
    } else if (accent_mark(byte)) {
      position_ = start + 1;
      accented_letter(*accent_mark(byte));
    } else if (std::string_view("%&_$#{}").find(byte) != std::string_view::npos) {
      out_.push_back(byte);
      position_ = start + 1;
    } else {
      skip_to(byte == '\\' || is_ascii(byte) ? start + 1 : start);
    }
  }

  void named_command(std::size_t start) {
    std::size_t end = start;
    while (end < text_.size() && is_letter(text_[end])) ++end;
    const std::string_view name = text_.substr(start, end - start);
    if (named_accent(name, end)) return;
    if (const auto letter = named_letter(name)) {
      append_utf8(out_, *letter);
      position_ = end;
      skip_spaces();
      return;
    }
    if (end < text_.size() && text_[end] == '*') ++end;
    skip_to(end);
    if (name == "begin" || name == "end") {
      const std::string_view environment = argument();
      std::string_view plain = environment;
      if (plain.ends_with('*')) plain.remove_suffix(1);
      if (name == "begin" && contains(kMathEnvironments, plain)) skip_environment(environment);
    } else if (contains(kNamingCommands, name)) {
      (void)argument();
    } else {
      (void)options();
    }
  }

  // \c{c}, \v s
  bool named_accent(std::string_view name, std::size_t end) {
    if (name.size() != 1 || end == text_.size()) return false;
    const auto mark = accent_mark(name.front());
    if (text_[end] == '{') {
      if (named_letter(name)) return false;
      position_ = end;  // of any command of one letter the braces hold text
      if (mark) accented_letter(*mark);
      return true;
    }
    if (!mark || !is_space(text_[end])) return false;
    position_ = end;
    skip_spaces();
    if (position_ < text_.size() && is_letter(text_[position_])) {
      accented_letter(*mark);
    } else {
      skip_to(end);
    }
    return true;
  }

  // The letter that stands here, in braces or not, as a command (\i) or not, with its accent. What is no
  // letter stays as it is.
  void accented_letter(char32_t mark) {
    std::size_t place = position_;
    while (place < text_.size() && text_[place] == '{') ++place;
    char32_t letter = 0;
    if (place < text_.size() && is_letter(text_[place])) {
      letter = static_cast<unsigned char>(text_[place++]);
    } else if (text_.substr(place).starts_with("\\i") || text_.substr(place).starts_with("\\j")) {
      const std::size_t end = place + 2;
      if (end < text_.size() && is_letter(text_[end])) return;
      letter = *named_letter(text_.substr(place + 1, 1));
      place = end;
    } else {
      return;
    }
    position_ = place;  // braces that follow are dropped like all others
    if (const auto whole = composed_letter(letter, mark)) {
      append_utf8(out_, *whole);
    } else {
      append_utf8(out_, letter);
      append_utf8(out_, mark);
    }
  }

  void skip_spaces() {
    while (position_ < text_.size() && is_space(text_[position_])) ++position_;
  }

  void skip_environment(std::string_view name) { skip_past("\\end{" + std::string(name) + "}", position_); }

  // [...] right here.
  std::string_view options() { return enclosed('[', ']'); }

  // [...]* {...} right here: what stands in the braces.
  std::string_view argument() {
    while (!options().empty()) {
    }
    return enclosed('{', '}');
  }

  std::string_view enclosed(char open, char close) {
    if (position_ >= text_.size() || text_[position_] != open) return {};
    const std::size_t end = finder_.find({&close, 1}, position_);
    if (end == std::string_view::npos) return {};
    const std::string_view inside = text_.substr(position_ + 1, end - position_ - 1);
    position_ = end + 1;
    return inside;
  }

  // Behind `mark`, or only over what opened, if nothing closes it.
  void skip_past(std::string_view mark, std::size_t from) {
    const std::size_t end = finder_.find(mark, from);
    skip_to(end == std::string_view::npos ? from : end + mark.size());
  }

  // What is left out keeps the words around it apart.
  void skip_to(std::size_t position) {
    out_.push_back(' ');
    position_ = position;
  }

  static bool is_ascii(char byte) { return static_cast<unsigned char>(byte) < 0x80; }

  std::string_view text_;
  Finder finder_;
  std::size_t position_ = 0;
  std::string out_;
};

}  // namespace

std::string without_latex(std::string_view text) { return Stripper(text).run(); }

}  // namespace quire::text
