#include "quire/base/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <string_view>

#include "quire/base/stopwatch.h"

namespace quire {
namespace {

using Clock = std::chrono::steady_clock;

struct Registry {
  std::mutex mutex;
  std::map<std::string_view, ProfileEntry> entries;
  Stopwatch watch;
};

Registry& registry() {
  static Registry one;
  return one;
}

std::atomic<bool> is_on{false};
thread_local Span* innermost = nullptr;

std::string line(const std::string& name, const std::string& calls, const std::string& each, double seconds,
                 double total, const std::string& rate) {
  return fmt::format("{:<34} {:>8} {:>10} {:>9.2f} {:>6.1f} {:>9}\n", name, calls, each, seconds,
                     100 * seconds / total, rate);
}

}  // namespace

void start_profile() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  all.entries.clear();
  all.watch.restart();
  is_on = true;
}

Profile read_profile() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  Profile profile;
  profile.seconds = all.watch.seconds();
  for (const auto& [name, entry] : all.entries) profile.entries.push_back(entry);
  std::ranges::stable_sort(profile.entries, std::ranges::greater{}, &ProfileEntry::seconds);
  return profile;
}

std::string format_profile(const Profile& profile) {
  std::string text = fmt::format("{:<34} {:>8} {:>10} {:>9} {:>6} {:>9}\n", "where the time went", "calls",
                                 "ms a call", "seconds", "%", "GFLOP/s");
  double rest = profile.seconds;
  for (const ProfileEntry& entry : profile.entries) {
    rest -= entry.seconds;
    const std::string rate =
        entry.operations > 0 ? fmt::format("{:.0f}", entry.operations / entry.seconds * 1e-9) : "";
    text += line(entry.name, fmt::format("{}", entry.calls),
                 fmt::format("{:.3f}", 1e3 * entry.seconds / static_cast<double>(entry.calls)), entry.seconds,
                 profile.seconds, rate);
  }
  // Threads that read ahead can make the spans longer than the clock.
  text += line("everything else", "", "", std::max(rest, 0.0), profile.seconds, "");
  return text;
}

Span::Span(const char* name, double operations) {
  if (!is_on.load(std::memory_order_relaxed)) return;
  name_ = name;
  operations_ = operations;
  outer_ = innermost;
  innermost = this;
  start_ = Clock::now();
}

Span::~Span() {
  if (name_ == nullptr) return;
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  innermost = outer_;
  if (outer_ != nullptr) outer_->inner_ += seconds;
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  ProfileEntry& entry = all.entries[name_];
  entry.name = name_;
  ++entry.calls;
  entry.seconds += seconds - inner_;
  entry.operations += operations_;
}

}  // namespace quire
