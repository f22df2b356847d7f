#include "quire/table/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "quire/base/error.h"
#include "quire/base/files.h"

namespace quire {

LabelSet::LabelSet(std::vector<std::string> names) : names_(std::move(names)) {
  index_.reserve(names_.size());
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const std::string& name = names_[i];
    if (name.empty()) throw InputError(fmt::format("class {} has an empty name", i));
    if (name.find_first_of("\r\n") != std::string::npos) {
      throw InputError(fmt::format("the label '{}' holds a line break", name), "labels are kept one a line");
    }
    if (!index_.emplace(name, static_cast<int>(i)).second) {
      throw InputError(fmt::format("the label '{}' occurs twice", name));
    }
  }
}

LabelSet LabelSet::from(std::span<const std::string> labels) {
  // A std::set compares char as unsigned, by std::char_traits: by bytes.
  const std::set<std::string_view> distinct(labels.begin(), labels.end());
  return LabelSet(std::vector<std::string>(distinct.begin(), distinct.end()));
}

std::optional<int> LabelSet::find(std::string_view name) const {
  const auto found = index_.find(name);
  if (found == index_.end()) return std::nullopt;
  return found->second;
}

void LabelSet::write(const std::filesystem::path& path) const {
  std::string content;
  for (const std::string& name : names_) {
    content += name;
    content += '\n';
  }
  write_file_atomically(path, content);
}

LabelSet LabelSet::read(const std::filesystem::path& path) {
  const std::string content = read_file(path);
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < content.size();) {
    const std::size_t end = std::min(content.find('\n', begin), content.size());
    std::string& name = names.emplace_back(content, begin, end - begin);
    if (name.ends_with('\r')) name.pop_back();  // edited on another system
    begin = end + 1;
  }
  if (names.empty()) throw InputError(fmt::format("'{}' names no class", path.string()));
  try {
    return LabelSet(std::move(names));
  } catch (const InputError& error) {
    throw InputError(fmt::format("'{}' is not a list of classes: {}", path.string(), error.what()),
                     "it holds one class a line, in the order of their indices");
  }
}

}  // namespace quire
