// What the bench programs share: DIRECTORY TEXTS and options that each have a value.
#pragma once

#include <fmt/format.h>

#include <exception>
#include <string_view>

#include "quire/base/error.h"

namespace quire::bench {

// Calls take(name, value) for each option that follows the two paths; false from it: there is none of that
// name. Throws InputError with `usage` for another shape.
template <typename Take>
void for_options(int argc, char** argv, const char* usage, Take take) {
  if (argc < 3 || argc % 2 == 0) throw InputError(usage);
  for (int i = 3; i < argc; i += 2) {
    if (!take(std::string_view(argv[i]), argv[i + 1]))
      throw InputError(fmt::format("there is no option '{}'", argv[i]));
  }
}

// Exit code of a program: what went wrong is printed.
template <typename Body>
int run_program(Body body) {
  try {
    body();
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
  return 0;
}

}  // namespace quire::bench
