#include "output.h"

#include <cerrno>
#include <cstdio>

#include "quire/base/error.h"

namespace quire::app {

void write_output(std::string_view text) {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
    throw_system_error(errno, "write", "standard output");
}

void flush_output() {
  errno = 0;
  if (std::fflush(stdout) != 0) throw_system_error(errno, "write", "standard output");
  if (std::ferror(stdout) != 0) throw Error("cannot write 'standard output'");
}

}  // namespace quire::app
