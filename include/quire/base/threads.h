// How many threads this process may use, and a plain parallel loop for the text half.
#pragma once

#include <cstdint>
#include <functional>

namespace quire {

// CPUs by affinity mask and by the cgroup's quota (v1 and v2), at least 1.
[[nodiscard]] int available_threads();

// Calls body(begin, end) on disjoint ranges that cover [0, count), on up to `threads` threads,
// the caller's among them. Ranges hold at least `grain` items. The first exception is
// rethrown here after all threads have ended. Which thread gets which range is not fixed.
void parallel_for(std::int64_t count, std::int64_t grain, int threads,
                  const std::function<void(std::int64_t, std::int64_t)>& body);

}  // namespace quire
