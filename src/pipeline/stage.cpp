#include "pipeline/stage.h"

#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "quire/base/files.h"
#include "quire/base/json.h"

namespace quire {
namespace {

constexpr const char* kFile = "stage.json";
constexpr int kFormat = 1;
constexpr std::array<const char*, 3> kStates = {"started", "fitted", "finished"};

}  // namespace

std::optional<FoldRecord> read_fold_record(const std::filesystem::path& fold) {
  const std::filesystem::path path = fold / kFile;
  if (!std::filesystem::exists(path)) return std::nullopt;
  const Section json = read_own_json(path, kFormat);
  constexpr double kMost = std::numeric_limits<double>::max();
  FoldRecord record{.state = FoldState::started,
                    .key = json.string("key"),
                    .predicted = json.string("predicted", ""),
                    .seconds = json.has("seconds") ? json.real("seconds", 0, kMost) : 0};
  const std::string state = json.string("state");
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    if (state != kStates[i]) continue;
    record.state = static_cast<FoldState>(i);
    return record;
  }
  json.at("state").fail_expecting("started, fitted or finished", "Replace the run with --force.");
}

void write_fold_record(const std::filesystem::path& fold, const FoldRecord& record) {
  const OrderedJson json = {{"format", kFormat},
                            {"state", kStates.at(static_cast<std::size_t>(record.state))},
                            {"key", record.key},
                            {"predicted", record.predicted},
                            {"seconds", record.seconds}};
  write_file_atomically(fold / kFile, json.dump(2) + "\n");
}

}  // namespace quire
