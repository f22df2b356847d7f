#include "quire/base/openmp.h"

#include <cstdlib>

namespace quire {

void shorten_openmp_waiting() {
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) ::setenv("GOMP_SPINCOUNT", "1000", 0);
}

}  // namespace quire
