#include "members/textcnn/textcnn_settings.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "quire/base/files.h"
#include "quire/base/json.h"

namespace quire {
namespace {

constexpr const char* kFile = "textcnn.json";
constexpr int kFormat = 1;

}  // namespace

void write_textcnn_settings(const std::filesystem::path& directory, const TextcnnSettings& settings) {
  const OrderedJson json = {{"format", kFormat},
                            {"vocabulary_size", settings.vocabulary_size},
                            {"dim", settings.dim},
                            {"filters", settings.filters},
                            {"min_width", settings.min_width},
                            {"max_width", settings.max_width},
                            {"max_length", settings.max_length},
                            {"clean", settings.clean},
                            {"punctuation", settings.punctuation}};
  write_file_atomically(directory / kFile, json.dump(2) + "\n");
}

TextcnnSettings read_textcnn_settings(const std::filesystem::path& directory) {
  const Section settings = read_own_json(directory / kFile, kFormat);
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  const auto size = [&](const char* key) { return settings.count(key, 1, kMost); };
  TextcnnSettings read;
  read.vocabulary_size = size("vocabulary_size");
  read.dim = size("dim");
  read.filters = size("filters");
  read.min_width = size("min_width");
  read.max_width = size("max_width");
  read.max_length = size("max_length");
  read.clean = settings.strings("clean");
  read.punctuation = settings.string("punctuation");
  if (read.min_width > read.max_width)
    settings.fail(fmt::format("filters go from {} to {} words", read.min_width, read.max_width));
  return read;
}

}  // namespace quire
