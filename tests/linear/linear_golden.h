// What scikit-learn made of small problems: tests/golden/make_linear_golden.py.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "quire/base/files.h"
#include "quire/base/matrix.h"
#include "quire/terms/sparse.h"
#include "support.h"

namespace quire::test {

inline Matrix matrix_of(const nlohmann::json& rows) {
  Matrix matrix(static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(rows.at(0).size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows[i].size(); ++j) {
      matrix.row(static_cast<std::int64_t>(i))[j] = rows[i][j].get<float>();
    }
  }
  return matrix;
}

inline SparseMatrix sparse_of(const Matrix& dense) {
  SparseMatrix sparse;
  sparse.rows = dense.rows;
  sparse.cols = dense.cols;
  for (std::int64_t i = 0; i < dense.rows; ++i) {
    const auto row = dense.row(i);
    for (std::size_t j = 0; j < row.size(); ++j) {
      if (row[j] == 0) continue;
      sparse.columns.push_back(static_cast<std::int32_t>(j));
      sparse.values.push_back(row[j]);
    }
    sparse.begins.push_back(static_cast<std::int64_t>(sparse.columns.size()));
  }
  return sparse;
}

struct LinearCase {
  std::string name;
  Matrix features;
  std::vector<int> labels;
  int classes = 0;
  std::vector<float> class_weights;  // none in cases.json
  nlohmann::json logistic, svm;      // a solution for each C
};

inline std::vector<LinearCase> linear_cases(const std::string& name = "cases.json") {
  std::vector<LinearCase> cases;
  const auto file = nlohmann::json::parse(read_file(fixture("golden/linear/" + name)));
  for (const auto& item : file.at("cases")) {
    LinearCase one;
    one.name = item.at("name").get<std::string>();
    one.features = matrix_of(item.at("features"));
    one.labels = item.at("labels").get<std::vector<int>>();
    for (const int label : one.labels) one.classes = std::max(one.classes, label + 1);
    one.class_weights = item.value("class_weights", std::vector<float>{});
    one.logistic = item.at("logistic");
    one.svm = item.at("svm");
    cases.push_back(std::move(one));
  }
  return cases;
}

}  // namespace quire::test
