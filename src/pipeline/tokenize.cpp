#include "quire/pipeline/tokenize.h"

#include <fmt/format.h>

#include <cerrno>
#include <istream>
#include <iterator>
#include <ostream>
#include <string>
#include <vector>

#include "quire/base/error.h"
#include "quire/base/threads.h"
#include "quire/base/utf8.h"

namespace quire {
namespace {

constexpr std::size_t kChunk = 2048;  // lines

template <typename Values>
void append_array(std::string& out, const char* key, const Values& values) {
  out += key;
  char separator = '[';
  for (const auto value : values) {
    out.push_back(separator);
    fmt::format_to(std::back_inserter(out), "{}", value);
    separator = ',';
  }
  out += values.empty() ? "[]" : "]";
}

struct Line {
  std::string text;
  std::string json;
  std::int64_t tokens = 0;
};

void tokenize_line(const Tokenizer& tokenizer, Line& line, const std::string& name, std::int64_t number,
                   const TokenizeOptions& options) {
  repair_utf8(line.text);
  std::string_view text = line.text;
  std::optional<std::string_view> pair;
  if (options.pair) {
    const std::size_t tab = text.find('\t');
    if (tab == std::string_view::npos) {
      throw InputError(fmt::format("{}:{}: no tab in the line", name, number),
                       "with --pair a line is two texts with a tab between");
    }
    pair = text.substr(tab + 1);
    text = text.substr(0, tab);
  }
  const Encoding encoding = tokenizer.encode(text, pair, options.max_length);
  line.tokens = static_cast<std::int64_t>(encoding.ids.size());
  line.json.clear();
  append_array(line.json, "{\"ids\":", encoding.ids);
  append_array(line.json, ",\"segments\":", encoding.segments);
  line.json += "}\n";
}

// A stream does not say why it failed; the system's last error does, where it was the system.
void check(const std::ostream& out) {
  if (out) return;
  if (errno == 0) throw Error("cannot write the output: the device is full or closed");
  throw_system_error(errno, "write", "standard output");
}

}  // namespace

std::int64_t tokenize_lines(const Tokenizer& tokenizer, std::istream& in, const std::string& name,
                            std::ostream& out, const TokenizeOptions& options, const Context& context) {
  std::vector<Line> lines(kChunk);
  std::int64_t tokens = 0;
  std::int64_t done = 0;
  while (in) {
    std::size_t count = 0;
    while (count < kChunk && std::getline(in, lines[count].text)) ++count;
    parallel_for(
        static_cast<std::int64_t>(count), 16, context.threads, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i) {
            tokenize_line(tokenizer, lines[static_cast<std::size_t>(i)], name, done + i + 1, options);
          }
        });
    errno = 0;
    for (std::size_t i = 0; i < count; ++i) {
      out << lines[i].json;
      tokens += lines[i].tokens;
    }
    check(out);
    done += static_cast<std::int64_t>(count);
    context.check_stop();
  }
  errno = 0;
  out.flush();
  check(out);
  return tokens;
}

}  // namespace quire
