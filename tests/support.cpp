#include "support.h"

namespace quire::test {

std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(QUIRE_TEST_DATA) / name;
}

std::filesystem::path shared(const std::string& name) { return std::filesystem::path(QUIRE_SHARED) / name; }

}  // namespace quire::test
