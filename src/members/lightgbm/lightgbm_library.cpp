#include "members/lightgbm/lightgbm_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "quire/base/error.h"
#include "quire/base/json.h"
#include "quire/base/openmp.h"

namespace quire::lightgbm {
namespace {

// ---- The interface ------------------------------------------------------------------------------------

using Handle = void*;

enum DataType : int { kFloat32 = 0, kInt64 = 3 };     // C_API_DTYPE_*
constexpr int kPredictNormal = 0;                     // C_API_PREDICT_NORMAL
enum ImportanceType : int { kSplit = 0, kGain = 1 };  // C_API_FEATURE_IMPORTANCE_*

// Every function returns 0, or -1 with a message in last_error().
struct Api {
  const char* (*last_error)();
  int (*register_log)(void (*)(const char*));
  int (*parameter_aliases)(std::int64_t capacity, std::int64_t* size, char* json);

  int (*dataset_from_csr)(const void* begins, int begins_type, const std::int32_t* columns,
                          const void* values, int values_type, std::int64_t begins_count,
                          std::int64_t nonzeros, std::int64_t cols, const char* parameters, Handle reference,
                          Handle* out);
  int (*dataset_set_field)(Handle, const char* name, const void* values, int count, int type);
  int (*dataset_free)(Handle);

  int (*booster_create)(Handle train, const char* parameters, Handle* out);
  int (*booster_from_string)(const char* model, int* iterations, Handle* out);
  int (*booster_free)(Handle);
  int (*booster_add_valid)(Handle, Handle data);
  int (*booster_update)(Handle, int* finished);
  int (*booster_eval_counts)(Handle, int* count);
  int (*booster_eval_names)(Handle, int capacity, int* count, std::size_t length, std::size_t* needed,
                            char** names);
  int (*booster_eval)(Handle, int data, int* count, double* values);
  int (*booster_classes)(Handle, int* count);
  int (*booster_features)(Handle, int* count);
  int (*booster_save)(Handle, int start, int iterations, int importance, std::int64_t capacity,
                      std::int64_t* size, char* text);
  int (*booster_importance)(Handle, int iterations, int importance, double* values);
  int (*booster_predict_csr)(Handle, const void* begins, int begins_type, const std::int32_t* columns,
                             const void* values, int values_type, std::int64_t begins_count,
                             std::int64_t nonzeros, std::int64_t cols, int kind, int start, int iterations,
                             const char* parameters, std::int64_t* size, double* out);
};

constexpr const char* kFile = "lib_lightgbm.so";

template <typename Function>
void bind(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function != nullptr) return;
  throw Error(fmt::format("LightGBM's library has no function {}", name),
              "scripts/setup unpacks the version that quire is made for");
}

Api load() {
  shorten_openmp_waiting();
  // Found through this library's RUNPATH: its own folder, and in a build tree .deps/lightgbm.
  void* library = ::dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw Error(fmt::format("cannot load LightGBM's library: {}", ::dlerror()),
                fmt::format("run scripts/setup, or put {} beside libquire.so", kFile));
  }
  Api api{};
  bind(library, "LGBM_GetLastError", api.last_error);
  bind(library, "LGBM_RegisterLogCallback", api.register_log);
  bind(library, "LGBM_DumpParamAliases", api.parameter_aliases);
  bind(library, "LGBM_DatasetCreateFromCSR", api.dataset_from_csr);
  bind(library, "LGBM_DatasetSetField", api.dataset_set_field);
  bind(library, "LGBM_DatasetFree", api.dataset_free);
  bind(library, "LGBM_BoosterCreate", api.booster_create);
  bind(library, "LGBM_BoosterLoadModelFromString", api.booster_from_string);
  bind(library, "LGBM_BoosterFree", api.booster_free);
  bind(library, "LGBM_BoosterAddValidData", api.booster_add_valid);
  bind(library, "LGBM_BoosterUpdateOneIter", api.booster_update);
  bind(library, "LGBM_BoosterGetEvalCounts", api.booster_eval_counts);
  bind(library, "LGBM_BoosterGetEvalNames", api.booster_eval_names);
  bind(library, "LGBM_BoosterGetEval", api.booster_eval);
  bind(library, "LGBM_BoosterGetNumClasses", api.booster_classes);
  bind(library, "LGBM_BoosterGetNumFeature", api.booster_features);
  bind(library, "LGBM_BoosterSaveModelToString", api.booster_save);
  bind(library, "LGBM_BoosterFeatureImportance", api.booster_importance);
  bind(library, "LGBM_BoosterPredictForCSR", api.booster_predict_csr);
  return api;
}

const Api& api() {
  static const Api functions = load();
  return functions;
}

// What the library refuses is nearly always a parameter or a file, so the user's. (It also prints a line
// "[LightGBM] [Fatal]" to stderr before it returns, whatever log callback is registered.)
void check(int result) {
  if (result == 0) return;
  // "... at /its/build/folder/file.cpp, line 7 .": nobody's business here.
  const std::string_view message = api().last_error();
  throw InputError(fmt::format("LightGBM: {}", message.substr(0, message.find(" at /"))));
}

// ---- The log ------------------------------------------------------------------------------------------

// The library keeps its callback, which takes no context, by thread.
thread_local LogScope* current_scope = nullptr;

}  // namespace

void load_library() { (void)api(); }

std::map<std::string, std::vector<std::string>> known_parameters() {
  std::int64_t size = 0;
  check(api().parameter_aliases(0, &size, nullptr));
  std::string json(static_cast<std::size_t>(size), '\0');
  check(api().parameter_aliases(size, &size, json.data()));
  return parse_json(json.c_str(), "LightGBM's list of parameters")
      .get<std::map<std::string, std::vector<std::string>>>();
}

