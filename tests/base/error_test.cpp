#include "quire/base/error.h"
#include "quire/base/closed_pipe.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "quire/base/context.h"

namespace quire {
namespace {

const std::vector<std::string> known_options = {"epochs", "learning-rate", "max-length", "label"};

TEST(Error, CarriesAMessageAndAHint) {
  const InputError error("no such column 'labl'", "did you mean 'label'?");
  EXPECT_STREQ(error.what(), "no such column 'labl'");
  EXPECT_EQ(error.hint(), "did you mean 'label'?");
}

TEST(Error, TellsTheUsersFaultsFromTheSystems) {
  for (const int code : {ENOENT, EACCES, EISDIR, ENOTDIR, EROFS}) {
    EXPECT_THROW(throw_system_error(code, "open", "train.tsv"), InputError) << code;
  }
  for (const int code : {ENOSPC, EDQUOT, EIO, EFBIG, ENOMEM}) {
    try {
      throw_system_error(code, "write", "out.tsv");
    } catch (const InputError&) {
      ADD_FAILURE() << code << " is not the user's fault";
    } catch (const Error& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with("cannot write 'out.tsv': ")) << error.what();
    }
  }
}

TEST(Error, TellsAReaderThatHasGone) { EXPECT_THROW(throw_system_error(EPIPE, "write", "-"), ClosedPipe); }

TEST(NearestName, FindsATypingError) {
  EXPECT_EQ(nearest_name("lerning-rate", known_options), "learning-rate");
  EXPECT_EQ(nearest_name("epoch", known_options), "epochs");
  EXPECT_EQ(nearest_name("max-lenght", known_options), "max-length");
}

TEST(NearestName, FindsNothingForAnotherWord) {
  EXPECT_EQ(nearest_name("temperature", known_options), "");
  EXPECT_EQ(nearest_name("x", known_options), "");
  EXPECT_EQ(nearest_name("", known_options), "");
}

TEST(EditDistance, IsLevenshteins) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("abc", "abc"), 0U);
  EXPECT_EQ(edit_distance("flaw", "lawn"), 2U);
}

TEST(Context, StopsOnlyWhenAskedTo) {
  Context context;
  EXPECT_NO_THROW(context.check_stop());
  StopSignal stop{0};
  context.stop = &stop;
  EXPECT_NO_THROW(context.check_stop());
  stop = 15;
  try {
    context.check_stop();
    ADD_FAILURE() << "went on";
  } catch (const Interrupted& interrupted) {
    EXPECT_EQ(interrupted.signal(), 15);
  }
}

}  // namespace
}  // namespace quire
