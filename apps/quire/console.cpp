#include "console.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "progress_line.h"

namespace quire::app {
namespace {

constexpr double kSecondsLive = 0.1;
constexpr double kSecondsInLog = 30;
constexpr std::size_t kWidthInLog = 1000;

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

bool is_terminal() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && kind != nullptr && std::string_view(kind) != "dumb";
}

}  // namespace

void write_error(std::string_view text) noexcept {
  (void)std::fwrite(text.data(), 1, text.size(), stderr);
  (void)std::fflush(stderr);
}

bool Pace::is_due(const Progress& progress, double now) {
  const bool is_end = progress.total > 0 && progress.done >= progress.total;
  const bool is_same_stage = stage_ == progress.stage;
  // The end of a stage that has a line on the screen or in the log; once.
  const bool ends = is_end && is_same_stage && !has_ended_;
  const bool is_first = stage_.empty() && !waits_;
  if (!ends && !is_first && now - last_ < seconds_) return false;
  last_ = now;
  stage_ = progress.stage;
  has_ended_ = is_end;
  return true;
}

Console::Console(bool quiet)
    : quiet_(quiet),
      terminal_(is_terminal()),
      pace_(terminal_ ? kSecondsLive : kSecondsInLog, /*waits=*/!terminal_) {}

Console::~Console() { clear_line(); }

void Console::clear_line() {
  if (!live_) return;
  write_error("\r\033[K");
  live_ = false;
}

void Console::message(Level level, std::string_view text) {
  if (quiet_ && level == Level::info) return;
  clear_line();
  write_error(fmt::format("{}{}\n", level == Level::warning ? "warning: " : "", text));
}

void Console::progress(const Progress& progress) {
  if (quiet_ || (!terminal_ && progress.stage.ends_with(" scoring"))) return;
  if (!pace_.is_due(progress, watch_.seconds())) return;
  if (!terminal_) {
    write_error(progress_line(progress, kWidthInLog) + "\n");
    return;
  }
  // The last column stays free: a terminal may begin a new line when it is filled.
  write_error(fmt::format("\r{}\033[K", progress_line(progress, terminal_width() - 1)));
  live_ = true;
}

}  // namespace quire::app
