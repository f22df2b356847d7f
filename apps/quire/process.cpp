#include "process.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

namespace quire::app {
namespace {

constexpr std::int64_t kMillisecondsOfOneRequest = 1000;

StopSignal stopped_by{0};
std::atomic<std::int64_t> first_at{0};  // milliseconds; 0: no signal yet
static_assert(StopSignal::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free);

// clock_gettime is one of the few functions that a handler may call.
std::int64_t milliseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

void on_signal(int signal) {
  const int code = errno;
  const std::int64_t now = milliseconds();
  std::int64_t first = 0;  // another thread may be handling another signal
  if (first_at.compare_exchange_strong(first, now)) {
    stopped_by = signal;
  } else if (now - first >= kMillisecondsOfOneRequest) {
    ::_exit(128 + signal);
  }
  errno = code;
}

bool is_ignored(int signal) {
  struct sigaction found {};
  return ::sigaction(signal, nullptr, &found) == 0 && found.sa_handler == SIG_IGN;
}

}  // namespace

void open_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    // open() gives the lowest number that is free. The wrong direction makes reading and writing fail.
    (void)::open("/dev/null", descriptor == STDOUT_FILENO ? O_RDONLY : O_WRONLY);
  }
}

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  if (!is_ignored(SIGHUP)) ::sigaction(SIGHUP, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

const StopSignal& stop_signal() { return stopped_by; }

}  // namespace quire::app
