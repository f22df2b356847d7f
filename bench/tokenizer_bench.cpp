// How many tokens a second the tokenizer makes.
//
//     tokenizer_bench DIRECTORY TEXTS [--threads N] [--seconds S] [--texts N]
//
// TEXTS has one text on each line. Prints one JSON object: the tokens of one pass over the texts,
// and tokens and bytes a second over all passes that begin within the time, by the clock and by the
// CPU time the process was given, which other work on the machine takes nothing from. The first pass,
// which meets an empty cache, is given by itself.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "command_line.h"
#include "quire/base/error.h"
#include "quire/base/files.h"
#include "quire/text/tokenizer.h"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

struct Options {
  std::string directory;
  std::string texts;
  int threads = 1;
  double seconds = 3;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Tokens of texts first, first + step, ... A text's ids are dropped once they are counted.
std::size_t encode_some(const quire::Tokenizer& tokenizer, const std::vector<std::string_view>& texts,
                        std::size_t first, std::size_t step) {
  std::size_t tokens = 0;
  std::vector<std::int32_t> ids;
  for (std::size_t i = first; i < texts.size(); i += step) {
    ids.clear();
    tokenizer.encode_text(texts[i], ids);
    tokens += ids.size();
  }
  return tokens;
}

std::size_t encode_all(const quire::Tokenizer& tokenizer, const std::vector<std::string_view>& texts,
                       int threads) {
  std::atomic<std::size_t> tokens = 0;
  std::vector<std::thread> others;
  const auto work = [&](int index) {
    tokens +=
        encode_some(tokenizer, texts, static_cast<std::size_t>(index), static_cast<std::size_t>(threads));
  };
  for (int i = 1; i < threads; ++i) others.emplace_back(work, i);
  work(0);
  for (std::thread& other : others) other.join();
  return tokens;
}

void run(const Options& options) {
  auto start = Clock::now();
  const auto tokenizer = quire::load_tokenizer(options.directory);
  const double load = seconds_since(start);
  const std::string content = quire::read_file(options.texts);
  const std::vector<std::string_view> texts = lines_of(content);
  start = Clock::now();
  const std::size_t tokens = encode_all(*tokenizer, texts, options.threads);
  const double first = seconds_since(start);
  int passes = 0;
  const double cpu_start = cpu_seconds();
  start = Clock::now();
  do {
    encode_all(*tokenizer, texts, options.threads);
    ++passes;
  } while (seconds_since(start) < options.seconds);
  const double pass = seconds_since(start) / passes;
  const double cpu_pass = (cpu_seconds() - cpu_start) / passes;
  fmt::print(
      "{{\"threads\": {}, \"texts\": {}, \"bytes\": {}, \"tokens\": {}, \"load_seconds\": {:.4f}, "
      "\"first_pass_tokens_per_s\": {:.0f}, \"tokens_per_s\": {:.0f}, \"tokens_per_cpu_s\": {:.0f}, "
      "\"bytes_per_s\": {:.0f}}}\n",
      options.threads, texts.size(), content.size(), tokens, load, static_cast<double>(tokens) / first,
      static_cast<double>(tokens) / pass, static_cast<double>(tokens) / cpu_pass,
      static_cast<double>(content.size()) / pass);
}

Options parse(int argc, char** argv) {
  Options options;
  const auto take = [&](std::string_view name, const char* value) {
    if (name == "--threads") {
      options.threads = std::max(1, std::stoi(value));
    } else if (name == "--seconds") {
      options.seconds = std::stod(value);
    } else {
      return false;
    }
    return true;
  };
  quire::bench::for_options(argc, argv, "usage: tokenizer_bench DIRECTORY TEXTS [--threads N]", take);
  options.directory = argv[1];
  options.texts = argv[2];
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  return quire::bench::run_program([&] { run(parse(argc, argv)); });
}
