// What the Python scripts beside it talk to: encodes texts that come in on stdin, or saves a
// tokenizer anew.
//
//     tokenizer_tool DIRECTORY < requests > replies
//     tokenizer_tool DIRECTORY --save OTHER
//
// A request is three 32-bit integers, the length of the text in bytes, that of the pair or -1, and
// the maximal length or 0, then the bytes. A reply is a 32-bit count, then the ids (32 bits) and
// the segments (8 bits). All in the machine's byte order.
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "quire/base/error.h"
#include "quire/text/tokenizer.h"

namespace {

template <typename T>
bool read(T* values, std::size_t count) {
  return std::fread(values, sizeof(T), count, stdin) == count;
}

template <typename T>
void write(const T* values, std::size_t count) {
  std::fwrite(values, sizeof(T), count, stdout);
}

std::string read_text(std::int32_t length) {
  std::string text(static_cast<std::size_t>(length), '\0');
  if (!read(text.data(), text.size())) throw quire::Error("The last request is cut short.");
  return text;
}

void serve(const quire::Tokenizer& tokenizer) {
  for (std::int32_t header[3]; read(header, 3);) {
    const std::string text = read_text(header[0]);
    std::optional<std::string> pair;
    if (header[1] >= 0) pair = read_text(header[1]);
    const quire::Encoding encoding = tokenizer.encode(text, pair, static_cast<std::size_t>(header[2]));
    const auto count = static_cast<std::uint32_t>(encoding.ids.size());
    write(&count, 1);
    write(encoding.ids.data(), count);
    write(encoding.segments.data(), count);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool saves = argc == 4 && std::string_view(argv[2]) == "--save";
  if (argc != 2 && !saves) {
    std::fprintf(stderr, "usage: tokenizer_tool DIRECTORY [--save OTHER] < requests > replies\n");
    return 2;
  }
  try {
    const auto tokenizer = quire::load_tokenizer(argv[1]);
    if (saves) {
      tokenizer->save(argv[3]);
    } else {
      serve(*tokenizer);
    }
  } catch (const quire::Error& error) {
    std::fprintf(stderr, "%s\n%s\n", error.what(), error.hint().c_str());
    return 1;
  }
  return 0;
}
