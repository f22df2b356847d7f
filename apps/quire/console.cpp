#include "console.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace quire::app {
namespace {

std::string duration(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  if (whole >= 3600) return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
  if (whole >= 60) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}s", whole);
}

std::string describe(const Progress& progress) {
  std::string line(progress.stage);
  if (progress.total > 0) {
    line += fmt::format(" {:3.0f}%",
                        100.0 * static_cast<double>(progress.done) / static_cast<double>(progress.total));
  }
  if (!progress.detail.empty()) line += fmt::format("  {}", progress.detail);
  if (progress.seconds_left >= 0) line += fmt::format("  {} left", duration(progress.seconds_left));
  return line;
}

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

Console::Console(bool quiet) : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) != 0) {
  const char* kind = std::getenv("TERM");
  if (kind == nullptr || std::string_view(kind) == "dumb") terminal_ = false;
}

Console::~Console() { clear_line(); }

void Console::clear_line() {
  if (!live_) return;
  std::fputs("\r\033[K", stderr);
  live_ = false;
}

void Console::message(Level level, std::string_view text) {
  if (quiet_ && level == Level::info) return;
  clear_line();
  fmt::print(stderr, "{}{}\n", level == Level::warning ? "warning: " : "", text);
}

void Console::progress(const Progress& progress) {
  if (quiet_) return;
  const auto now = Clock::now();
  const auto interval = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(5000);
  if (now - last_ < interval) return;
  last_ = now;
  std::string line = describe(progress);
  if (!terminal_) {
    fmt::print(stderr, "{}\n", line);
    return;
  }
  if (line.size() >= terminal_width()) line.resize(terminal_width() - 1);
  fmt::print(stderr, "\r{}\033[K", line);
  std::fflush(stderr);
  live_ = true;
}

}  // namespace quire::app
