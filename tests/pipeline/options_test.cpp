#include "quire/pipeline/options.h"

#include <set>

#include "quire/base/error.h"
#include "support.h"

namespace quire::test {
namespace {

TEST(Options, DefaultsAreInTheirRanges) {
  TrainOptions options;
  check_options(options);
  EXPECT_EQ(options.name, "encoder");
}

TEST(Options, NamesAreUnique) {
  TrainOptions options;
  std::set<std::string_view> names;
  for (const Option& option : option_table(options))
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
}

TEST(Options, OutOfRangeNamesTheOptionAndTheRange) {
  TrainOptions options;
  options.encoder.epochs = 0;
  EXPECT_ERROR(check_options(options), InputError, "--epochs is 0");
}

TEST(Options, UnknownChoiceNamesTheNearest) {
  TrainOptions options;
  options.encoder.head = "standart";
  try {
    check_options(options);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(error.hint().find("did you mean standard?"), std::string::npos) << error.hint();
  }
}

TEST(Options, ContradictionsAreRefused) {
  TrainOptions options;
  options.resume = options.force = true;
  EXPECT_ERROR(check_options(options), InputError, "--resume");
  TrainOptions windows;
  windows.encoder.window_stride = 400;
  EXPECT_ERROR(check_options(windows), InputError, "--window-stride 400");
  TrainOptions last;
  last.encoder.average_best = 2;
  last.encoder.select = "last";
  EXPECT_ERROR(check_options(last), InputError, "--average-best");
}

}  // namespace
}  // namespace quire::test
