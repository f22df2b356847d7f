#include "quire/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <system_error>
#include <vector>

#include "quire/base/closed_pipe.h"
#include "quire/base/context.h"

namespace quire {

Error::Error(const std::string& message, std::string hint)
    : std::runtime_error(message), hint_(std::move(hint)) {}

Interrupted::Interrupted(int signal, const std::string& message) : Error(message), signal_(signal) {}

void throw_system_error(int code, std::string_view action, std::string_view path) {
  const std::string reason = std::generic_category().message(code);
  const std::string message = fmt::format("cannot {} '{}': {}", action, path, reason);
  switch (code) {
    case ENOENT:
      throw InputError(message, "check the path");
    case EACCES:
    case EPERM:
    case EISDIR:
    case ENOTDIR:
    case EROFS:
      throw InputError(message);
    case EPIPE:
      throw ClosedPipe(message);
    case ENOSPC:
    case EDQUOT:
      throw Error(message, "free some space; nothing that was there before has changed");
    default:
      throw Error(message);
  }
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substitute, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

void Context::check_stop() const {
  if (const int signal = stop_requested(); signal != 0) {
    throw Interrupted(signal, fmt::format("stopped by signal {}", signal));
  }
}

}  // namespace quire
