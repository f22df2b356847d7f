// Tasks of fixed size handed to threads as they become free.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace quire::kernels {

// Calls body(task) for every task below `count`, on ATen's threads. A task must not depend on which
// thread runs it.
template <typename Body>
void for_tasks(std::int64_t count, const Body& body) {
  const std::int64_t threads = std::min<std::int64_t>(at::get_num_threads(), count);
  if (threads <= 1 || at::in_parallel_region()) {
    for (std::int64_t task = 0; task < count; ++task) body(task);
    return;
  }
  std::atomic<std::int64_t> next{0};
  at::parallel_for(0, threads, 1, [&](std::int64_t, std::int64_t) {
    for (std::int64_t task = next++; task < count; task = next++) body(task);
  });
}

}  // namespace quire::kernels