LogScope::LogScope(const Context& context) : context_(context), outer_(current_scope) {
  current_scope = this;
  check(api().register_log(&LogScope::receive));
}

LogScope::~LogScope() { current_scope = outer_; }

void LogScope::receive(const char* text) {
  if (current_scope == nullptr) return;
  std::string& partial = current_scope->partial_;
  partial += text;
  for (std::size_t end = 0; (end = partial.find('\n')) != std::string::npos; partial.erase(0, end + 1))
    current_scope->line(std::string_view(partial).substr(0, end));
}

// "[LightGBM] [Warning] text"
void LogScope::line(std::string_view text) {
  constexpr std::string_view kName = "[LightGBM] ";
  constexpr std::string_view kWarning = "[Warning] ";
  // How the growth of most trees ends.
  constexpr std::string_view kUsual = "No further splits with positive gain";
  if (text.starts_with(kName)) text.remove_prefix(kName.size());
  const bool is_warning = text.starts_with(kWarning);
  if (text.starts_with('[')) text.remove_prefix(std::min(text.size(), text.find(' ') + 1));
  if (text.empty() || text.starts_with(kUsual) || !seen_.insert(std::string(text)).second) return;
  const std::string message = fmt::format("LightGBM: {}", text);
  is_warning ? context_.warn(message) : context_.info(message);
}

// ---- Data ---------------------------------------------------------------------------------------------

Dataset::Dataset(const SparseMatrix& matrix, const std::string& parameters, const Dataset* reference) {
  check(api().dataset_from_csr(matrix.begins.data(), kInt64, matrix.columns.data(), matrix.values.data(),
                               kFloat32, static_cast<std::int64_t>(matrix.begins.size()), matrix.nonzeros(),
                               matrix.cols, parameters.c_str(),
                               reference == nullptr ? nullptr : reference->handle(), &handle_));
}

Dataset::~Dataset() { (void)api().dataset_free(handle_); }

void Dataset::set_labels(std::span<const float> labels) { set_field("label", labels); }
void Dataset::set_weights(std::span<const float> weights) { set_field("weight", weights); }

void Dataset::set_field(const char* name, std::span<const float> values) {
  check(api().dataset_set_field(handle_, name, values.data(), static_cast<int>(values.size()), kFloat32));
}

// ---- Models -------------------------------------------------------------------------------------------

Booster::Booster(const Dataset& train, const std::string& parameters) {
  check(api().booster_create(train.handle(), parameters.c_str(), &handle_));
}

Booster::Booster(const std::string& model) {
  int iterations = 0;
  check(api().booster_from_string(model.c_str(), &iterations, &handle_));
}

Booster::~Booster() {
  if (handle_ != nullptr) (void)api().booster_free(handle_);
}

Booster::Booster(Booster&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

Booster& Booster::operator=(Booster&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

void Booster::add_validation(const Dataset& data) { check(api().booster_add_valid(handle_, data.handle())); }

bool Booster::update() {
  int finished = 0;
  check(api().booster_update(handle_, &finished));
  return finished == 0;
}

std::vector<double> Booster::evaluate(int index) const {
  int count = 0;
  check(api().booster_eval_counts(handle_, &count));
  std::vector<double> values(static_cast<std::size_t>(count));
  check(api().booster_eval(handle_, index + 1, &count, values.data()));  // 0 is the training set
  return values;
}

std::vector<std::string> Booster::metric_names() const {
  int count = 0;
  check(api().booster_eval_counts(handle_, &count));
  constexpr std::size_t kLongest = 256;
  std::vector<std::vector<char>> buffers(static_cast<std::size_t>(count), std::vector<char>(kLongest));
  std::vector<char*> pointers;
  pointers.reserve(buffers.size());
  for (std::vector<char>& buffer : buffers) pointers.push_back(buffer.data());
  std::size_t needed = 0;
  check(api().booster_eval_names(handle_, count, &count, kLongest, &needed, pointers.data()));
  return {pointers.begin(), pointers.end()};
}

int Booster::classes() const {
  int count = 0;
  check(api().booster_classes(handle_, &count));
  return count;
}

int Booster::features() const {
  int count = 0;
  check(api().booster_features(handle_, &count));
  return count;
}

std::string Booster::to_text(int rounds) const {
  std::int64_t size = 0;
  check(api().booster_save(handle_, 0, rounds, kSplit, 0, &size, nullptr));
  std::string text(static_cast<std::size_t>(size), '\0');
  check(api().booster_save(handle_, 0, rounds, kSplit, size, &size, text.data()));
  text.resize(std::strlen(text.c_str()));
  return text;
}

std::vector<double> Booster::importances(Importance kind, int rounds) const {
  std::vector<double> values(static_cast<std::size_t>(features()));
  check(api().booster_importance(handle_, rounds, kind == Importance::gain ? kGain : kSplit, values.data()));
  return values;
}

std::vector<double> Booster::predict(const SparseMatrix& matrix, int threads) const {
  std::vector<double> values(static_cast<std::size_t>(matrix.rows * classes()));
  if (values.empty()) return values;
  auto size = static_cast<std::int64_t>(values.size());
  const std::string parameters = fmt::format("num_threads={}", threads);
  check(api().booster_predict_csr(
      handle_, matrix.begins.data(), kInt64, matrix.columns.data(), matrix.values.data(), kFloat32,
      static_cast<std::int64_t>(matrix.begins.size()), matrix.nonzeros(), matrix.cols, kPredictNormal, 0, 0,
      parameters.c_str(), &size, values.data()));
  return values;
}

}  // namespace quire::lightgbm
