#include "quire/ensemble/combination.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "ensemble/combine_rows.h"
#include "ensemble/voices.h"
#include "quire/base/error.h"
#include "quire/ensemble/temperature.h"

namespace quire {
namespace {

// Members' logarithms take twice the memory of their matrices, so rows are combined some at a time.
constexpr std::int64_t kRowsAtATime = 4096;

std::int64_t common_rows(const Combination& combination, std::span<const Matrix> matrices) {
  if (matrices.size() != combination.weights.size()) {
    throw Error(fmt::format("{} matrices were given to a combination of {} members", matrices.size(),
                            combination.weights.size()));
  }
  std::int64_t rows = 0;
  for (const Matrix& matrix : matrices) rows = std::max(rows, matrix.rows);
  for (std::size_t m = 0; m < matrices.size(); ++m) {
    const Matrix& matrix = matrices[m];
    if (matrix.rows == 0) continue;
    if (matrix.rows != rows || matrix.cols != combination.classes) {
      throw Error(fmt::format("the matrix of member '{}' is {} x {}; {} x {} was expected",
                              combination.members[m], matrix.rows, matrix.cols, rows, combination.classes));
    }
  }
  return rows;
}

}  // namespace

Matrix Combination::combine(std::span<const Matrix> matrices, const Context& context) const {
  const std::int64_t rows = common_rows(*this, matrices);
  Matrix out(rows, classes);
  ensemble::Voices tuned;
  for (std::int64_t begin = 0; begin < rows; begin += kRowsAtATime) {
    context.check_stop();
    const std::int64_t end = std::min(begin + kRowsAtATime, rows);
    tune(ensemble::listen(matrices, begin, end, classes, context.threads), member_temperatures, tuned,
         context.threads);
    std::vector<std::int64_t> block(static_cast<std::size_t>(end - begin));
    std::iota(block.begin(), block.end(), 0);
    Matrix part(end - begin, classes);
    combine_tuned(*this, tuned, block, part, context.threads);
    std::ranges::copy(part.values, out.values.begin() + begin * classes);
  }
  apply_temperature(out, temperature);
  return out;
}

bool Combination::uses(std::size_t member) const {
  if (rule != Rule::stack) return weights[member] > 0;
  const auto count = static_cast<std::size_t>(classes);
  return std::any_of(scales.begin() + static_cast<std::ptrdiff_t>(member * count),
                     scales.begin() + static_cast<std::ptrdiff_t>((member + 1) * count),
                     [](double scale) { return scale != 0; });
}

Combination plain_mean(std::int64_t classes, std::span<const std::string> members) {
  Combination combination;
  combination.method = "mean";
  combination.classes = classes;
  combination.members.assign(members.begin(), members.end());
  combination.member_temperatures.assign(members.size(), 1);
  combination.weights.assign(members.size(), 1 / static_cast<double>(members.size()));
  return combination;
}

}  // namespace quire
