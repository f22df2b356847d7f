// An observer that asks the work it watches to stop.
#pragma once

#include <csignal>

#include "quire/base/context.h"

namespace quire::test {

// As a signal would, at the `reports`th report of progress. The context it lends watches and is stopped.
class StopAfter : public Observer {
 public:
  explicit StopAfter(int reports) : left_(reports) {}
  void progress(const Progress&) override {
    if (--left_ == 0) signal_ = SIGTERM;
  }
  [[nodiscard]] Context context() {
    Context context;
    context.observer = this;
    context.stop = &signal_;
    return context;
  }

 private:
  int left_;
  StopSignal signal_{0};
};

// As if the process had died: nobody catches it.
struct Killed {};

// Stops or kills the work it watches at the `report`th thing it is told, progress or message, from 1.
class DisturbAt : public Observer {
 public:
  enum class Way { signal, kill };
  DisturbAt(int report, Way way) : left_(report), way_(way) {}
  void message(Level /*level*/, std::string_view /*text*/) override { count(); }
  void progress(const Progress& /*progress*/) override { count(); }
  [[nodiscard]] bool happened() const { return left_ <= 0; }
  [[nodiscard]] Context context() {
    Context context;
    context.observer = this;
    context.stop = &signal_;
    return context;
  }

 private:
  void count() {
    if (--left_ != 0) return;
    if (way_ == Way::kill) throw Killed();
    signal_ = SIGTERM;
  }

  int left_;
  Way way_;
  StopSignal signal_{0};
};

}  // namespace quire::test
