#include "quire/train/objective.h"

#include <fmt/format.h>

#include <stdexcept>

namespace quire::train {

double Score::operator[](std::string_view name) const {
  for (const Value& one : values) {
    if (one.name == name) return one.value;
  }
  throw std::out_of_range(fmt::format("no '{}' was measured", name));
}

}  // namespace quire::train
