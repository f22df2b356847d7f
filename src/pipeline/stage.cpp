#include "pipeline/stage.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "quire/base/error.h"
#include "quire/base/files.h"

namespace quire {
namespace {

constexpr const char* kFile = "stage.json";
constexpr std::int64_t kFormat = 1;
constexpr std::array<const char*, 3> kStates = {"started", "fitted", "finished"};

}  // namespace

std::optional<FoldRecord> read_fold_record(const std::filesystem::path& fold) {
  const std::filesystem::path path = fold / kFile;
  if (!std::filesystem::exists(path)) return std::nullopt;
  const nlohmann::json json = nlohmann::json::parse(read_file(path), nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto text = [&](const char* key) {
    return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : "";
  };
  const auto number = [&](const char* key) {
    return json.contains(key) && json[key].is_number() ? json[key].get<double>() : 0;
  };
  if (number("format") > static_cast<double>(kFormat)) {
    throw InputError(fmt::format("'{}' has format {:g}; this Quire reads up to {}", path.string(),
                                 number("format"), kFormat),
                     "a newer Quire wrote it: use that one, or a newer one");
  }
  FoldRecord record{.state = FoldState::started,
                    .key = text("key"),
                    .predicted = text("predicted"),
                    .seconds = number("seconds")};
  const std::string state = text("state");
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    if (state != kStates[i]) continue;
    record.state = static_cast<FoldState>(i);
    return record;
  }
  return std::nullopt;
}

void write_fold_record(const std::filesystem::path& fold, const FoldRecord& record) {
  const nlohmann::ordered_json json = {{"format", kFormat},
                                       {"state", kStates.at(static_cast<std::size_t>(record.state))},
                                       {"key", record.key},
                                       {"predicted", record.predicted},
                                       {"seconds", record.seconds}};
  write_file_atomically(fold / kFile, json.dump(2) + "\n");
}

}  // namespace quire
