// Errors of the library: what went wrong in a sentence, and what to try.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace quire {

// Base of everything the library throws on purpose. `what()` is the message alone; the hint
// says what to try and may be empty. A plain Error means that the work failed (disk, memory).
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, std::string hint = {});
  [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

 private:
  std::string hint_;
};

// The user's input or options are at fault.
class InputError : public Error {
 public:
  using Error::Error;
};

// Work was stopped by a signal, after saving what there was.
class Interrupted : public Error {
 public:
  explicit Interrupted(int signal, const std::string& message);
  [[nodiscard]] int signal() const noexcept { return signal_; }

 private:
  int signal_;
};

// Error from a failed system call: "cannot ACTION 'PATH': strerror(code)". ENOENT, EACCES,
// EISDIR and ENOTDIR are the user's (InputError); a full disk and the like are not (Error).
[[noreturn]] void throw_system_error(int code, std::string_view action, std::string_view path);

// The name in `known` that is closest to `word` (Levenshtein distance of at most a third of
// its length, rounded, at least 1), or an empty string.
template <typename Names>
[[nodiscard]] std::string nearest_name(std::string_view word, const Names& known);

[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

template <typename Names>
std::string nearest_name(std::string_view word, const Names& known) {
  std::size_t best = word.size() < 5 ? 1 : (word.size() + 1) / 3;
  std::string found;
  for (const auto& name : known) {
    const std::size_t distance = edit_distance(word, name);
    if (distance < best || (distance == best && found.empty())) {
      best = distance;
      found = name;
    }
  }
  return found;
}

}  // namespace quire
