// libtorch's own errors carry a stack trace, which helps nobody here.
#pragma once

#include <string>

#include "nn/aten.h"
#include "quire/base/error.h"

namespace quire {

template <typename Work>
auto without_stack_traces(Work work) {
  try {
    return work();
  } catch (const c10::OutOfMemoryError& error) {
    throw Error(error.what_without_backtrace(), "try a smaller --batch-size or --max-length");
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    throw Error(message, message.find("allocate memory") == std::string::npos
                             ? ""
                             : "try a smaller --batch-size or --max-length");
  }
}

}  // namespace quire
