// Records of what has been made, and from what: beside the files of each fold.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace quire {

// How far a fold has come. Each state is written once what it promises is on the disk.
enum class FoldState {
  started,   // a fit is under way; there may be a checkpoint
  fitted,    // the learner is saved and can be opened
  finished,  // its matrices and metrics are there too
};

struct FoldRecord {
  FoldState state = FoldState::started;
  std::string key;        // of everything the learner depends on
  std::string predicted;  // the fingerprint of the tables that its matrices are of
  double seconds = 0;
};

// fold-K/stage.json. Nothing when there is no record. Throws InputError for one that is damaged or of a newer
// format.
[[nodiscard]] std::optional<FoldRecord> read_fold_record(const std::filesystem::path& fold);
void write_fold_record(const std::filesystem::path& fold, const FoldRecord& record);

}  // namespace quire
