// log.jsonl: one JSON object a line for each optimiser step.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

#include "quire/train/loop.h"

namespace quire::train {

struct StepRecord {
  std::int64_t step = 0;   // from 1
  std::int64_t epoch = 0;  // from 0
  double loss = 0;
  double learning_rate = 0;  // of the top encoder layer
  double gradient_norm = 0;
  double documents_per_second = 0;
  double tokens_per_second = 0;
};

class StepLog {
 public:
  // Opens for appending, after dropping lines past step `steps_done` of an interrupted fit. An
  // empty path logs nothing.
  StepLog(const std::filesystem::path& path, std::int64_t steps_done);
  void write(const StepRecord& record);

 private:
  std::filesystem::path path_;
  std::ofstream file_;
};

// One line an epoch, written anew each time: what a plot of a fit needs.
void write_epochs(const std::filesystem::path& path, const std::vector<EpochResult>& epochs);

}  // namespace quire::train
