// What writing to a pipe ends in when its reader has gone.
#pragma once

#include "quire/base/error.h"

namespace quire {

// Nobody reads any more what was being written, as after `| head -1`: no fault, and nothing to say.
class ClosedPipe : public Error {
 public:
  using Error::Error;
};

}  // namespace quire
