// Progress and messages on stderr. It may be closed, full or gone at any time: the work goes on in silence.
#pragma once

#include <string>
#include <string_view>

#include "quire/base/context.h"
#include "quire/base/stopwatch.h"

namespace quire::app {

// Writes to stderr what can be written.
void write_error(std::string_view text) noexcept;

// When a line of progress is worth showing: every so often, and where a stage that was shown ends.
class Pace {
 public:
  // The first line comes after `seconds` if `waits`, otherwise at once.
  Pace(double seconds, bool waits) : seconds_(seconds), waits_(waits) {}

  // `now` is in seconds from any moment. True when the line is to be shown.
  [[nodiscard]] bool is_due(const Progress& progress, double now);

 private:
  double seconds_;
  bool waits_;
  double last_ = 0;
  std::string stage_;       // of the line shown last
  bool has_ended_ = false;  // that stage's end was shown
};

// On a terminal one live line; otherwise plain lines, at most one every half a minute.
class Console : public Observer {
 public:
  explicit Console(bool quiet);
  ~Console() override;
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  void message(Level level, std::string_view text) override;
  void progress(const Progress& progress) override;
  void clear_line();

 private:
  bool quiet_;
  bool terminal_;
  bool live_ = false;  // a live line is on the screen
  Pace pace_;
  Stopwatch watch_;
};

}  // namespace quire::app
