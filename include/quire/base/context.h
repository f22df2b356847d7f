// What a caller lends to a long piece of work: an observer, a way to stop it, threads and a seed.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace quire {

enum class Level { info, warning };

// One state of a long piece of work. `total` 0 means unknown.
struct Progress {
  std::string_view stage;  // what is being done: "fold 1, epoch 2"
  std::int64_t done = 0;
  std::int64_t total = 0;
  std::string_view detail;   // free text: "loss 0.412  lr 3.1e-05  15.2 docs/s"
  double seconds_left = -1;  // negative: not known
};

// The library never prints: it tells an observer. Both calls may come from any one thread at
// a time and must not throw.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void message(Level /*level*/, std::string_view /*text*/) {}
  virtual void progress(const Progress& /*progress*/) {}
};

// The number of the signal that asked to stop; 0: go on. Lock-free, so that a signal handler
// may set it.
using StopSignal = std::atomic<int>;

struct Context {
  Observer* observer = nullptr;
  const StopSignal* stop = nullptr;
  int threads = 1;
  std::uint64_t seed = 42;

  void info(std::string_view text) const {
    if (observer != nullptr) observer->message(Level::info, text);
  }
  void warn(std::string_view text) const {
    if (observer != nullptr) observer->message(Level::warning, text);
  }
  void progress(const Progress& state) const {
    if (observer != nullptr) observer->progress(state);
  }
  [[nodiscard]] int stop_requested() const noexcept {
    return stop == nullptr ? 0 : stop->load(std::memory_order_relaxed);
  }
  // Throws Interrupted when a stop was asked for.
  void check_stop() const;
};

}  // namespace quire
