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

}  // namespace quire::test
