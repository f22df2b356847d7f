// Seconds since a moment.
#pragma once

#include <chrono>

namespace quire {

// Runs from its construction.
class Stopwatch {
 public:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] double seconds() const noexcept {
    return std::chrono::duration<double>(Clock::now() - start_).count();
  }
  void restart() noexcept { start_ = Clock::now(); }

 private:
  Clock::time_point start_ = Clock::now();
};

}  // namespace quire
