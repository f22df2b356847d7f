// Where time goes: spans of named work, summed over the process. Off until start_profile().
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace quire {

// One kind of work. Times are of the spans themselves: a span inside another counts for itself alone.
struct ProfileEntry {
  std::string name;
  std::int64_t calls = 0;
  double seconds = 0;
  double operations = 0;  // additions and multiplications of matrix products; 0: not counted
};

// Forgets what was measured and measures from now on.
void start_profile();

// What was measured so far, the longest first, and the time since the start.
struct Profile {
  std::vector<ProfileEntry> entries;
  double seconds = 0;
};
[[nodiscard]] Profile read_profile();

// A table for people: a line for each kind of work, with its share, its time a call and, where operations
// are counted, GFLOP/s; what lies in no span last.
[[nodiscard]] std::string format_profile(const Profile& profile);

// Measures its own life, when the profile is on; costs one load of a flag when it is off. `name` must
// outlive the process's profile: a literal. Spans nest within a thread; time of several threads adds up.
class Span {
 public:
  explicit Span(const char* name, double operations = 0);
  ~Span();
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

 private:
  const char* name_ = nullptr;  // null: the profile is off
  double operations_ = 0;
  std::chrono::steady_clock::time_point start_;
  double inner_ = 0;  // seconds of the spans within
  Span* outer_ = nullptr;
};

}  // namespace quire
