// The register of learners.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "members/encoder/encoder_kind.h"
#include "members/fasttext/fasttext_kind.h"
#include "members/lightgbm/lightgbm_kind.h"
#include "members/linear/linear_kind.h"
#include "members/textcnn/textcnn_kind.h"
#include "quire/base/error.h"
#include "quire/members/kind.h"

namespace quire {

void MemberKind::forget_progress(const std::filesystem::path& directory) const {
  if (keeps_checkpoint()) std::filesystem::remove(directory / kCheckpointFile);
}

std::span<const MemberKind* const> member_kinds() {
  static const std::array<const MemberKind*, 5> kinds = {&encoder_kind(), &linear_kind(), &lightgbm_kind(),
                                                         &fasttext_kind(), &textcnn_kind()};
  return kinds;
}

std::vector<std::string_view> member_kind_names() {
  std::vector<std::string_view> names;
  for (const MemberKind* kind : member_kinds()) names.push_back(kind->name());
  return names;
}

const MemberKind& member_kind(std::string_view name) {
  for (const MemberKind* kind : member_kinds())
    if (kind->name() == name) return *kind;
  const std::vector<std::string_view> names = member_kind_names();
  const std::string nearest = nearest_name(name, names);
  throw InputError(fmt::format("no member is called '{}'", name),
                   fmt::format("expected one of: {}{}", fmt::join(names, ", "),
                               nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest)));
}

std::string kinds_with(std::string_view option) {
  std::vector<std::string_view> names;
  for (const MemberKind* kind : member_kinds()) {
    const auto settings = kind->defaults();
    const std::vector<Option> table = settings->table();
    if (std::ranges::find(table, option, &Option::name) != table.end()) names.push_back(kind->name());
  }
  return names.empty() ? "" : fmt::format("it is an option of --member {}", fmt::join(names, ", "));
}

MemberOptions::MemberOptions(std::string_view kind)
    : kind_(&member_kind(kind)), settings_(kind_->defaults()) {}

MemberOptions::MemberOptions(const MemberOptions& other)
    : name(other.name),
      seed(other.seed),
      repeat(other.repeat),
      kind_(other.kind_),
      settings_(other.settings_->clone()) {}

MemberOptions& MemberOptions::operator=(const MemberOptions& other) {
  if (this != &other) *this = MemberOptions(other);
  return *this;
}

void MemberOptions::check() {
  if (name.empty()) name = kind_->name();
  if (name.find('/') != std::string::npos || name == "." || name == "..")
    throw InputError(fmt::format("--name is '{}'", name), "a name is a folder's: it holds no '/'");
  settings_->settle();
  for (const Option& option : settings_->table()) check_option(option);
  settings_->check();
}

}  // namespace quire
