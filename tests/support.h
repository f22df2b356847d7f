// Small helpers that tests share.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <string>

namespace quire::test {

// A directory that lives as long as the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "quire-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "cannot make " << name;
    path_ = name;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// Fixtures of the repository, "tests/NAME".
[[nodiscard]] std::filesystem::path fixture(const std::string& name);

// Real data beside a checkout; tests that use it skip where it is missing.
[[nodiscard]] std::filesystem::path shared(const std::string& name);

// Skips a test for want of `what`, one of the names that scripts/check-skips knows how to look for: it ends
// scripts/test with a failure when this machine has what the test said it lacks. `detail` is for people.
#define QUIRE_SKIP(what, detail) GTEST_SKIP() << "skipped for want of " << (what) << ": " << (detail)

// A parameterised test's name may hold letters, digits and '_' alone.
inline std::string test_name(std::string text) {
  for (char& c : text)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return text;
}

// Runs `statement`, expects an `Exception` whose message contains `part`.
#define EXPECT_ERROR(statement, Exception, part)                                        \
  try {                                                                                 \
    statement;                                                                          \
    ADD_FAILURE() << "no error from " #statement;                                       \
  } catch (const Exception& error) {                                                    \
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what(); \
  }

}  // namespace quire::test
