// Golden files of the module, and members made up for its properties.
#pragma once

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "quire/base/files.h"
#include "quire/base/matrix.h"
#include "quire/base/random.h"
#include "quire/ensemble/cross_fit.h"
#include "support.h"

namespace quire::test {

inline nlohmann::json ensemble_golden(const std::string& name) {
  return nlohmann::json::parse(read_file(fixture("golden/ensemble/" + name)));
}

inline Matrix matrix_from(const nlohmann::json& rows) {
  Matrix matrix(static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(rows.at(0).size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows[i].size(); ++j) {
      matrix.row(static_cast<std::int64_t>(i))[j] = static_cast<float>(rows[i][j].get<double>());
    }
  }
  return matrix;
}

inline Matrix matrix_from(std::int64_t rows, std::int64_t cols, std::vector<float> values) {
  Matrix matrix(rows, cols);
  matrix.values = std::move(values);
  return matrix;
}

inline void make_missing(Matrix& matrix, std::int64_t row) {
  for (float& value : matrix.row(row)) value = std::numeric_limits<float>::quiet_NaN();
}

// Out-of-fold matrices of members that are right the more often the larger their sureness.
struct Problem {
  std::vector<int> labels;
  std::vector<int> folds;
  std::vector<Matrix> matrices;
  std::vector<std::string> names;

  [[nodiscard]] std::vector<CrossFitted> fit(const std::vector<std::string>& methods,
                                             const CombineOptions& options = {},
                                             const Context& context = {}) const {
    return cross_fit(methods, matrices, names, labels, folds, options, context);
  }
};

inline Matrix member(const std::vector<int>& truth, int classes, float sureness, std::uint32_t seed) {
  Random random(seed, Purpose::test);
  Matrix matrix(static_cast<std::int64_t>(truth.size()), classes);
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    const auto row = matrix.row(i);
    float sum = 0;
    for (std::size_t k = 0; k < row.size(); ++k) {
      const bool is_truth = static_cast<int>(k) == truth[static_cast<std::size_t>(i)];
      row[k] = std::exp(random.normal() + (is_truth ? sureness : 0.0F));
      sum += row[k];
    }
    for (float& value : row) value /= sum;
  }
  return matrix;
}

inline Problem problem(int rows, int classes, const std::vector<float>& sureness, int folds = 5) {
  Problem made;
  Random random(7, Purpose::test, 1);
  for (int i = 0; i < rows; ++i) {
    made.labels.push_back(static_cast<int>(random.below(static_cast<std::uint32_t>(classes))));
    made.folds.push_back(i % folds);
  }
  for (std::size_t m = 0; m < sureness.size(); ++m) {
    made.matrices.push_back(member(made.labels, classes, sureness[m], static_cast<std::uint32_t>(100 + m)));
    made.names.push_back("m" + std::to_string(m));
  }
  return made;
}

inline std::vector<std::string> all_methods() {
  std::vector<std::string> names;
  for (const auto& method : combination_methods()) names.emplace_back(method.name);
  return names;
}

}  // namespace quire::test
