#include <algorithm>
#include <array>

#include "text/clean_steps.h"

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

class Stripper {
 public:
  explicit Stripper(std::string_view text) : text_(text) {}

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
    } else if (std::string_view("'`^\"~=.").find(byte) != std::string_view::npos) {
      position_ = start + 1;  // an accent: its letter follows
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
    if (name.size() == 1 && end < text_.size() && text_[end] == '{') {
      position_ = end;  // an accent, such as \c{c}
      return;
    }
    if (end < text_.size() && text_[end] == '*') ++end;
    skip_to(end);
    if (name == "begin" || name == "end") {
      const std::string_view environment = argument();
      const std::string_view plain = environment.substr(0, environment.find('*'));
      if (name == "begin" && contains(kMathEnvironments, plain)) skip_environment(environment);
    } else if (contains(kNamingCommands, name)) {
      (void)argument();
    } else {
      (void)options();
    }
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
    const std::size_t end = text_.find(close, position_);
    if (end == std::string_view::npos) return {};
    const std::string_view inside = text_.substr(position_ + 1, end - position_ - 1);
    position_ = end + 1;
    return inside;
  }

  // Behind `mark`, or only over what opened, if nothing closes it.
  void skip_past(std::string_view mark, std::size_t from) {
    const std::size_t end = text_.find(mark, from);
    skip_to(end == std::string_view::npos ? from : end + mark.size());
  }

  // What is left out keeps the words around it apart.
  void skip_to(std::size_t position) {
    out_.push_back(' ');
    position_ = position;
  }

  static bool is_ascii(char byte) { return static_cast<unsigned char>(byte) < 0x80; }

  std::string_view text_;
  std::size_t position_ = 0;
  std::string out_;
};

}  // namespace

std::string without_latex(std::string_view text) { return Stripper(text).run(); }

}  // namespace quire::text
