#include "quire/base/threads.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace quire {
namespace {

int affinity_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) {
    return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  }
  return std::max(1, CPU_COUNT(&set));
}

// CPUs a cgroup's quota allows, or 0 for no limit.
int quota_count() {
  double quota = -1;
  double period = 0;
  if (std::ifstream file("/sys/fs/cgroup/cpu.max"); file) {  // v2: "max 100000" or "200000 100000"
    std::string first;
    file >> first >> period;
    if (first != "max" && !first.empty()) quota = std::strtod(first.c_str(), nullptr);
  } else {
    std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") >> quota;
    std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_period_us") >> period;
  }
  if (quota <= 0 || period <= 0) return 0;
  return std::max(1, static_cast<int>(std::ceil(quota / period)));
}

}  // namespace

int available_threads() {
  const int quota = quota_count();
  const int affinity = affinity_count();
  return quota == 0 ? affinity : std::min(quota, affinity);
}

void parallel_for(std::int64_t count, std::int64_t grain, int threads,
                  const std::function<void(std::int64_t, std::int64_t)>& body) {
  if (count <= 0) return;
  grain = std::max<std::int64_t>(grain, 1);
  const std::int64_t workers = std::clamp<std::int64_t>((count + grain - 1) / grain, 1, std::max(threads, 1));
  if (workers == 1) {
    body(0, count);
    return;
  }
  // A few ranges a worker, so that uneven items even out.
  const std::int64_t step = std::max(grain, count / (workers * 8));
  std::atomic<std::int64_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto work = [&] {
    try {
      for (std::int64_t begin = next.fetch_add(step); begin < count; begin = next.fetch_add(step)) {
        body(begin, std::min(begin + step, count));
      }
    } catch (...) {
      next.store(count);
      const std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    others.reserve(static_cast<std::size_t>(workers - 1));
    for (std::int64_t i = 1; i < workers; ++i) others.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace quire
