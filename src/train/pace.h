// How fast a fit goes, and how long it still takes.
#pragma once

#include <cstdint>

namespace quire::train {

// Seconds of training steps and of scoring, each apart from the other and from what is done once: reading
// weights, a probe, checkpoints. The first step is left out as soon as there is a second, since it also asks
// for memory and packs weights.
class Pace {
 public:
  void add_step(double seconds, std::int64_t documents, std::int64_t tokens);
  void add_scoring(double seconds, std::int64_t documents);

  // Of training.
  [[nodiscard]] double documents_per_second() const { return steps_.documents / steps_.seconds; }
  [[nodiscard]] double tokens_per_second() const { return steps_.tokens / steps_.seconds; }
  // Seconds of training on so many documents and scoring so many; negative while one step says too little.
  [[nodiscard]] double seconds_for(double trained, double scored) const;

 private:
  struct Work {
    double seconds = 0, documents = 0, tokens = 0;
  };

  Work steps_;
  std::int64_t count_ = 0;  // of steps
  Work scoring_;
};

}  // namespace quire::train
