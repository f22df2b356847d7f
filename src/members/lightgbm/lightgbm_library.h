// LightGBM's library behind its C interface: loaded at run time, handles that free themselves, errors as
// exceptions.
//
// The library comes out of LightGBM's Python wheel, which holds no header; what is used of its interface
// (include/LightGBM/c_api.h there) is declared in lightgbm_library.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "quire/base/context.h"
#include "quire/terms/sparse.h"

namespace quire::lightgbm {

// Loads the library if it is not loaded yet. Throws Error where it is missing or of another kind.
void load_library();

// Every parameter the library knows, with its aliases.
[[nodiscard]] std::map<std::string, std::vector<std::string>> known_parameters();

// While one lives, what the library logs on this thread goes to the context: warnings as warnings, each
// once, and the rest as infos. Without one the library prints. Whatever is done, it also prints the
// message of an error to stderr before the error gets here.
class LogScope {
 public:
  explicit LogScope(const Context& context);
  ~LogScope();
  LogScope(const LogScope&) = delete;
  LogScope& operator=(const LogScope&) = delete;

 private:
  static void receive(const char* text);
  void line(std::string_view text);

  const Context& context_;
  LogScope* outer_;
  std::string partial_;  // a message arrives in pieces
  std::set<std::string> seen_;
};

// Rows in the library's own binned form; the matrix is not needed any more.
class Dataset {
 public:
  // `parameters` are "name=value", separated by spaces. A validation set takes its bins from `reference`.
  Dataset(const SparseMatrix& matrix, const std::string& parameters, const Dataset* reference = nullptr);
  ~Dataset();
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  void set_labels(std::span<const float> labels);
  void set_weights(std::span<const float> weights);
  [[nodiscard]] void* handle() const { return handle_; }

 private:
  void set_field(const char* name, std::span<const float> values);

  void* handle_ = nullptr;
};

enum class Importance { splits, gain };

// A model; predict() may be called from several threads at once.
class Booster {
 public:
  // Untrained. The data sets must outlive it.
  Booster(const Dataset& train, const std::string& parameters);
  // From the text format.
  explicit Booster(const std::string& model);
  ~Booster();
  Booster(Booster&& other) noexcept;
  Booster& operator=(Booster&& other) noexcept;

  void add_validation(const Dataset& data);
  // One round: a tree for each class. False when no tree could be split any more.
  [[nodiscard]] bool update();
  // The metrics on validation set `index`, from 0.
  [[nodiscard]] std::vector<double> evaluate(int index) const;
  [[nodiscard]] std::vector<std::string> metric_names() const;

  [[nodiscard]] int classes() const;
  [[nodiscard]] int features() const;
  // Of the first `rounds` rounds; 0: all.
  [[nodiscard]] std::string to_text(int rounds) const;
  [[nodiscard]] std::vector<double> importances(Importance kind, int rounds) const;
  // Probabilities [rows, classes].
  [[nodiscard]] std::vector<double> predict(const SparseMatrix& matrix, int threads) const;

 private:
  void* handle_ = nullptr;
};

}  // namespace quire::lightgbm
