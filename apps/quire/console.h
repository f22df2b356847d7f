// Progress and messages on stderr.
#pragma once

#include <chrono>
#include <string>

#include "quire/base/context.h"

namespace quire::app {

// On a terminal one live line; otherwise plain lines, at most one every few seconds.
class Console : public Observer {
 public:
  explicit Console(bool quiet);
  ~Console() override;

  void message(Level level, std::string_view text) override;
  void progress(const Progress& progress) override;
  void clear_line();

 private:
  using Clock = std::chrono::steady_clock;

  bool quiet_;
  bool terminal_;
  bool live_ = false;  // a live line is on the screen
  Clock::time_point last_{};
};

}  // namespace quire::app
