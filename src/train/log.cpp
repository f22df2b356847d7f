#include "train/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "quire/base/error.h"
#include "quire/base/files.h"

namespace quire::train {

StepLog::StepLog(const std::filesystem::path& path, std::int64_t steps_done) : path_(path) {
  if (path.empty()) return;
  std::string kept;
  if (steps_done > 0 && std::filesystem::exists(path)) {
    const std::string old = read_file(path);
    std::size_t end = 0;
    for (std::int64_t line = 0; line < steps_done && end < old.size(); ++line) {
      const std::size_t newline = old.find('\n', end);
      if (newline == std::string::npos) break;
      end = newline + 1;
    }
    kept = old.substr(0, end);
  }
  write_file_atomically(path, kept);
  file_.open(path, std::ios::app);
  if (!file_) throw_system_error(errno, "write", path.string());
}

void StepLog::write(const StepRecord& record) {
  if (path_.empty()) return;
  file_ << fmt::format(
      "{{\"step\":{},\"epoch\":{},\"loss\":{:.6g},\"lr\":{:.6g},\"grad_norm\":{:.6g},\"docs_per_s\":{:.4g},"
      "\"tokens_per_s\":{:.5g}}}\n",
      record.step, record.epoch, record.loss, record.learning_rate, record.gradient_norm,
      record.documents_per_second, record.tokens_per_second);
  file_.flush();
  if (!file_) throw_system_error(errno == 0 ? EIO : errno, "write", path_.string());
}

void write_epochs(const std::filesystem::path& path, const std::vector<EpochResult>& epochs) {
  std::string lines;
  for (const EpochResult& epoch : epochs) {
    lines += fmt::format("{{\"epoch\":{},\"train_loss\":{:.6g}", epoch.epoch, epoch.train_loss);
    for (const Score::Value& one : epoch.score.values)
      lines += fmt::format(",\"valid_{}\":{:.6g}", one.name, one.value);
    lines += fmt::format(",\"seconds\":{:.4g}}}\n", epoch.seconds);
  }
  write_file_atomically(path, lines);
}

}  // namespace quire::train
