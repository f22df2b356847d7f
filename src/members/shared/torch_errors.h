// libtorch's own errors carry a stack trace, which helps nobody here, and its warnings go to standard
// error, where a library has no business.
#pragma once

#include <string>

#include "quire/base/error.h"
#include "quire/nn/aten.h"

namespace quire {

class DropWarnings : public c10::WarningHandler {
 public:
  void process(const c10::Warning& /*warning*/) override {}
};

template <typename Work>
auto without_stack_traces(Work work) {
  DropWarnings drop;
  const c10::WarningUtils::WarningHandlerGuard quiet(&drop);
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
